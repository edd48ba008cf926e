//! One entry: a canonical header, a signature over its hash, and a payload that the header names by hash only.
//!
//! Header layout, version 1, integers big-endian:
//!
//! | bytes | field |
//! |---|---|
//! | 1 | version, 1 |
//! | 1 + n | alliance id: length, ASCII |
//! | 1 + n | member id: length, ASCII |
//! | 8 | epoch |
//! | 8 | seq |
//! | 32 | hash of the previous entry, zeros before the first |
//! | 1 | kind |
//! | 1 | collection |
//! | 16 | record id, zeros when the entry concerns no record |
//! | 8 | revision of the record |
//! | 1 + Σ(1 + n) | audience: count, then each group, ascending: length, ASCII |
//! | 2 | schema version of the payload |
//! | 4 | payload length |
//! | 32 | payload hash |
//! | 8 | key id |
//! | 8 | time in milliseconds since 1970, for information only |
//!
//! Nothing may follow. A header that decodes encodes to the same bytes.

use std::collections::BTreeSet;

use super::{Hash, key::KeyId, tagged};
use crate::id::{AllianceId, GroupId, MemberId, RecordId};

/// Largest payload in bytes.
pub const PAYLOAD_LIMIT: usize = 256 * 1024;
/// Largest number of entries in a batch.
pub const BATCH_ENTRIES: usize = 200;
/// Largest batch in bytes, headers, signatures and payloads together.
pub const BATCH_BYTES: usize = 2 * 1024 * 1024;
/// Largest number of groups in an audience.
pub const AUDIENCE_LIMIT: usize = 16;
/// Version of the header layout.
const VERSION: u8 = 1;

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Adds or replaces a record.
    Put,
    /// Takes a record back.
    Withdraw,
    /// Takes a record back and orders the destruction of all its payloads.
    Redact,
    /// Names the next log key (payload: 32 bytes), signed with the present one.
    Key,
    /// Begins a new epoch after a restore.
    EpochBegin,
}

impl EntryKind {
    /// The byte in the header.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Put => 1,
            Self::Withdraw => 2,
            Self::Redact => 3,
            Self::Key => 4,
            Self::EpochBegin => 5,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Put, Self::Withdraw, Self::Redact, Self::Key, Self::EpochBegin]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// What kind of record an entry concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// None: the entry is about the log itself.
    Log,
    /// A practice, course or mutual-aid resource.
    Publication,
}

impl Collection {
    /// The byte in the header.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Log => 0,
            Self::Publication => 1,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Log, Self::Publication].into_iter().find(|collection| collection.code() == code)
    }
}

/// Why bytes are not an entry of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The header ends early, goes on too long, or holds a value that is not allowed there.
    #[error("the header is malformed at `{0}`")]
    Malformed(&'static str),
    /// The payload is not the one that the header names.
    #[error("the payload does not match the header")]
    PayloadMismatch,
}

/// The decoded header. Which entry is meant, what it does, and what it is chained to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The alliance.
    pub alliance: AllianceId,
    /// The member whose log it is.
    pub member: MemberId,
    /// Rises when a restored node goes on.
    pub epoch: u64,
    /// Position in the log, from 1, without gaps, across epochs.
    pub seq: u64,
    /// Hash of the entry before.
    pub previous: Hash,
    /// What it does.
    pub kind: EntryKind,
    /// What it concerns.
    pub collection: Collection,
    /// Which record.
    pub record: RecordId,
    /// Which revision of the record, from 1.
    pub revision: u64,
    /// Who may see it.
    pub audience: BTreeSet<GroupId>,
    /// Version of the payload's schema; 1.
    pub schema_version: u16,
    /// Length of the payload in bytes.
    pub payload_len: u32,
    /// Hash of the payload; see [`payload_hash`].
    pub payload_hash: Hash,
    /// Key that signed.
    pub key: KeyId,
    /// When it was written by the node's clock; for information only.
    pub written_ms: i64,
}

/// Hash of a payload as headers carry it.
#[must_use]
pub fn payload_hash(payload: &[u8]) -> Hash {
    tagged("shouwang payload v1", &[payload])
}

/// Hash of an entry: what the next entry chains to and what is signed.
#[must_use]
pub fn entry_hash(header: &[u8]) -> Hash {
    tagged("shouwang entry v1", &[header])
}

