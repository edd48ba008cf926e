//! The signed head: where a log stands and what is live in it.

use super::{
    Hash,
    chain::Position,
    key::{LogKey, LogPublicKey},
    tagged,
};
use crate::id::{AllianceId, MemberId};

/// Where a log stands and what is live in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The alliance.
    pub alliance: AllianceId,
    /// Whose log.
    pub member: MemberId,
    /// The newest entry.
    pub position: Position,
    /// Number of live records.
    pub live_count: u64,
    /// Root of the state digest.
    pub state_digest: Hash,
}

impl Head {
    /// What the node signs: SHA-256 of all of it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let Self { alliance, member, position: Position { epoch, seq, hash }, live_count, state_digest } =
            self;
        tagged(
            "shouwang head v1",
            &[
                alliance.as_str().as_bytes(),
                &[0],
                member.as_str().as_bytes(),
                &[0],
                &epoch.to_be_bytes(),
                &seq.to_be_bytes(),
                &hash.0,
                &live_count.to_be_bytes(),
                &state_digest.0,
            ],
        )
    }

    /// The node's signature over it.
    #[must_use]
    pub fn sign(&self, key: &LogKey) -> [u8; 64] {
        key.sign(&self.hash())
    }

    /// True when the signature is the key's.
    #[must_use]
    pub fn verifies(&self, key: &LogPublicKey, signature: &[u8]) -> bool {
        key.verifies(&self.hash(), signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_bound_to_all_it_says() {
        let key = LogKey::from_secret([1; 32]);
        let head = Head {
            alliance: "park".parse().unwrap(),
            member: "north".parse().unwrap(),
            position: Position { epoch: 1, seq: 5, hash: Hash([2; 32]) },
            live_count: 4,
            state_digest: Hash([3; 32]),
        };
        let signature = head.sign(&key);
        assert!(head.verifies(&key.public(), &signature));
        let others = [
            Head { member: "south".parse().unwrap(), ..head.clone() },
            Head { live_count: 5, ..head.clone() },
            Head { state_digest: Hash([4; 32]), ..head.clone() },
            Head { position: Position { seq: 6, ..head.position }, ..head.clone() },
        ];
        for other in others {
            assert!(!other.verifies(&key.public(), &signature), "{other:?}");
        }
        assert!(!head.verifies(&LogKey::from_secret([2; 32]).public(), &signature));
    }
}
