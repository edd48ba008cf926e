//! The rule that chains entries, the same at the node that writes and the hub that copies.

use super::{
    Hash,
    entry::{EntryKind, Header},
};

/// A place in a log: the entry up to which everything is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Epoch, 0 before the first entry.
    pub epoch: u64,
    /// Sequence number, 0 before the first entry.
    pub seq: u64,
    /// Hash of the entry there, zeros before the first.
    pub hash: Hash,
}

/// Why an entry does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An entry is missing or comes twice.
    #[error("entry {found} came where {expected} was due")]
    Gap {
        /// The seq that was due.
        expected: u64,
        /// The seq that came.
        found: u64,
    },
    /// The entry is chained to another history.
    #[error("entry {seq} is chained to another history")]
    Forked {
        /// The entry.
        seq: u64,
    },
    /// The epoch fell, or rose without an EPOCH_BEGIN.
    #[error("entry {seq} has epoch {found} after {previous}")]
    Epoch {
        /// The entry.
        seq: u64,
        /// Epoch of the entry before.
        previous: u64,
        /// Epoch of the entry.
        found: u64,
    },
}

impl Position {
    /// The position after the entry with this header and hash.
    ///
    /// # Errors
    /// [`ChainError`] when the entry does not follow.
    pub fn follow(&self, header: &Header, hash: Hash) -> Result<Self, ChainError> {
        let expected = self.seq + 1;
        if header.seq != expected {
            return Err(ChainError::Gap { expected, found: header.seq });
        }
        if header.previous != self.hash {
            return Err(ChainError::Forked { seq: header.seq });
        }
        let epoch_fits = match header.kind {
            EntryKind::EpochBegin => header.epoch > self.epoch,
            EntryKind::Put | EntryKind::Withdraw | EntryKind::Redact | EntryKind::Key => {
                header.epoch == self.epoch.max(1)
            }
        };
        if !epoch_fits {
            return Err(ChainError::Epoch { seq: header.seq, previous: self.epoch, found: header.epoch });
        }
        Ok(Self { epoch: header.epoch, seq: header.seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        id::RecordId,
        log::{
            entry::{Collection, entry_hash},
            key::KeyId,
        },
    };

    fn entry(kind: EntryKind, epoch: u64, seq: u64, previous: Hash) -> (Header, Hash) {
        let header = Header {
            alliance: "park".parse().unwrap(),
            member: "north".parse().unwrap(),
            epoch,
            seq,
            previous,
            kind,
            collection: Collection::Publication,
            record: RecordId::nil(),
            revision: 1,
            audience: BTreeSet::new(),
            schema_version: 1,
            payload_len: 0,
            payload_hash: Hash::ZERO,
            key: KeyId([0; 8]),
            written_ms: 0,
        };
        let hash = entry_hash(&header.encode());
        (header, hash)
    }

    #[test]
    fn a_log_follows_itself_and_nothing_else() {
        let start = Position::default();
        let (first, first_hash) = entry(EntryKind::Put, 1, 1, Hash::ZERO);
        let one = start.follow(&first, first_hash).unwrap();
        let (second, second_hash) = entry(EntryKind::Withdraw, 1, 2, first_hash);
        let two = one.follow(&second, second_hash).unwrap();
        assert_eq!((two.epoch, two.seq, two.hash), (1, 2, second_hash));

        assert_eq!(start.follow(&second, second_hash), Err(ChainError::Gap { expected: 1, found: 2 }));
        assert_eq!(two.follow(&second, second_hash), Err(ChainError::Gap { expected: 3, found: 2 }));
        let (fork, fork_hash) = entry(EntryKind::Put, 1, 2, Hash([1; 32]));
        assert_eq!(one.follow(&fork, fork_hash), Err(ChainError::Forked { seq: 2 }));
    }

    #[test]
    fn epochs_rise_only_by_an_epoch_begin() {
        let (first, first_hash) = entry(EntryKind::Put, 1, 1, Hash::ZERO);
        let one = Position::default().follow(&first, first_hash).unwrap();
        let (silent, hash) = entry(EntryKind::Put, 2, 2, first_hash);
        assert_eq!(one.follow(&silent, hash), Err(ChainError::Epoch { seq: 2, previous: 1, found: 2 }));
        let (begin, hash) = entry(EntryKind::EpochBegin, 2, 2, first_hash);
        let two = one.follow(&begin, hash).unwrap();
        assert_eq!(two.epoch, 2);
        let (old, old_hash) = entry(EntryKind::Put, 1, 3, hash);
        assert_eq!(two.follow(&old, old_hash), Err(ChainError::Epoch { seq: 3, previous: 2, found: 1 }));
    }
}
