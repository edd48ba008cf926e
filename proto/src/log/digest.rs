//! The digest of what is live: equal at node and hub exactly when both hold the same records in the same revisions.
//!
//! Each live record is hashed to an element; the elements of a bucket (by the last byte of the record id) are added
//! modulo 2²⁵⁶, and the digest is the hash over the 256 sums and the count. Adding makes an update cost the same however
//! many records there are, where hashing a sorted list would cost all of them; the order of arrival cannot matter. The
//! sum (AdHash, Bellare and Micciancio 1997) is not collision-free against somebody who may choose records freely, which
//! is no loss here: node and hub compare honest copies, and what a node says is bound by its signed chain.

use super::{
    Hash,
    entry::{Collection, EntryKind, Header},
    tagged,
};
use crate::id::RecordId;

/// Number of buckets.
pub const BUCKETS: usize = 256;
/// Length of the stored form in bytes.
pub const STORED_LEN: usize = 8 + BUCKETS * 32;

/// One live record, as the digest sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its collection.
    pub collection: Collection,
    /// Its id.
    pub record: RecordId,
    /// Its revision.
    pub revision: u64,
    /// Hash of the entry that put it.
    pub entry: Hash,
}

impl Live {
    /// The record that a PUT entry leaves; `None` for other kinds.
    #[must_use]
    pub fn of_put(header: &Header, entry: Hash) -> Option<Self> {
        (header.kind == EntryKind::Put).then_some(Self {
            collection: header.collection,
            record: header.record,
            revision: header.revision,
            entry,
        })
    }

    fn bucket(&self) -> usize {
        usize::from(self.record.as_bytes()[15])
    }

    fn element(&self) -> [u64; 4] {
        let hash = tagged(
            "shouwang live v1",
            &[&[self.collection.code()], self.record.as_bytes(), &self.revision.to_be_bytes(), &self.entry.0],
        );
        limbs(&hash.0)
    }
}

/// Little-endian limbs of 32 big-endian bytes.
fn limbs(bytes: &[u8]) -> [u64; 4] {
    let mut out = [0; 4];
    for (limb, chunk) in out.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte));
    }
    out
}

/// The running digest of a live set.
#[derive(Clone, PartialEq, Eq)]
pub struct StateDigest {
    count: u64,
    sums: Box<[[u64; 4]; BUCKETS]>,
}

impl Default for StateDigest {
    fn default() -> Self {
        Self { count: 0, sums: Box::new([[0; 4]; BUCKETS]) }
    }
}

impl std::fmt::Debug for StateDigest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "StateDigest({}, {:?})", self.count, self.root())
    }
}

impl StateDigest {
    /// Number of live records.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a record that was not live.
    pub fn insert(&mut self, live: &Live) {
        self.count += 1;
        let sum = &mut self.sums[live.bucket()];
        let mut carry = false;
        for (limb, add) in sum.iter_mut().zip(live.element()) {
            let (first, over_first) = limb.overflowing_add(add);
            let (second, over_second) = first.overflowing_add(u64::from(carry));
            (*limb, carry) = (second, over_first || over_second);
        }
    }

    /// Takes out a record that was live as given.
    pub fn remove(&mut self, live: &Live) {
        self.count = self.count.saturating_sub(1);
        let sum = &mut self.sums[live.bucket()];
        let mut borrow = false;
        for (limb, subtract) in sum.iter_mut().zip(live.element()) {
            let (first, under_first) = limb.overflowing_sub(subtract);
            let (second, under_second) = first.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (second, under_first || under_second);
        }
    }

    /// The digest.
    #[must_use]
    pub fn root(&self) -> Hash {
        tagged("shouwang state v1", &[&self.to_bytes()])
    }

    /// The buckets in which two digests differ.
    #[must_use]
    pub fn differing_buckets(&self, other: &Self) -> Vec<u8> {
        (0_u8..=u8::MAX)
            .filter(|bucket| self.sums[usize::from(*bucket)] != other.sums[usize::from(*bucket)])
            .collect()
    }

    /// The stored form, [`STORED_LEN`] bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(STORED_LEN);
        out.extend(self.count.to_be_bytes());
        for limb in self.sums.iter().flatten() {
            out.extend(limb.to_be_bytes());
        }
        out
    }

    /// Reads the stored form; `None` when the length is wrong.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != STORED_LEN {
            return None;
        }
        let mut words = bytes
            .chunks_exact(8)
            .map(|chunk| chunk.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)));
        let mut digest = Self { count: words.next()?, ..Self::default() };
        for limb in digest.sums.iter_mut().flatten() {
            *limb = words.next()?;
        }
        Some(digest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn live(seed: u8, revision: u64) -> Live {
        Live {
            collection: Collection::Publication,
            record: RecordId::from_bytes([seed; 16]),
            revision,
            entry: tagged("test", &[&[seed], &revision.to_be_bytes()]),
        }
    }

    proptest! {
        #[test]
        fn order_and_detours_do_not_matter(seeds in proptest::collection::vec(any::<u8>(), 1..40)) {
            let mut forward = StateDigest::default();
            let mut backward = StateDigest::default();
            for (revision, seed) in seeds.iter().enumerate() {
                forward.insert(&live(*seed, revision as u64));
            }
            for (revision, seed) in seeds.iter().enumerate().rev() {
                backward.insert(&live(*seed, 999));
                backward.insert(&live(*seed, revision as u64));
                backward.remove(&live(*seed, 999));
            }
            prop_assert_eq!(&forward, &backward);
            prop_assert_eq!(forward.root(), backward.root());
            prop_assert_eq!(StateDigest::from_bytes(&forward.to_bytes()), Some(forward));
        }
    }

    #[test]
    fn one_old_revision_changes_the_digest_and_names_its_bucket() {
        let mut ours = StateDigest::default();
        let mut theirs = StateDigest::default();
        ours.insert(&live(7, 2));
        theirs.insert(&live(7, 1));
        assert_ne!(ours.root(), theirs.root());
        assert_eq!(ours.differing_buckets(&theirs), vec![7]);
    }
}
