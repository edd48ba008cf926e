//! The alliance's own certificate authority.
//!
//! Its root is made at the hub's first start and pinned by every invite. A node keeps its private key to itself: it
//! sends a certificate request, of which only the public key is used, once the request proves that the node owns it.

use std::{fmt, fs, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SerialNumber, SubjectPublicKeyInfo,
};
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    clock::World,
    id::{AllianceId, MemberId},
};
use shouwang_serving::tls::{Identity, TlsError, serial_hex};
use x509_parser::{
    certification_request::X509CertificationRequest, pem::parse_x509_pem, prelude::FromDer as _,
};

/// The name in the hub's certificate, whatever address it is reached by.
pub const HUB_NAME: &str = "hub.shouwang";

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The root outlives everything below it by far.
const ROOT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3_652);
/// Of the hub's own certificate.
const HUB_LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Of a node's certificate.
const NODE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Certificates begin this long before they are made, for clocks that go slow.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);
/// Longest certificate request, in bytes.
pub const REQUEST_BYTES: usize = 4 * 1_024;

/// Why the authority cannot work.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its files cannot be used; the message says what to do.
    #[error(transparent)]
    Keys(#[from] TlsError),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The root's file cannot be read.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The root's file holds something else.
    #[error("{0} holds no root certificate of an alliance")]
    NoRoot(String),
}

/// What is wrong with a certificate request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestProblem {
    /// Too long.
    #[error("is longer than 4 KiB （超过 4 KiB）")]
    TooLong,
    /// Not PKCS#10.
    #[error("is no PKCS#10 certificate request in DER （不是 DER 格式的 PKCS#10 证书请求）")]
    NotARequest,
    /// The signature is not by the key in it.
    #[error("is not signed by the key it names （签名与公钥不符）")]
    NotProven,
    /// Another kind of key.
    #[error("must hold an ECDSA key on the curve P-256 （须为 P-256 椭圆曲线公钥）")]
    WrongKey,
}

/// A checked certificate request: a public key whose owner signed the request. Everything else in it is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    public_key: SubjectPublicKeyInfo,
}

impl CertificateRequest {
    /// Reads and checks a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(der: &[u8]) -> Result<Self, RequestProblem> {
        if der.len() > REQUEST_BYTES {
            return Err(RequestProblem::TooLong);
        }
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|_| RequestProblem::NotARequest)?;
        if !rest.is_empty() {
            return Err(RequestProblem::NotARequest);
        }
        let public_key = SubjectPublicKeyInfo::from_der(request.certification_request_info.subject_pki.raw)
            .map_err(|_| RequestProblem::WrongKey)?;
        if public_key.algorithm() != &PKCS_ECDSA_P256_SHA256 {
            return Err(RequestProblem::WrongKey);
        }
        request.verify_signature().map_err(|_| RequestProblem::NotProven)?;
        Ok(Self { public_key })
    }

    /// The public key, as DER of a SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.public_key.subject_public_key_info()
    }
}

/// A certificate as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// Serial number as allow-lists hold it.
    pub serial: String,
    /// The certificate and the root, PEM.
    pub chain_pem: String,
    /// When it ends.
    pub not_after: Timestamp,
}

/// The authority: the root certificate and its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root_pem: String,
    fingerprint: String,
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authority").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes a new root and writes it with its key to `file` (0600).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn found(file: &Path, alliance: &AllianceId, world: &World) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params(&format!("{alliance} alliance root"), world.random(), world.now(), ROOT_LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_pem = params.self_signed(&key)?.pem();
        Identity::from_pem(&root_pem, &key.serialize_pem())?.save(file)?;
        Self::of(root_pem, key, file)
    }

    /// Reads the root and its key.
    ///
    /// # Errors
    /// When the file is missing, damaged or open to others.
    pub fn load(file: &Path) -> Result<Self, AuthorityError> {
        // Checks the file's mode, and that key and certificate belong together.
        Identity::load(file)?;
        let text = fs::read_to_string(file)
            .map_err(|source| AuthorityError::File { path: file.display().to_string(), source })?;
        let no_root = || AuthorityError::NoRoot(file.display().to_string());
        let end = "-----END CERTIFICATE-----";
        let (certificate, rest) = text.split_once(end).ok_or_else(no_root)?;
        Self::of(format!("{certificate}{end}\n"), KeyPair::from_pem(rest.trim())?, file)
    }

    fn of(root_pem: String, key: KeyPair, file: &Path) -> Result<Self, AuthorityError> {
        let no_root = |_| AuthorityError::NoRoot(file.display().to_string());
        let (_, root) = parse_x509_pem(root_pem.as_bytes()).map_err(no_root)?;
        let fingerprint = hex::encode(Sha256::digest(&root.contents));
        Ok(Self { issuer: Issuer::from_ca_cert_pem(&root_pem, key)?, root_pem, fingerprint })
    }

    /// The root certificate, PEM.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// SHA-256 of the root certificate's DER, hexadecimal: what an invite pins.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// A new key and certificate for the hub itself, 90 days. Nodes and the command line know it by one name everywhere;
    /// browsers by the names and addresses in `also`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn issue_hub(&self, also: &[String], world: &World) -> Result<Identity, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params(HUB_NAME, world.random(), world.now(), HUB_LIFE);
        params.subject_alt_names = vec![rcgen::SanType::DnsName(HUB_NAME.try_into()?)];
        for name in also {
            params.subject_alt_names.push(match name.parse() {
                Ok(address) => rcgen::SanType::IpAddress(address),
                Err(_) => rcgen::SanType::DnsName(name.as_str().try_into()?),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = format!("{}{}", certificate.pem(), self.root_pem);
        Ok(Identity::from_pem(&chain, &key.serialize_pem())?)
    }

    /// A certificate for a member's node, 30 days.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn issue_node(
        &self,
        member: &MemberId,
        request: &CertificateRequest,
        serial: [u8; 16],
        now: Timestamp,
    ) -> Result<IssuedCertificate, AuthorityError> {
        let mut params = params(member.as_str(), serial, now, NODE_LIFE);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(IssuedCertificate {
            serial: serial_hex(&positive(serial)),
            chain_pem: format!("{}{}", certificate.pem(), self.root_pem),
            not_after: later(now, NODE_LIFE),
        })
    }
}

