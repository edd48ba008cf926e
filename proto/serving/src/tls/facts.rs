//! What a certificate says.

use super::TlsError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::net::IpAddr;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// The parts of a certificate that servers and people look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Serial number, as [`serial_hex`] writes it.
    pub serial_hex: String,
    /// Common name of the subject; empty if there is none.
    pub subject_common_name: String,
    /// Names and addresses that a client may know the server by.
    pub names: Vec<String>,
    /// First moment of its validity, in ms since 1970.
    pub not_before_ms: i64,
    /// Last moment of its validity, in ms since 1970.
    pub not_after_ms: i64,
}

impl CertificateFacts {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// [`TlsError::Certificate`] if it is none.
    pub fn from_der(der: &[u8]) -> Result<Self, TlsError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|error| TlsError::Certificate(error.to_string()))?;
        if !rest.is_empty() {
            return Err(TlsError::Certificate("something follows it".to_owned()));
        }
        let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        Ok(Self {
            serial_hex: serial_hex(certificate.raw_serial()),
            subject_common_name: name.unwrap_or_default().to_owned(),
            names: names(&certificate),
            not_before_ms: certificate.validity().not_before.timestamp().saturating_mul(1000),
            not_after_ms: certificate.validity().not_after.timestamp().saturating_mul(1000),
        })
    }

    /// Reads the first certificate in a PEM text.
    ///
    /// # Errors
    /// [`TlsError::Pem`] or [`TlsError::Certificate`].
    pub fn from_pem(pem: &str) -> Result<Self, TlsError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| TlsError::Pem("certificate"))?;
        Self::from_der(&der)
    }
}

/// The names and addresses in the subject's alternative names; others are not looked at.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| {
        if let GeneralName::DNSName(name) = name {
            Some((*name).to_owned())
        } else if let GeneralName::IPAddress(bytes) = name {
            address(bytes).map(|address| address.to_string())
        } else {
            None
        }
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// A serial number the way allow-lists hold it: lower-case hex without leading zero bytes. Encodings differ in those
/// (a positive number whose first bit is set gets one in front), so issuer and checker must both use this.
#[must_use]
pub fn serial_hex(bytes: &[u8]) -> String {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes[start..].iter().map(|byte| format!("{byte:02x}")).collect()
}
