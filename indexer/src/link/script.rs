//! Logs written by hand, for tests.

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

/// The member whose logs are written here.
pub(crate) fn member() -> MemberId {
    "north".parse().unwrap()
}

/// A record by number.
pub(crate) fn record(number: u64) -> RecordId {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

/// A practice with this title, for these groups.
pub(crate) fn practice(title: &str, audience: &[&str]) -> wire::Publication {
    wire::Publication {
        title: title.to_owned(),
        body: "正文".to_owned(),
        audience: audience.iter().map(|group| (*group).to_owned()).collect(),
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    }
}

/// The payload of a PUT.
pub(crate) fn payload(publication: wire::Publication) -> Bytes {
    wire::RecordPayload { salt: vec![9; 16], publication: Some(publication) }.encode_to_vec().into()
}

/// One member's log in the making.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) alliance: AllianceId,
    pub(crate) member: MemberId,
    pub(crate) key: LogKey,
    pub(crate) entries: Vec<SealedEntry>,
    pub(crate) digest: StateDigest,
    live: Vec<Live>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::of(member(), LogKey::from_secret([1; 32]))
    }

    pub(crate) fn of(member: MemberId, key: LogKey) -> Self {
        Self {
            alliance: "park".parse().unwrap(),
            member,
            key,
            entries: Vec::new(),
            digest: StateDigest::default(),
            live: Vec::new(),
        }
    }

    /// Where the log stood after this many entries.
    pub(crate) fn position(&self, seq: u64) -> Position {
        let Some(index) = seq.checked_sub(1) else { return Position::default() };
        let entry = &self.entries[usize::try_from(index).unwrap()];
        Position { epoch: entry.header().epoch, seq, hash: entry.hash() }
    }

    /// Where the log stands.
    pub(crate) fn end(&self) -> Position {
        self.position(self.entries.len() as u64)
    }

    /// The head, signed.
    pub(crate) fn head(&self) -> (Head, [u8; 64]) {
        let head = Head {
            alliance: self.alliance.clone(),
            member: self.member.clone(),
            position: self.end(),
            live_count: self.digest.count(),
            state_digest: self.digest.root(),
        };
        let signature = head.sign(&self.key);
        (head, signature)
    }

    fn next(&self, kind: EntryKind, record: RecordId) -> Header {
        let end = self.end();
        let revision = self
            .entries
            .iter()
            .map(SealedEntry::header)
            .filter(|header| header.record == record && header.kind == EntryKind::Put);
        Header {
            alliance: self.alliance.clone(),
            member: self.member.clone(),
            epoch: end.epoch.max(1),
            seq: end.seq + 1,
            previous: end.hash,
            kind,
            collection: Collection::Publication,
            record,
            revision: revision.count() as u64 + u64::from(kind == EntryKind::Put),
            audience: BTreeSet::from([GroupId::alliance()]),
            schema_version: 1,
            payload_len: 0,
            payload_hash: Hash::ZERO,
            key: KeyId([0; 8]),
            written_ms: 1_790_000_000_000,
        }
    }

    /// Appends an entry as the caller wants it.
    pub(crate) fn append(
        &mut self,
        kind: EntryKind,
        number: u64,
        payload: Bytes,
        change: impl FnOnce(&mut Header),
    ) {
        let mut header = self.next(kind, record(number));
        change(&mut header);
        let entry = SealedEntry::seal(header, payload, &self.key);
        let id = entry.header().record;
        if !matches!(kind, EntryKind::Key | EntryKind::EpochBegin)
            && let Some(index) = self.live.iter().position(|live| live.record == id)
        {
            self.digest.remove(&self.live.swap_remove(index));
        }
        if let Some(live) = Live::of_put(entry.header(), entry.hash()) {
            self.digest.insert(&live);
            self.live.push(live);
        }
        self.entries.push(entry);
    }

    pub(crate) fn put(&mut self, number: u64, title: &str) {
        self.append(EntryKind::Put, number, payload(practice(title, &["alliance"])), |_| {});
    }

    pub(crate) fn withdraw(&mut self, number: u64) {
        self.append(EntryKind::Withdraw, number, Bytes::new(), |_| {});
    }

    pub(crate) fn redact(&mut self, number: u64) {
        self.append(EntryKind::Redact, number, Bytes::new(), |_| {});
    }

    pub(crate) fn turn_key(&mut self, next: LogKey) {
        let public = Bytes::copy_from_slice(&next.public().to_bytes());
        self.append(EntryKind::Key, 0, public, |header| {
            header.collection = Collection::Log;
            header.record = RecordId::nil();
        });
        self.key = next;
    }

    pub(crate) fn begin_epoch(&mut self, epoch: u64) {
        self.append(EntryKind::EpochBegin, 0, Bytes::new(), |header| {
            header.collection = Collection::Log;
            header.record = RecordId::nil();
            header.epoch = epoch;
        });
    }
}
