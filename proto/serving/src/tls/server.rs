//! The server's side: whose certificates it shows, whose it accepts.

use super::{Identity, TlsError, facts, provider, roots};
use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};
use std::fmt;
use std::sync::Arc;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Whether a certificate with this serial number (see [`super::serial_hex`]) may come in. Called within the
/// handshake, so it must only look something up.
pub type AllowSerial = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which client certificates a port wants.
#[derive(Clone)]
pub struct ClientRule {
    /// The authorities that may have issued it, as PEM.
    pub ca_pem: String,
    /// The allow-list.
    pub allow: AllowSerial,
    /// Whether a client without a certificate is turned away. If not, handlers must look for it.
    pub required: bool,
}

impl fmt::Debug for ClientRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientRule").field("required", &self.required).finish_non_exhaustive()
    }
}

/// TLS of one port. Clones share the certificate, so replacing it in one replaces it in all.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

impl ServerTls {
    /// For nodes: TLS 1.3 only, HTTP/2 only, client certificates, no resumption (a resumed session would show no
    /// certificate, and so pass the allow-list for ever).
    ///
    /// # Errors
    /// [`TlsError`] if the rule's authorities cannot be read.
    pub fn for_nodes(identity: &Identity, rule: ClientRule) -> Result<Self, TlsError> {
        let verifier = WebPkiClientVerifier::builder_with_provider(roots(&rule.ca_pem)?, provider());
        let verifier = if rule.required { verifier } else { verifier.allow_unauthenticated() };
        let inner = verifier.build().map_err(|error| Error::General(error.to_string()))?;
        let verifier = Arc::new(AllowListed { inner, allow: rule.allow });
        let shown = Shown::new(identity);
        let mut config = builder(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), shown })
    }

    /// For people: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, no client certificates (a browser would ask for one).
    ///
    /// # Errors
    /// [`TlsError`] if the provider is broken.
    pub fn for_people(identity: &Identity) -> Result<Self, TlsError> {
        let shown = Shown::new(identity);
        let mut config = builder(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), shown })
    }

    /// Shows another certificate from the next handshake on. Open connections keep theirs.
    pub fn replace(&self, identity: &Identity) {
        self.shown.current.store(identity.certified_key());
    }

    /// The configuration, as an acceptor wants it.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

fn builder(
    versions: &[&'static SupportedProtocolVersion],
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
    Ok(ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions)?)
}

/// The certificate being shown.
struct Shown {
    current: ArcSwap<CertifiedKey>,
}

impl Shown {
    fn new(identity: &Identity) -> Arc<Self> {
        Arc::new(Self { current: ArcSwap::new(identity.certified_key()) })
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// Chain and validity as usual, and then the allow-list.
struct AllowListed {
    inner: Arc<dyn ClientCertVerifier>,
    allow: AllowSerial,
}

impl fmt::Debug for AllowListed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AllowListed").finish_non_exhaustive()
    }
}

impl ClientCertVerifier for AllowListed {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        let (_, certificate) = X509Certificate::from_der(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        if (self.allow)(&facts::serial_hex(certificate.raw_serial())) {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(CertificateError::Revoked))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