fn params(name: &str, serial: [u8; 16], now: Timestamp, life: SignedDuration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(&positive(serial)));
    let seconds = |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0));
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + seconds(later(now, -CLOCK_SKEW));
    params.not_after = epoch + seconds(later(now, life));
    params
}

/// A serial is a positive number of full length (RFC 5280, 4.1.2.2).
fn positive(mut serial: [u8; 16]) -> [u8; 16] {
    serial[0] = (serial[0] & 0x7f) | 0x40;
    serial
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(now)
}

/// True when a certificate that ends then should be renewed: a third of the life given is left.
#[must_use]
pub fn hub_renewal_due(not_after: Timestamp, now: Timestamp) -> bool {
    not_after.duration_since(now) <= DAY * 30
}

#[cfg(test)]
mod tests {
    use shouwang_serving::tls::CertificateFacts;
    use x509_parser::prelude::X509Certificate;

    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        world: World,
        authority: Authority,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let world = World::system();
        let alliance = "chenghu-park".parse().unwrap();
        let authority = Authority::found(&folder.path().join("authority.pem"), &alliance, &world).unwrap();
        Bench { folder, world, authority }
    }

    fn request_with(params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        params.serialize_request(key).unwrap().der().to_vec()
    }

    #[test]
    fn only_the_key_of_a_request_counts() {
        let Bench { world, authority, .. } = bench();
        let key = KeyPair::generate().unwrap();
        let mut greedy = CertificateParams::new(vec![HUB_NAME.to_owned()]).unwrap();
        greedy.distinguished_name.push(DnType::CommonName, "somebody-else");
        greedy.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        greedy.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let request = CertificateRequest::parse(&request_with(&greedy, &key)).unwrap();
        let member = "jinsuo-chem".parse().unwrap();
        let issued = authority.issue_node(&member, &request, world.random(), world.now()).unwrap();

        let (_, pem) = parse_x509_pem(issued.chain_pem.as_bytes()).unwrap();
        let (_, certificate) = X509Certificate::from_der(&pem.contents).unwrap();
        let facts = CertificateFacts::from_der(&pem.contents).unwrap();
        assert_eq!(facts.subject_common_name, "jinsuo-chem");
        assert_eq!(facts.serial_hex, issued.serial);
        assert_eq!(facts.not_after_ms / 1_000, issued.not_after.as_second());
        assert!(facts.not_before_ms < world.now().as_millisecond() - 3_000_000);
        assert!(certificate.subject_alternative_name().unwrap().is_none());
        assert!(!certificate.is_ca());
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.server_auth);
        assert_eq!(certificate.public_key().raw, key.subject_public_key_info());
    }

    #[test]
    fn bad_requests_say_what_is_wrong() {
        let key = KeyPair::generate().unwrap();
        let good = request_with(&CertificateParams::default(), &key);
        assert_eq!(CertificateRequest::parse(&[0; 5_000]), Err(RequestProblem::TooLong));
        assert_eq!(CertificateRequest::parse(b"hello"), Err(RequestProblem::NotARequest));
        let mut long = good.clone();
        long.push(0);
        assert_eq!(CertificateRequest::parse(&long), Err(RequestProblem::NotARequest));
        let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let other = request_with(&CertificateParams::default(), &ed25519);
        assert_eq!(CertificateRequest::parse(&other), Err(RequestProblem::WrongKey));
        // The subject is signed too: a changed letter is found.
        let mut forged = good;
        let place = forged.windows(5).position(|window| window == b"rcgen").unwrap();
        forged[place] = b'R';
        assert_eq!(CertificateRequest::parse(&forged), Err(RequestProblem::NotProven));
    }

    #[test]
    fn the_root_survives_a_restart_and_an_open_key_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let Bench { folder, authority, .. } = bench();
        let file = folder.path().join("authority.pem");
        let again = Authority::load(&file).unwrap();
        assert_eq!(again.root_pem(), authority.root_pem());
        assert_eq!(again.fingerprint(), authority.fingerprint());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = Authority::load(&file).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn the_hub_renews_with_a_third_left() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(!hub_renewal_due(later(now, DAY * 31), now));
        assert!(hub_renewal_due(later(now, DAY * 30), now));
        assert!(hub_renewal_due(later(now, -DAY), now));
    }
}
