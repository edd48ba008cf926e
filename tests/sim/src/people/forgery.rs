//! What a broken or hostile node writes.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message as _;
use shouwang_proto::{
    id::{AllianceId, GroupId, MemberId, RecordId},
    log::{
        Hash,
        chain::Position,
        entry::{Collection, EntryKind, Header},
        key::{KeyId, LogKey},
        sealed::SealedEntry,
    },
    wire,
};

use super::paper;
use crate::{chance::Chance, ledger::Key};

/// The secret key of somebody else.
pub const FORGER: [u8; 32] = [9; 32];

/// Something that must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Signed by somebody else.
    WrongKey,
    /// An entry is missing.
    Gap,
    /// Chained to another history.
    OtherHistory,
    /// Another member's entry.
    Foreign,
    /// The epoch rises without a word.
    SilentEpoch,
    /// Another entry where the hub has one already.
    Rewritten,
    /// More than a batch may hold.
    TooLarge,
    /// No entry at all.
    Empty,
    /// More than the credit allows, in many good batches.
    Spendthrift,
}

impl Forgery {
    const ALL: [Self; 9] = [
        Self::WrongKey,
        Self::Gap,
        Self::OtherHistory,
        Self::Foreign,
        Self::SilentEpoch,
        Self::Rewritten,
        Self::TooLarge,
        Self::Empty,
        Self::Spendthrift,
    ];

    /// Draws one. Spending more than a large credit would only take long.
    #[must_use]
    pub fn draw(chance: &mut Chance, credit: usize) -> Self {
        let drawn = chance.pick(&Self::ALL).copied().unwrap_or(Self::Empty);
        if drawn == Self::Spendthrift && credit > 64 * 1024 { Self::WrongKey } else { drawn }
    }

    /// The reasons with which it may be refused.
    #[must_use]
    pub fn reasons(self) -> &'static [&'static str] {
        match self {
            Self::WrongKey => &["SIGNATURE_INVALID"],
            Self::Gap | Self::SilentEpoch => &["CHAIN_BROKEN"],
            // A fork right at the cursor, a broken chain within what was sent.
            Self::OtherHistory | Self::Rewritten => &["LOG_FORKED", "CHAIN_BROKEN"],
            Self::Foreign => &["ENTRY_FOREIGN"],
            Self::TooLarge => &["BATCH_TOO_LARGE"],
            Self::Empty => &["BATCH_EMPTY"],
            Self::Spendthrift => &["CREDIT_EXCEEDED"],
        }
    }

    /// Is some of it good, and acknowledged before the refusal?
    #[must_use]
    pub fn begins_well(self) -> bool {
        self == Self::Spendthrift
    }
}

/// The stranger's log and how it writes.
#[derive(Clone, Debug)]
pub struct Pen {
    alliance: AllianceId,
    member: MemberId,
    key: LogKey,
    log: Vec<SealedEntry>,
    poison: BTreeSet<u64>,
}

impl Pen {
    /// An empty log.
    #[must_use]
    pub fn new(alliance: AllianceId, member: MemberId, key: LogKey) -> Self {
        Self { alliance, member, key, log: Vec::new(), poison: BTreeSet::new() }
    }

    /// The alliance.
    #[must_use]
    pub fn alliance(&self) -> &AllianceId {
        &self.alliance
    }

    /// The stranger's member id.
    #[must_use]
    pub fn member(&self) -> &MemberId {
        &self.member
    }

    /// Everything that was meant seriously.
    #[must_use]
    pub fn log(&self) -> Vec<SealedEntry> {
        self.log.clone()
    }

    /// The seqs that must be in quarantine.
    #[must_use]
    pub fn poison(&self) -> &BTreeSet<u64> {
        &self.poison
    }

    /// Must this entry be in quarantine?
    #[must_use]
    pub fn is_poison(&self, seq: u64) -> bool {
        self.poison.contains(&seq)
    }

