//! What is kept of a secret that a program made. Pure.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a token's, a session's or an invite's secret: all that is kept of it.
///
/// The secrets are 128 bits or more of randomness, so a plain hash is enough: there is nothing to guess.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// The hash of a secret as it is written.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(…)")
    }
}
