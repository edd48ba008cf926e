//! The client's side: one authority to trust, and perhaps a certificate to show.

use super::pinned::Pinned;
use super::{Identity, TlsError, provider, roots};
use arc_swap::ArcSwapOption;
use rustls::client::WantsClientCert;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ConfigBuilder, SignatureScheme, WantsVerifier};
use std::fmt;
use std::sync::Arc;

/// TLS towards servers of ours. Clones share the certificate, so replacing it in one replaces it in all.
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    shown: Arc<Shown>,
}

impl ClientTls {
    /// Trusts the authorities in `ca_pem` and nobody else; shows `identity` to servers that ask. TLS 1.3, HTTP/2.
    ///
    /// # Errors
    /// [`TlsError`] if the authorities cannot be read.
    pub fn new(ca_pem: &str, identity: Option<&Identity>) -> Result<Self, TlsError> {
        Ok(Self::finish(builder()?.with_root_certificates(roots(ca_pem)?), identity))
    }

    /// Trusts the authority whose certificate (DER) has this SHA-256, if the server shows it beside its own: for the
    /// first call with an invite. Shows no certificate.
    ///
    /// # Errors
    /// [`TlsError`] if the provider is broken.
    pub fn pinned(ca_sha256: [u8; 32]) -> Result<Self, TlsError> {
        let verifier = Arc::new(Pinned::new(ca_sha256));
        Ok(Self::finish(builder()?.dangerous().with_custom_certificate_verifier(verifier), None))
    }

    fn finish(builder: ConfigBuilder<ClientConfig, WantsClientCert>, identity: Option<&Identity>) -> Self {
        let shown = Arc::new(Shown { current: ArcSwapOption::new(identity.map(Identity::certified_key)) });
        let mut config = builder.with_client_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesClientCert>);
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A new connection shall show the certificate we have now, not the one of an old session.
        config.resumption = Resumption::disabled();
        Self { config: Arc::new(config), shown }
    }

    /// Shows another certificate, or none, from the next handshake on.
    pub fn replace(&self, identity: Option<&Identity>) {
        self.shown.current.store(identity.map(Identity::certified_key));
    }

    /// The configuration, as a connector wants it.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsError> {
    Ok(ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&rustls::version::TLS13])?)
}

struct Shown {
    current: ArcSwapOption<CertifiedKey>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shown").field("any", &self.has_certs()).finish()
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.current.load_full()
    }

    fn has_certs(&self) -> bool {
        self.current.load().is_some()
    }
}
