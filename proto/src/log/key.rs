//! Keys that sign logs. A log key is not the TLS key: it outlives certificates and proves who renews one.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{Hash, tagged};

/// Short name of a public key: the first 8 bytes of its tagged SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

/// A secret log key. It never shows its bytes when printed and wipes them when dropped.
#[derive(Clone)]
pub struct LogKey(SigningKey);

impl fmt::Debug for LogKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LogKey({:?})", self.public().id())
    }
}

impl LogKey {
    /// From 32 secret random bytes.
    #[must_use]
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&secret))
    }

    /// The secret bytes, for writing the key file.
    #[must_use]
    pub fn secret(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> LogPublicKey {
        LogPublicKey(self.0.verifying_key())
    }

    /// Signs a hash, which carries its own domain tag.
    #[must_use]
    pub fn sign(&self, hash: &Hash) -> [u8; 64] {
        self.0.sign(&hash.0).to_bytes()
    }
}

/// A public log key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LogPublicKey(VerifyingKey);

impl fmt::Debug for LogPublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LogPublicKey({:?})", self.id())
    }
}

impl LogPublicKey {
    /// From the 32 bytes of the wire or a store; `None` when they are no key, or a weak one.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Its short name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let hash = tagged("shouwang log key v1", &[self.0.as_bytes()]);
        let mut id = [0; 8];
        id.copy_from_slice(&hash.0[..8]);
        KeyId(id)
    }

    /// True when the signature over the hash is this key's, by the strict rules that leave one valid signature.
    #[must_use]
    pub fn verifies(&self, hash: &Hash, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(&hash.0, &signature).is_ok())
    }
}

/// What a node signs to join: binds its log key to the TLS key of its certificate request and to the invite.
#[must_use]
pub fn join_statement(token: &str, certificate_request: &[u8]) -> Hash {
    tagged("shouwang join v1", &[token.as_bytes(), &[0], certificate_request])
}

/// What a node signs to renew its certificate.
#[must_use]
pub fn renewal_statement(challenge: &[u8], certificate_request: &[u8]) -> Hash {
    let length = u64::try_from(challenge.len()).unwrap_or(u64::MAX).to_be_bytes();
    tagged("shouwang renewal v1", &[&length, challenge, certificate_request])
}
