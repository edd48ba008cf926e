//! A certificate authority for tests.

use std::time::Duration;

use prost::Message as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
    SigningKey as _,
};
use sha2::{Digest as _, Sha256};
use shouwang_proto::{clock::World, wire};
use shouwang_serving::tls::Identity;

use crate::hub_link::HUB_NAME;

pub(crate) struct TrialAuthority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) root_pem: String,
    pub(crate) fingerprint: String,
}

/// Valid from a day ago for `days` from now.
fn params(name: &str, days: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = Duration::from_millis(u64::try_from(World::system().now().as_millisecond()).unwrap());
    let day = Duration::from_secs(86_400);
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + (now - day);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + (now + day * u32::try_from(days).unwrap());
    params
}

impl TrialAuthority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut root = params("trial root", 300);
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = root.self_signed(&key).unwrap();
        let fingerprint = hex::encode(Sha256::digest(certificate.der()));
        Self { root_pem: certificate.pem(), fingerprint, issuer: Issuer::new(root, key) }
    }

    /// The hub's certificate, with the root behind it.
    pub(crate) fn hub(&self) -> Identity {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut leaf = params(HUB_NAME, 90);
        leaf.subject_alt_names = vec![SanType::DnsName(HUB_NAME.try_into().unwrap())];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let pem = leaf.signed_by(&key, &self.issuer).unwrap().pem();
        Identity::from_pem(&format!("{pem}{}", self.root_pem), &key.serialize_pem()).unwrap()
    }

    /// An offline pack, signed by a hub of this authority with this name.
    pub(crate) fn signed_pack(&self, pack: &wire::OfflinePack, name: &str) -> wire::SignedOfflinePack {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut leaf = params(name, 90);
        leaf.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = leaf.signed_by(&key, &self.issuer).unwrap();
        let pack = pack.encode_to_vec();
        let signature = key.sign(&crate::inbox::pack::signed_message(&pack)).unwrap();
        wire::SignedOfflinePack { pack, certificates: vec![leaf.der().to_vec()], signature }
    }

    /// A node's certificate, with the root behind it.
    pub(crate) fn node(&self, request: &[u8], days: u64) -> String {
        let mut asked = CertificateSigningRequestParams::from_der(&request.into()).unwrap();
        let mut leaf = params("north", days);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        asked.params = leaf;
        format!("{}{}", asked.signed_by(&self.issuer).unwrap().pem(), self.root_pem)
    }
}
