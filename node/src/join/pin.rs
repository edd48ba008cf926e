//! Fetches the alliance's root certificate from a hub that nobody vouches for yet, except the invite: it carries the
//! root's fingerprint, and a server whose chain does not end in that root is not talked to.

use std::{io, sync::Arc};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest as _, Sha256};
use shouwang_serving::dial::{DialProblem, Dialer};
use tokio_rustls::TlsConnector;

use crate::hub_link::HUB_NAME;

/// Accepts only a chain that ends in the root with this fingerprint, and is otherwise as strict as ever.
#[derive(Debug)]
struct PinnedRoot {
    fingerprint: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl PinnedRoot {
    fn is_root(&self, certificate: &CertificateDer<'_>) -> bool {
        let found: [u8; 32] = Sha256::digest(certificate.as_ref()).into();
        found == self.fingerprint
    }
}

impl ServerCertVerifier for PinnedRoot {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let root = intermediates.iter().find(|certificate| self.is_root(certificate)).ok_or_else(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(root.clone().into_owned())?;
        let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|_| unknown())?;
        strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The root certificate with this fingerprint, as DER, from the hub at `host:port`.
///
/// # Errors
/// When the hub cannot be reached, or is another one.
pub(super) async fn fetch_root(
    dialer: &Arc<dyn Dialer>,
    (host, port): (&str, u16),
    fingerprint: [u8; 32],
) -> anyhow::Result<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(PinnedRoot { fingerprint, provider: Arc::clone(&provider) });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let failed = |error: io::Error| match DialProblem::of(&error) {
        Some(problem) => anyhow::anyhow!("{problem}"),
        None => anyhow::anyhow!(error),
    };
    let stream = dialer.dial(host, port).await.map_err(failed)?;
    let name = ServerName::try_from(HUB_NAME)?;
    let tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(failed)?;
    let chain = tls.get_ref().1.peer_certificates().unwrap_or_default();
    let root = chain.iter().find(|certificate| verifier.is_root(certificate));
    Ok(root.context("the hub did not send its root certificate")?.to_vec())
}

/// A certificate as PEM (RFC 7468: lines of 64 characters).
pub(super) fn certificate_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
