//! What a request knows about the connection it came over. Look in the request's extensions.

use crate::tls::{CertificateFacts, TlsError};
use std::net::SocketAddr;
use std::sync::Arc;

/// The other end's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// The certificate the other end showed and proved to own. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The certificate as it came.
    pub der: Arc<[u8]>,
    /// Serial number: lower-case hex without leading zero bytes, as [`crate::tls::serial_hex`] writes it.
    pub serial_hex: Arc<str>,
    /// Common name of the subject; empty if there is none.
    pub subject_common_name: Arc<str>,
    /// Last moment of its validity, in ms since 1970. The handshake looked at it once; close long streams then.
    pub not_after_ms: i64,
}

impl PeerCertificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`TlsError::Certificate`] if it is none.
    pub fn from_der(der: &[u8]) -> Result<Self, TlsError> {
        let CertificateFacts { serial_hex, subject_common_name, not_after_ms, .. } =
            CertificateFacts::from_der(der)?;
        Ok(Self {
            der: der.into(),
            serial_hex: serial_hex.into(),
            subject_common_name: subject_common_name.into(),
            not_after_ms,
        })
    }
}
