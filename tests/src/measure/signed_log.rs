//! Signed logs made by the thousand, for everything that takes a node's entries.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message as _;
use shouwang_proto::{
    id::{AllianceId, GroupId, MemberId, RecordId},
    log::{
        Hash,
        chain::Position,
        digest::{Live, StateDigest},
        entry::{Collection, EntryKind, Header},
        head::Head,
        key::{KeyId, LogKey},
        sealed::SealedEntry,
    },
    wire,
};

/// The time that all made entries carry, in ms since 1970.
const WRITTEN_MS: i64 = 1_790_000_000_000;

/// One member's log, growing.
#[derive(Clone, Debug)]
pub struct SignedLog {
    alliance: AllianceId,
    member: MemberId,
    key: LogKey,
    position: Position,
    digest: StateDigest,
}

impl SignedLog {
    /// An empty log.
    #[must_use]
    pub fn new(alliance: AllianceId, member: MemberId, key: LogKey) -> Self {
        Self { alliance, member, key, position: Position::default(), digest: StateDigest::default() }
    }

    /// Whose it is.
    #[must_use]
    pub fn member(&self) -> &MemberId {
        &self.member
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// Its newest entry.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Appends a new record for the whole alliance.
    pub fn put(&mut self, publication: wire::Publication) -> SealedEntry {
        let seq = self.position.seq + 1;
        let header = Header {
            alliance: self.alliance.clone(),
            member: self.member.clone(),
            epoch: self.position.epoch.max(1),
            seq,
            previous: self.position.hash,
            kind: EntryKind::Put,
            collection: Collection::Publication,
            record: record(seq),
            revision: 1,
            audience: BTreeSet::from([GroupId::alliance()]),
            schema_version: 1,
            payload_len: 0,
            payload_hash: Hash::ZERO,
            key: KeyId([0; 8]),
            written_ms: WRITTEN_MS,
        };
        let epoch = header.epoch;
        let publication = wire::Publication { audience: vec!["alliance".to_owned()], ..publication };
        let salt = [u8::try_from(seq % 251).unwrap_or_default(); 16].to_vec();
        let payload = wire::RecordPayload { salt, publication: Some(publication) }.encode_to_vec();
        let entry = SealedEntry::seal(header, Bytes::from(payload), &self.key);
        self.position = Position { epoch, seq, hash: entry.hash() };
        if let Some(live) = Live::of_put(entry.header(), entry.hash()) {
            self.digest.insert(&live);
        }
        entry
    }

    /// Its head, signed.
    #[must_use]
    pub fn head(&self) -> wire::LogHead {
        let head = Head {
            alliance: self.alliance.clone(),
            member: self.member.clone(),
            position: self.position,
            live_count: self.digest.count(),
            state_digest: self.digest.root(),
        };
        wire::LogHead {
            member_id: self.member.to_string(),
            epoch: self.position.epoch,
            seq: self.position.seq,
            entry_hash: self.position.hash.to_vec(),
            live_count: head.live_count,
            state_digest: head.state_digest.to_vec(),
            signature: head.sign(&self.key).to_vec(),
        }
    }
}

/// Record ids rise with the log, as real ones do: their first bytes are a time.
fn record(seq: u64) -> RecordId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&seq.to_be_bytes());
    bytes[8..].copy_from_slice(&seq.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    RecordId::from_bytes(bytes)
}

/// A publication padded with its own text until an entry of it has about `bytes` bytes on the wire.
#[must_use]
pub fn padded(publication: wire::Publication, bytes: usize) -> wire::Publication {
    /// Header, signature and salt, roughly.
    const AROUND: usize = 64 + 165 + 20;
    let wanted = bytes.saturating_sub(AROUND);
    let text = publication.body.clone();
    let mut publication = publication;
    for character in text.chars().cycle() {
        if publication.encoded_len() >= wanted || text.is_empty() {
            break;
        }
        publication.body.push(character);
    }
    publication
}

/// Entries in batches of `size`, as a sync link sends them.
#[must_use]
pub fn batches(entries: &[SealedEntry], size: usize) -> Vec<wire::SyncRequest> {
    entries
        .chunks(size)
        .map(|chunk| {
            let entries = chunk.iter().map(SealedEntry::to_wire).collect();
            let batch = wire::EntryBatch { entries, head: None };
            wire::SyncRequest { message: Some(wire::sync_request::Message::Batch(batch)) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use shouwang_proto::publication::Content;

    use super::*;
    use crate::corpus::Corpus;

    #[test]
    fn a_made_log_is_chained_signed_valid_and_of_the_size_wanted() {
        let corpus = Corpus::of_the_demo().unwrap();
        let key = LogKey::from_secret([3; 32]);
        let mut log = SignedLog::new("park".parse().unwrap(), "north".parse().unwrap(), key.clone());
        let mut position = Position::default();
        for number in 0..20 {
            let entry = log.put(padded(corpus.record(1, number), 2048));
            assert!(entry.verifies(&key.public()));
            assert!((2000..2100).contains(&entry.size()), "{}", entry.size());
            position = position.follow(entry.header(), entry.hash()).unwrap();
            let payload = wire::RecordPayload::decode(entry.payload().clone()).unwrap();
            Content::from_wire(payload.publication.unwrap()).unwrap();
        }
        assert_eq!(log.position(), position);
        assert_eq!(log.head().live_count, 20);
    }
}
