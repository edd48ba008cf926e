//! Messages that a server of ours signed with the key of its certificate, to be believed later and elsewhere.

use super::{TlsError, provider, roots};
use rustls::SignatureScheme;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Checks that `chain` (DER, leaf first) ends in an authority in `ca_pem`, that its leaf is a server's of this name and
/// was valid at `at` (since 1970), and that the leaf's key made `signature` (ECDSA P-256 with SHA-256, DER) over
/// `message`.
///
/// # Errors
/// [`TlsError`], which says what is wrong.
pub fn check_signed(
    ca_pem: &str,
    server_name: &str,
    chain: &[Vec<u8>],
    at: Duration,
    message: &[u8],
    signature: &[u8],
) -> Result<(), TlsError> {
    let name = ServerName::try_from(server_name.to_owned())
        .map_err(|_| TlsError::Certificate("this is no server's name".to_owned()))?;
    let chain: Vec<CertificateDer<'_>> =
        chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let Some((leaf, others)) = chain.split_first() else {
        return Err(TlsError::Certificate("no certificate came with the signature".to_owned()));
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(ca_pem)?, provider())
        .build()
        .map_err(|error| TlsError::Certificate(error.to_string()))?;
    verifier.verify_server_cert(leaf, others, &name, &[], UnixTime::since_unix_epoch(at))?;
    check_signature(leaf, message, signature)
}

fn check_signature(leaf: &[u8], message: &[u8], signature: &[u8]) -> Result<(), TlsError> {
    let (_, certificate) =
        X509Certificate::from_der(leaf).map_err(|error| TlsError::Certificate(error.to_string()))?;
    let key = &certificate.public_key().subject_public_key.data;
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms.mapping.iter();
    let mut known = algorithms.filter(|(scheme, _)| *scheme == SignatureScheme::ECDSA_NISTP256_SHA256);
    // The first one of a scheme is the one of TLS 1.3, which binds the curve. A key of another kind or curve has another
    // length or shape, and it refuses it.
    let algorithm = known.next().and_then(|(_, algorithms)| algorithms.first());
    let algorithm = algorithm.ok_or_else(|| TlsError::Certificate("P-256 is not supported".to_owned()))?;
    algorithm
        .verify_signature(key, message, signature)
        .map_err(|_| TlsError::Certificate("the signature is not of this key and message".to_owned()))
}
