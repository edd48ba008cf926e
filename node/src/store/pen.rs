//! The pen: who writes the log, and whether it may be written now.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::{AllianceId, GroupId, MemberId, RecordId},
    log::{
        Hash,
        digest::Live,
        entry::{Collection, EntryKind, Header, PAYLOAD_LIMIT},
        key::{KeyId, LogKey},
        sealed::SealedEntry,
    },
    publication::{Content, time_to_wire},
    refusal::{Refusal, Violations},
    wire,
};
use tonic::Code;

use super::log::Tip;
use crate::shelf::{Edition, EntryRef, Item, Standing};

/// Who writes the log.
#[derive(Clone, Debug)]
pub struct Author {
    /// The alliance.
    pub alliance: AllianceId,
    /// The member whose log it is.
    pub member: MemberId,
    /// The key that signs.
    pub key: LogKey,
}

/// May the log be written?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    #[default]
    Open,
    /// Not until the node has its own newest entries back from the hub.
    Restoring,
    /// Not until a person has looked: why.
    Held(String),
}

impl Gate {
    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Open => Ok(()),
            Self::Restoring => Err(Refusal::new(
                Code::Unavailable,
                "LOG_RESTORING",
                "this node is fetching its own newest entries back from the hub; try again in a minute \
                 （节点正在从枢纽取回自己的记录，请稍后再试）",
            )),
            Self::Held(why) => Err(Refusal::new(
                Code::Unavailable,
                "PUBLISHING_HELD",
                format!(
                    "publishing is held until a person has looked: {why} See `shouwang publication fork show` \
                     （发布已暂停，需人工处理，可用 `shouwang publication fork show` 查看）"
                ),
            )),
        }
    }
}

/// The pen of one node; clones share the gate.
#[derive(Clone, Debug)]
pub(super) struct Pen {
    author: Option<Arc<Author>>,
    gate: Arc<Mutex<Gate>>,
}

impl Pen {
    pub(super) fn new(author: Option<Author>) -> Self {
        Self { author: author.map(Arc::new), gate: Arc::default() }
    }

    pub(super) fn gate_set(&self, gate: Gate) {
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = gate;
    }

    pub(super) fn gate(&self) -> Gate {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn author(&self) -> Option<&Arc<Author>> {
        self.author.as_ref()
    }

    /// The author, if the log may be written now.
    pub(super) fn ready(&self) -> Result<Arc<Author>, Refusal> {
        let author = self.author.clone().ok_or_else(|| {
            Refusal::precondition(
                "NOT_JOINED",
                "this node has not joined an alliance; drafts can be kept, publishing needs `shouwang-node join` \
                 （节点尚未加入联盟，只能保存草稿）",
            )
        })?;
        self.gate().check()?;
        Ok(author)
    }
}

/// New entries on top of a tip. Nothing is in the store until they are written there together.
#[derive(Debug)]
pub(super) struct Sheet {
    author: Arc<Author>,
    now: Timestamp,
    pub(super) tip: Tip,
    pub(super) entries: Vec<SealedEntry>,
}

/// What a new entry says besides its place.
struct Line {
    kind: EntryKind,
    collection: Collection,
    record: RecordId,
    revision: u64,
    audience: BTreeSet<GroupId>,
    payload: Bytes,
}

impl Sheet {
    pub(super) fn new(author: Arc<Author>, now: Timestamp, tip: Tip) -> Self {
        Self { author, now, tip, entries: Vec::new() }
    }

    /// Puts a content in the log as a revision of the item, and gives the item's new standing.
    pub(super) fn put(
        &mut self,
        item: &Item,
        content: &Content,
        revision: u64,
        salt: [u8; 16],
    ) -> Result<Standing, Refusal> {
        let payload = payload(item, content, self.now, salt)?;
        let live = live_of(item);
        let entry = self.append(Line {
            kind: EntryKind::Put,
            collection: Collection::Publication,
            record: item.record,
            revision,
            audience: content.audience.clone(),
            payload,
        });
        live.iter().for_each(|old| self.tip.digest.remove(old));
        self.tip.digest.insert(&Live {
            collection: Collection::Publication,
            record: item.record,
            revision,
            entry: entry.hash,
        });
        Ok(Standing::Published(Edition { revision, published: self.now, entry }))
    }

    /// Takes a published item back: the entry names the revision that it takes back.
    pub(super) fn withdraw(&mut self, item: &Item, edition: &Edition) -> Standing {
        let entry = self.append(Line {
            kind: EntryKind::Withdraw,
            collection: Collection::Publication,
            record: item.record,
            revision: edition.revision,
            audience: item.content.audience.clone(),
            payload: Bytes::new(),
        });
        live_of(item).iter().for_each(|old| self.tip.digest.remove(old));
        Standing::Withdrawn(Edition { entry, ..*edition })
    }

    /// Begins a new epoch above `least`. The entry carries random bytes: two restores of one backup begin the same epoch,
    /// perhaps in the same millisecond, and must not write the same entry.
    pub(super) fn begin_epoch(&mut self, least: u64, salt: [u8; 16]) {
        self.tip.position.epoch = self.tip.position.epoch.max(least).max(1) + 1;
        self.append(Line {
            kind: EntryKind::EpochBegin,
            collection: Collection::Log,
            record: RecordId::nil(),
            revision: 0,
            audience: BTreeSet::new(),
            payload: Bytes::copy_from_slice(&salt),
        });
    }

    fn append(&mut self, line: Line) -> EntryRef {
        let Line { kind, collection, record, revision, audience, payload } = line;
        let position = &mut self.tip.position;
        let header = Header {
            alliance: self.author.alliance.clone(),
            member: self.author.member.clone(),
            epoch: position.epoch.max(1),
            seq: position.seq + 1,
            previous: position.hash,
            kind,
            collection,
            record,
            revision,
            audience,
            schema_version: 1,
            payload_len: 0,
            payload_hash: Hash::ZERO,
            key: KeyId([0; 8]),
            written_ms: self.now.as_millisecond(),
        };
        let entry = SealedEntry::seal(header, payload, &self.author.key);
        position.epoch = entry.header().epoch;
        position.seq = entry.header().seq;
        position.hash = entry.hash();
        let written = EntryRef { seq: position.seq, hash: position.hash };
        self.entries.push(entry);
        written
    }
}

/// The item as the digest counts it now.
fn live_of(item: &Item) -> Option<Live> {
    match &item.standing {
        Standing::Published(edition) => Some(Live {
            collection: Collection::Publication,
            record: item.record,
            revision: edition.revision,
            entry: edition.entry.hash,
        }),
        Standing::Draft | Standing::Withdrawn(_) => None,
    }
}

fn payload(item: &Item, content: &Content, now: Timestamp, salt: [u8; 16]) -> Result<Bytes, Refusal> {
    let payload = wire::RecordPayload {
        salt: salt.to_vec(),
        publication: Some(wire::Publication {
            create_time: Some(time_to_wire(item.created)),
            update_time: Some(time_to_wire(now)),
            publish_time: Some(time_to_wire(now)),
            ..content.to_wire()
        }),
    };
    let bytes = Bytes::from(payload.encode_to_vec());
    if bytes.len() > PAYLOAD_LIMIT {
        let words = format!(
            "with all other fields makes {} bytes, more than the {PAYLOAD_LIMIT} that travel; shorten it or move \
             parts to an attachment （全部内容超过 256 KiB，请精简或改用附件）",
            bytes.len()
        );
        return Err(Violations::one("body", words).into_refusal());
    }
    Ok(bytes)
}