impl Header {
    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(VERSION);
        put_text(&mut out, self.alliance.as_str());
        put_text(&mut out, self.member.as_str());
        out.extend(self.epoch.to_be_bytes());
        out.extend(self.seq.to_be_bytes());
        out.extend(self.previous.0);
        out.push(self.kind.code());
        out.push(self.collection.code());
        out.extend(self.record.as_bytes());
        out.extend(self.revision.to_be_bytes());
        out.push(u8::try_from(self.audience.len()).unwrap_or(u8::MAX));
        for group in &self.audience {
            put_text(&mut out, group.as_str());
        }
        out.extend(self.schema_version.to_be_bytes());
        out.extend(self.payload_len.to_be_bytes());
        out.extend(self.payload_hash.0);
        out.extend(self.key.0);
        out.extend(self.written_ms.to_be_bytes());
        out
    }

    /// Decodes canonical bytes.
    ///
    /// # Errors
    /// [`EntryError::Malformed`] with the first field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut input = Input(bytes);
        if input.byte("version")? != VERSION {
            return Err(EntryError::Malformed("version"));
        }
        let header = Self {
            alliance: input.text("alliance")?.parse().map_err(|_| EntryError::Malformed("alliance"))?,
            member: input.text("member")?.parse().map_err(|_| EntryError::Malformed("member"))?,
            epoch: u64::from_be_bytes(input.array("epoch")?),
            seq: u64::from_be_bytes(input.array("seq")?),
            previous: Hash(input.array("previous")?),
            kind: EntryKind::from_code(input.byte("kind")?).ok_or(EntryError::Malformed("kind"))?,
            collection: Collection::from_code(input.byte("collection")?)
                .ok_or(EntryError::Malformed("collection"))?,
            record: RecordId::from_bytes(input.array("record")?),
            revision: u64::from_be_bytes(input.array("revision")?),
            audience: input.audience()?,
            schema_version: u16::from_be_bytes(input.array("schema_version")?),
            payload_len: u32::from_be_bytes(input.array("payload_len")?),
            payload_hash: Hash(input.array("payload_hash")?),
            key: KeyId(input.array("key")?),
            written_ms: i64::from_be_bytes(input.array("written_ms")?),
        };
        if !input.0.is_empty() {
            return Err(EntryError::Malformed("end"));
        }
        Ok(header)
    }

    /// Checks that the payload is the one this header names.
    ///
    /// # Errors
    /// [`EntryError::PayloadMismatch`].
    pub fn check_payload(&self, payload: &[u8]) -> Result<(), EntryError> {
        let same_length = usize::try_from(self.payload_len).is_ok_and(|length| length == payload.len());
        if same_length && payload_hash(payload) == self.payload_hash {
            Ok(())
        } else {
            Err(EntryError::PayloadMismatch)
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Ids are at most 40 bytes long by their own rule.
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.as_bytes());
}

/// What is still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], EntryError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(EntryError::Malformed(field))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], EntryError> {
        self.take(N, field)?.try_into().map_err(|_| EntryError::Malformed(field))
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, EntryError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    fn text(&mut self, field: &'static str) -> Result<&'a str, EntryError> {
        let length = usize::from(self.byte(field)?);
        std::str::from_utf8(self.take(length, field)?).map_err(|_| EntryError::Malformed(field))
    }

    fn audience(&mut self) -> Result<BTreeSet<GroupId>, EntryError> {
        const WRONG: EntryError = EntryError::Malformed("audience");
        let count = usize::from(self.byte("audience")?);
        if count > AUDIENCE_LIMIT {
            return Err(WRONG);
        }
        let mut audience = BTreeSet::new();
        for _ in 0..count {
            let group: GroupId = self.text("audience")?.parse().map_err(|_| WRONG)?;
            // Ascending and each once, so that there is one encoding only.
            if audience.last().is_some_and(|last| *last >= group) {
                return Err(WRONG);
            }
            audience.insert(group);
        }
        Ok(audience)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::log) fn header() -> Header {
        Header {
            alliance: "chenghu-park".parse().unwrap(),
            member: "hengrui-foundry".parse().unwrap(),
            epoch: 1,
            seq: 42,
            previous: Hash([9; 32]),
            kind: EntryKind::Put,
            collection: Collection::Publication,
            record: RecordId::from_bytes([3; 16]),
            revision: 2,
            audience: BTreeSet::from([GroupId::alliance(), GroupId::council()]),
            schema_version: 1,
            payload_len: 7,
            payload_hash: payload_hash(b"payload"),
            key: KeyId([5; 8]),
            written_ms: 1_790_000_000_000,
        }
    }

    #[test]
    fn the_layout_is_fixed() {
        // A change of these bytes would make every stored log unreadable.
        let bytes = header().encode();
        assert_eq!(bytes.len(), 176);
        assert_eq!(
            entry_hash(&bytes).to_string(),
            "9923166965d05703d96457ddd8438387a182fdc10c6a9a25894b9b14f82c4af9"
        );
    }

    #[test]
    fn headers_round_trip_and_payloads_are_checked() {
        let header = header();
        assert_eq!(Header::decode(&header.encode()), Ok(header.clone()));
        assert_eq!(header.check_payload(b"payload"), Ok(()));
        assert_eq!(header.check_payload(b"payloae"), Err(EntryError::PayloadMismatch));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(header) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }

        #[test]
        fn a_changed_header_never_passes_as_the_same(position in 0_usize..176, flip in 1_u8..=255) {
            let original = header().encode();
            let mut changed = original.clone();
            changed[position] ^= flip;
            prop_assert_ne!(entry_hash(&original), entry_hash(&changed));
            if let Ok(decoded) = Header::decode(&changed) {
                prop_assert_eq!(decoded.encode(), changed);
            }
        }
    }
}
