//! Which head of a node was checked last. Pure.
//!
//! Every heartbeat carries the head of the node's log with its signature. A quiet node says the same head again, every few
//! seconds, and checking a signature costs more than the rest of the heartbeat: of 10,000 quiet nodes a good part of a
//! processor. What was checked in this session is not checked again, as long as its key is one of the member's.

use shouwang_proto::log::{Hash, head::Head, key::LogPublicKey};

/// The newest head of a session that a key of the member has signed.
#[derive(Debug, Default)]
pub(super) struct Believed {
    last: Option<Checked>,
}

#[derive(Debug, PartialEq, Eq)]
struct Checked {
    head: Hash,
    signature: Vec<u8>,
    key: LogPublicKey,
}

impl Believed {
    /// True when one of these keys has signed the head.
    pub(super) fn check<'a>(
        &mut self,
        head: &Head,
        signature: &[u8],
        keys: impl Iterator<Item = &'a LogPublicKey> + Clone,
    ) -> bool {
        let hash = head.hash();
        if let Some(Checked { head, signature: known, key }) = &self.last
            && (head, known.as_slice()) == (&hash, signature)
            && keys.clone().any(|now| now == key)
        {
            return true;
        }
        let mut keys = keys;
        let signer = keys.find(|key| head.verifies(key, signature));
        self.last = signer.map(|key| Checked { head: hash, signature: signature.to_vec(), key: *key });
        self.last.is_some()
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::log::{Hash, chain::Position, key::LogKey};

    use super::*;

    fn head(live_count: u64) -> Head {
        Head {
            alliance: "park".parse().unwrap(),
            member: "north".parse().unwrap(),
            position: Position::default(),
            live_count,
            state_digest: Hash::ZERO,
        }
    }

    #[test]
    fn a_head_is_believed_again_only_as_it_was_and_only_while_its_key_stands() {
        let (key, other) = (LogKey::from_secret([1; 32]), LogKey::from_secret([2; 32]));
        let keys = [other.public(), key.public()];
        let signature = head(7).sign(&key);
        let mut believed = Believed::default();
        assert!(!believed.check(&head(8), &signature, keys.iter()), "signed for another head");
        assert!(believed.last.is_none());
        for _ in 0..2 {
            assert!(believed.check(&head(7), &signature, keys.iter()));
        }
        assert!(!believed.check(&head(8), &signature, keys.iter()), "an old signature under a new head");
        assert!(believed.check(&head(7), &signature, keys.iter()));
        assert!(!believed.check(&head(7), &[0; 64], keys.iter()), "another signature");
        assert!(believed.check(&head(7), &signature, keys.iter()));
        assert!(!believed.check(&head(7), &signature, keys[..1].iter()), "its key was taken away");
        assert!(believed.last.is_none());
    }
}
