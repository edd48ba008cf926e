//! May the content of an entry be shown? Looks at one entry alone. What may not is poison: it stays in the log and is
//! acknowledged, it is not shown, people see it with its reason, and it stops nobody else.

use std::{collections::BTreeSet, fmt};

use prost::Message as _;
use shouwang_proto::{
    id::{GroupId, RecordId},
    log::{
        entry::{Collection, EntryError, EntryKind, Header},
        sealed::SealedEntry,
    },
    publication::{Content, Kind, Sha256Hex, time_from_wire},
    wire,
};

/// The payload schema that this hub knows.
const SCHEMA: u16 = 1;
/// Bytes of salt in a payload.
const SALT: usize = 16;
/// Longest explanation kept, in characters.
const DETAIL_LIMIT: usize = 1_000;

/// Why an entry is not shown. The codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The payload that came is not the one the header names.
    PayloadDamaged,
    /// The payload was destroyed before the hub saw it, and no redaction says why.
    PayloadDestroyed,
    /// The payload is of a newer schema.
    SchemaUnknown,
    /// The payload is no record.
    PayloadUnreadable,
    /// The record is in no collection that records may be in, or has no id.
    RecordUnknown,
    /// The publication breaks a rule.
    ContentInvalid,
    /// Header and publication name different audiences.
    AudienceMismatch,
    /// The revision is not newer than the one that is shown.
    RevisionNotRising,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::PayloadDamaged,
        Self::PayloadDestroyed,
        Self::SchemaUnknown,
        Self::PayloadUnreadable,
        Self::RecordUnknown,
        Self::ContentInvalid,
        Self::AudienceMismatch,
        Self::RevisionNotRising,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::PayloadDamaged => "PAYLOAD_DAMAGED",
            Self::PayloadDestroyed => "PAYLOAD_DESTROYED",
            Self::SchemaUnknown => "SCHEMA_UNKNOWN",
            Self::PayloadUnreadable => "PAYLOAD_UNREADABLE",
            Self::RecordUnknown => "RECORD_UNKNOWN",
            Self::ContentInvalid => "CONTENT_INVALID",
            Self::AudienceMismatch => "AUDIENCE_MISMATCH",
            Self::RevisionNotRising => "REVISION_NOT_RISING",
        }
    }

    /// From the stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Why an entry is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poison {
    /// The reason.
    pub reason: Reason,
    /// The reason in words.
    pub detail: String,
    /// True when the entry may have been meant for fewer readers than its header says.
    pub narrows: bool,
}

impl Poison {
    /// With an explanation, cut when it is too long.
    #[must_use]
    pub fn new(reason: Reason, detail: impl fmt::Display) -> Self {
        Self { reason, detail: detail.to_string().chars().take(DETAIL_LIMIT).collect(), narrows: false }
    }
}

/// What the hub keeps beside an entry that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Kind of publication.
    pub kind: Kind,
    /// Who may see it.
    pub audience: BTreeSet<GroupId>,
    /// When its owner published this revision, milliseconds since 1970.
    pub published_ms: i64,
    /// The files it names: SHA-256 and size in bytes.
    pub attachments: Vec<(Sha256Hex, u64)>,
}

/// An entry with what was found about its content; only PUT entries have any.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The entry.
    pub entry: SealedEntry,
    /// What may be shown, or why not; `None` for the other kinds.
    pub finding: Option<Result<Exhibit, Poison>>,
}

/// Opens an entry from the wire and judges its content.
///
/// # Errors
/// The field at which the header is malformed. A payload that is not the header's, or too large, is poison instead:
/// the entry is kept without it, so that one damaged record at a node does not hold back all later ones.
pub fn examine(entry: wire::SignedEntry) -> Result<Examined, &'static str> {
    let wire::SignedEntry { header, signature, payload } = entry;
    let opened = SealedEntry::open(header.clone(), signature.clone(), payload);
    let (entry, damaged) = match opened {
        Ok(entry) => (entry, false),
        Err(EntryError::PayloadMismatch | EntryError::Malformed("payload_len")) => {
            (SealedEntry::open(header, signature, bytes::Bytes::new()).map_err(field_of)?, true)
        }
        Err(error @ EntryError::Malformed(_)) => return Err(field_of(error)),
    };
    let finding = match entry.header().kind {
        EntryKind::Put if damaged => {
            let words =
                "the payload is larger than 256 KiB or not the one the header names （载荷损坏或过大）";
            Some(Err(Poison::new(Reason::PayloadDamaged, words)))
        }
        EntryKind::Put => Some(judge(entry.header(), entry.payload())),
        EntryKind::Withdraw | EntryKind::Redact | EntryKind::Key | EntryKind::EpochBegin => None,
    };
    Ok(Examined { entry, finding })
}

fn field_of(error: EntryError) -> &'static str {
    match error {
        EntryError::Malformed(field) => field,
        EntryError::PayloadMismatch => "payload_hash",
    }
}

