//! Certificates for tests.

use super::{Identity, TlsError};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SerialNumber, date_time_ymd,
};

/// An authority that lives as long as a test.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a certificate says, for tests that care.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Common name of the subject.
    pub common_name: String,
    /// DNS names.
    pub names: Vec<String>,
    /// Serial number.
    pub serial: Vec<u8>,
    /// Last year of its validity.
    pub last_year: i32,
    /// For servers, or else for clients.
    pub server: bool,
}

impl Authority {
    /// A new authority with a key of its own.
    ///
    /// # Panics
    /// If the certificate cannot be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let made = KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key));
        match made {
            Ok(issuer) => Self { issuer },
            Err(error) => panic!("no authority: {error}"),
        }
    }

    /// Its certificate, for those who trust it.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server with a DNS name such as `hub.shouwang`.
    ///
    /// # Panics
    /// If the certificate cannot be made.
    #[must_use]
    pub fn server(&self, name: &str) -> Identity {
        self.issue(Wish {
            common_name: name.to_owned(),
            names: vec![name.to_owned()],
            serial: vec![1],
            last_year: 2500,
            server: true,
        })
    }

    /// A client with a common name and a serial number.
    ///
    /// # Panics
    /// If the certificate cannot be made.
    #[must_use]
    pub fn client(&self, common_name: &str, serial: u64) -> Identity {
        self.issue(Wish {
            common_name: common_name.to_owned(),
            names: Vec::new(),
            serial: serial.to_be_bytes().to_vec(),
            last_year: 2500,
            server: false,
        })
    }

    /// Exactly this certificate.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn issue(&self, wish: Wish) -> Identity {
        match self.try_issue(wish) {
            Ok(identity) => identity,
            Err(error) => panic!("no certificate: {error}"),
        }
    }

    fn try_issue(&self, wish: Wish) -> Result<Identity, TlsError> {
        let failed = |error: rcgen::Error| TlsError::Certificate(error.to_string());
        let mut params = CertificateParams::new(wish.names).map_err(failed)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, wish.common_name);
        params.serial_number = Some(SerialNumber::from(wish.serial));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(wish.last_year, 12, 31);
        params.extended_key_usages = vec![if wish.server {
            ExtendedKeyUsagePurpose::ServerAuth
        } else {
            ExtendedKeyUsagePurpose::ClientAuth
        }];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        // With the authority, as the hub shows it to those who know only its fingerprint.
        let chain = certificate.pem() + &self.issuer.pem();
        Identity::from_pem(&chain, &key.serialize_pem())
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authority").finish_non_exhaustive()
    }
}
