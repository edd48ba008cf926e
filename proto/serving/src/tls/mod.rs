//! Keys, certificates and TLS: rustls with one provider, certificates that are replaced while serving.

mod client;
mod facts;
mod identity;
mod pinned;
mod server;
mod signed;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "trial"))]
pub mod trial;

pub use client::ClientTls;
pub use facts::{CertificateFacts, serial_hex};
pub use identity::Identity;
pub use server::{AllowSerial, ClientRule, ServerTls};
pub use signed::check_signed;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a key or certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file with a key can be read by others.
    #[error("{path} holds a key and is open to others (mode {mode:o}); run: chmod 600 {path}", path = .path.display())]
    OpenKey {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not PEM, or not what was expected in it.
    #[error("no usable {0} in this PEM text")]
    Pem(&'static str),
    /// A certificate cannot be read.
    #[error("this certificate cannot be read: {0}")]
    Certificate(String),
    /// Key and certificate do not belong together, or the algorithm is not supported.
    #[error("key and certificate cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The certificates to trust, and nothing else: neither the system's nor the browsers' authorities.
fn roots(ca_pem: &str) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        roots.add(certificate.map_err(|_| TlsError::Pem("CA certificate"))?)?;
    }
    if roots.is_empty() { Err(TlsError::Pem("CA certificate")) } else { Ok(Arc::new(roots)) }
}