    /// The newest entry.
    #[must_use]
    pub fn head(&self) -> Position {
        self.log.last().map_or_else(Position::default, |entry| Position {
            epoch: entry.header().epoch,
            seq: entry.header().seq,
            hash: entry.hash(),
        })
    }

    /// Writes a new publication: a good one, or one that no hub may show.
    pub fn write(&mut self, poison: bool, chance: &mut Chance) {
        let header = self.next_header(chance.draw());
        let kind = chance.index(3);
        let payload = match (poison, kind) {
            (false, _) => self.content(header.seq, |_| {}),
            (true, 0) => Bytes::from_static(b"\xff\xff\xff not a record"),
            (true, 1) => self.content(header.seq, |publication| publication.title = String::new()),
            (true, _) => {
                self.content(header.seq, |publication| publication.audience = vec!["council".to_owned()])
            }
        };
        if poison {
            self.poison.insert(header.seq);
        }
        self.log.push(SealedEntry::seal(header, payload, &self.key));
    }

    fn content(&self, seq: u64, spoil: impl FnOnce(&mut wire::Publication)) -> Bytes {
        let key = Key { member: self.member.to_string(), external_id: format!("s{seq}") };
        let mut publication = wire::Publication {
            audience: vec!["alliance".to_owned()],
            publish_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            create_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            update_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            ..paper::write(&key, 1, 20)
        };
        spoil(&mut publication);
        let payload = wire::RecordPayload { salt: vec![7; 16], publication: Some(publication) };
        Bytes::from(payload.encode_to_vec())
    }

    fn next_header(&self, record: u64) -> Header {
        let Position { seq, hash, .. } = self.head();
        self.header(seq + 1, hash, record)
    }

    fn header(&self, seq: u64, previous: Hash, record: u64) -> Header {
        let mut id = [0x11; 16];
        id[8..].copy_from_slice(&record.to_be_bytes());
        Header {
            alliance: self.alliance.clone(),
            member: self.member.clone(),
            epoch: 1,
            seq,
            previous,
            kind: EntryKind::Put,
            collection: Collection::Publication,
            record: RecordId::from_bytes(id),
            revision: 1,
            audience: BTreeSet::from([GroupId::alliance()]),
            schema_version: 1,
            payload_len: 0,
            payload_hash: Hash::ZERO,
            key: KeyId([0; 8]),
            written_ms: 0,
        }
    }

    /// Batches that must be refused. Apart from [`Forgery::Spendthrift`], which writes good entries, the log stays.
    pub fn forge(&mut self, forgery: Forgery) -> Vec<Vec<SealedEntry>> {
        let header = self.next_header(u64::MAX);
        let payload = self.content(header.seq, |_| {});
        let seal = |header: Header| SealedEntry::seal(header, payload.clone(), &self.key);
        let one = |header: Header| vec![vec![seal(header)]];
        match forgery {
            Forgery::WrongKey => {
                vec![vec![SealedEntry::seal(header, payload, &LogKey::from_secret(FORGER))]]
            }
            Forgery::Gap => one(Header { seq: header.seq + 1, ..header }),
            Forgery::OtherHistory => one(Header { previous: Hash([3; 32]), ..header }),
            Forgery::Foreign => one(Header { member: self.other_member(), ..header }),
            Forgery::SilentEpoch => one(Header { epoch: 2, ..header }),
            Forgery::Rewritten => match self.log.last() {
                // Nothing there yet to be rewritten.
                None => one(Header { previous: Hash([3; 32]), ..header }),
                Some(last) => one(Header { revision: 7, ..last.header().clone() }),
            },
            Forgery::TooLarge => vec![std::iter::repeat_n(seal(header), 201).collect()],
            Forgery::Empty => vec![Vec::new()],
            Forgery::Spendthrift => {
                let before = self.log.len();
                let mut chance = Chance::new(before as u64);
                (0..60).for_each(|_| self.write(false, &mut chance));
                self.log[before..].chunks(1).map(<[SealedEntry]>::to_vec).collect()
            }
        }
    }

    fn other_member(&self) -> MemberId {
        "north".parse().unwrap_or_else(|_| self.member.clone())
    }
}
