//! The audit log: who did what, chained so that a change shows.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Something that was done. It is written in the transaction of its effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// When, for people.
    pub at: Timestamp,
    /// Who: a token with its label, an invite, or the hub itself.
    pub actor: String,
    /// What, such as `member.suspend`.
    pub action: &'static str,
    /// To what, such as `members/jinsuo-chem`.
    pub subject: String,
    /// How, without secrets.
    pub detail: serde_json::Value,
}

/// The hash of a row: over the hash before it, its number and everything it says.
#[must_use]
pub fn row_hash(
    previous: &[u8],
    number: u64,
    at_ms: i64,
    [actor, action, subject, detail]: [&str; 4],
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"shouwang audit v1\0");
    hasher.update(previous);
    hasher.update(number.to_be_bytes());
    hasher.update(at_ms.to_be_bytes());
    for text in [actor, action, subject, detail] {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}