/// Judges the content of a PUT entry.
///
/// # Errors
/// [`Poison`].
pub fn judge(header: &Header, payload: &[u8]) -> Result<Exhibit, Poison> {
    if header.collection != Collection::Publication || header.record == RecordId::nil() {
        return Err(Poison::new(Reason::RecordUnknown, "the record is no publication （记录不是发布内容）"));
    }
    if payload.is_empty() && header.payload_len > 0 {
        let words = "the payload was destroyed before the hub saw it （载荷在送达前已销毁）";
        return Err(Poison::new(Reason::PayloadDestroyed, words));
    }
    if header.schema_version != SCHEMA {
        let found = header.schema_version;
        let words = format!(
            "schema version {found} is newer than this hub knows （模式版本 {found} 未知，请升级中心）"
        );
        return Err(Poison::new(Reason::SchemaUnknown, words));
    }
    let unreadable = |words: &str| Poison::new(Reason::PayloadUnreadable, words);
    let wire::RecordPayload { salt, publication } = wire::RecordPayload::decode(payload)
        .map_err(|_| unreadable("the payload is not a record （载荷无法解析）"))?;
    if salt.len() != SALT {
        return Err(unreadable("the payload has no salt of 16 bytes （载荷缺少 16 字节盐）"));
    }
    let publication =
        publication.ok_or_else(|| unreadable("the payload holds no publication （载荷为空）"))?;
    let published_ms = publication
        .publish_time
        .as_ref()
        .and_then(time_from_wire)
        .map_or(header.written_ms, jiff::Timestamp::as_millisecond);
    let content =
        Content::from_wire(publication).map_err(|refusal| Poison::new(Reason::ContentInvalid, refusal))?;
    if content.audience != header.audience {
        let words =
            "the entry's header and its publication name different audiences （头部与正文的受众不一致）";
        let narrows = !content.audience.is_superset(&header.audience);
        return Err(Poison { narrows, ..Poison::new(Reason::AudienceMismatch, words) });
    }
    Ok(Exhibit {
        kind: content.kind(),
        published_ms,
        attachments: content
            .attachments
            .iter()
            .map(|attachment| (attachment.sha256.clone(), attachment.size_bytes))
            .collect(),
        audience: content.audience,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::link::script::{Script, payload, practice};

    fn examined(payload: Bytes, change: impl FnOnce(&mut Header)) -> wire::SignedEntry {
        let mut script = Script::new();
        script.append(EntryKind::Put, 1, payload, change);
        script.entries[0].to_wire()
    }

    #[track_caller]
    fn check(entry: wire::SignedEntry, expected: Result<Kind, Reason>) {
        let found = examine(entry).unwrap().finding.unwrap();
        assert_eq!(found.map(|exhibit| exhibit.kind).map_err(|poison| poison.reason), expected);
    }

    fn good() -> Bytes {
        payload(practice("动火监护", &["alliance"]))
    }

    #[test]
    fn good_content_is_shown_and_each_poison_has_its_reason() {
        check(examined(good(), |_| {}), Ok(Kind::Practice));
        check(examined(good(), |header| header.schema_version = 2), Err(Reason::SchemaUnknown));
        check(examined(good(), |header| header.collection = Collection::Log), Err(Reason::RecordUnknown));
        check(examined(good(), |header| header.record = RecordId::nil()), Err(Reason::RecordUnknown));
        check(examined(Bytes::from_static(b"\xff\xff"), |_| {}), Err(Reason::PayloadUnreadable));
        check(examined(Bytes::new(), |_| {}), Err(Reason::PayloadUnreadable));
        check(examined(payload(practice("", &["alliance"])), |_| {}), Err(Reason::ContentInvalid));
        let council = payload(practice("动火监护", &["council"]));
        check(examined(council, |_| {}), Err(Reason::AudienceMismatch));
    }

    #[test]
    fn a_damaged_or_destroyed_payload_is_poison_and_the_entry_keeps_its_place() {
        let whole = examined(good(), |_| {});
        let damaged = wire::SignedEntry { payload: Bytes::from_static(b"flipped"), ..whole.clone() };
        let found = examine(damaged.clone()).unwrap();
        assert_eq!(found.entry.hash(), examine(whole.clone()).unwrap().entry.hash());
        assert!(found.entry.payload().is_empty());
        check(damaged, Err(Reason::PayloadDamaged));
        check(
            wire::SignedEntry { payload: vec![0; 300_000].into(), ..whole.clone() },
            Err(Reason::PayloadDamaged),
        );
        check(wire::SignedEntry { payload: Bytes::new(), ..whole }, Err(Reason::PayloadDestroyed));
    }

    #[test]
    fn a_header_that_cannot_be_read_is_no_entry() {
        let mut entry = examined(good(), |_| {});
        entry.header = Bytes::from_static(b"\x02");
        assert_eq!(examine(entry).unwrap_err(), "version");
    }

    #[test]
    fn an_audience_meant_narrower_is_noticed() {
        let narrows = |content: &[&str], header: &[&str]| {
            let header: BTreeSet<GroupId> = header.iter().map(|group| group.parse().unwrap()).collect();
            let entry = examined(payload(practice("标题", content)), |found| found.audience = header);
            examine(entry).unwrap().finding.unwrap().unwrap_err().narrows
        };
        assert!(narrows(&["council"], &["alliance"]));
        assert!(!narrows(&["alliance", "council"], &["council"]));
    }

    #[test]
    fn codes_round_trip() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
    }
}
