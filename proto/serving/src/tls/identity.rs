//! A certificate chain with its key, in memory and in a file that only its user can read.

use super::{CertificateFacts, TlsError, provider};
use crate::durable::{beside, remove_if_there, sync_folder_of};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A certificate chain with its key. Cheap to clone; `Debug` shows no key.
#[derive(Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    facts: Arc<CertificateFacts>,
    pem: Arc<Zeroizing<String>>,
}

impl Identity {
    /// Reads a chain (own certificate first) and its key.
    ///
    /// # Errors
    /// [`TlsError`] if one of them is missing or they do not belong together.
    pub fn from_pem(chain_pem: &str, key_pem: &str) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect();
        let chain = chain.map_err(|_| TlsError::Pem("certificate"))?;
        let Some(own) = chain.first() else { return Err(TlsError::Pem("certificate")) };
        let facts = CertificateFacts::from_der(own)?;
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| TlsError::Pem("key"))?;
        let key = CertifiedKey::from_der(chain, key, &provider())?;
        // One text with both, whatever came in; reading it as chain or as key skips the other part.
        let pem = if chain_pem == key_pem { chain_pem.to_owned() } else { format!("{chain_pem}\n{key_pem}") };
        Ok(Self { key: Arc::new(key), facts: Arc::new(facts), pem: Arc::new(Zeroizing::new(pem)) })
    }

    /// Reads a file with chain and key.
    ///
    /// # Errors
    /// [`TlsError::OpenKey`] if others can read it, and all of [`Identity::from_pem`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TlsError> {
        let pem = read_secret(path.as_ref())?;
        Self::from_pem(&pem, &pem)
    }

    /// Reads chain and key from two files, as certificate tools write them; only the key must be private.
    ///
    /// # Errors
    /// As [`Identity::load`].
    pub fn load_pair(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let chain = fs::read_to_string(&chain).map_err(at(chain.as_ref()))?;
        Self::from_pem(&chain, &read_secret(key.as_ref())?)
    }

    /// Writes chain and key into one file of mode 0600, durably and in one step: whoever loads it sees the old pair
    /// or the new one, never a mixture.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TlsError> {
        let path = path.as_ref();
        let part = beside(path, ".part");
        let written = write_secret(&part, &self.pem).and_then(|()| fs::rename(&part, path).map_err(at(path)));
        if written.is_err() {
            drop(fs::remove_file(&part));
        }
        written?;
        sync_folder_of(path).map_err(at(path))
    }

    /// What its certificate says.
    #[must_use]
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// The chain as DER, own certificate first.
    #[must_use]
    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        self.key.cert.iter().map(|certificate| certificate.to_vec()).collect()
    }

    /// Signs a message with the certificate's key: ECDSA P-256 with SHA-256, as DER. The message carries its own tag, so
    /// that it can be taken for nothing else.
    ///
    /// # Errors
    /// [`TlsError::Rustls`] when the key is of another kind.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TlsError> {
        let other = || rustls::Error::General("the key is no ECDSA P-256 key".to_owned());
        let scheme = rustls::SignatureScheme::ECDSA_NISTP256_SHA256;
        let signer = self.key.key.choose_scheme(&[scheme]).ok_or_else(other)?;
        Ok(signer.sign(message)?)
    }

    pub(super) fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// Writes a file of mode 0600, durably.
fn write_secret(path: &Path, text: &str) -> Result<(), TlsError> {
    // Made anew, so that its mode is ours and no link leads elsewhere.
    remove_if_there(path).map_err(at(path))?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at(path))
}

/// Reads a file that nobody but its owner may touch.
fn read_secret(path: &Path) -> Result<Zeroizing<String>, TlsError> {
    let file = File::open(path).map_err(at(path))?;
    let mode = file.metadata().map_err(at(path))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(TlsError::OpenKey { path: path.to_owned(), mode });
    }
    std::io::read_to_string(file).map(Zeroizing::new).map_err(at(path))
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::File { path: path.clone(), source }
}
