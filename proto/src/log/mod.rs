//! The log of one node, byte for byte: entries ([`entry`]), kept with their original bytes
//! ([`sealed`]), the rule that chains them ([`chain`]), the digest of
//! what is live ([`digest`]), the signed head ([`head`]) and the keys ([`key`]). No I/O, no clock.

pub mod chain;
pub mod digest;
pub mod entry;
pub mod head;
pub mod key;
pub mod sealed;

use std::fmt;

/// SHA-256 of something in the log, 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// All zeros: stands before the first entry.
    pub const ZERO: Self = Self([0; 32]);

    /// From bytes of the wire or a store; `None` unless they are 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}…", hex::encode(&self.0[..6]))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

/// Hash of the parts one after another, behind a tag that says what is hashed.
fn tagged(tag: &str, parts: &[&[u8]]) -> Hash {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(tag.as_bytes());
    hasher.update([0]);
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}
