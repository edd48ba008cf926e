//! What the index is given and who asks it.

use std::collections::BTreeSet;

use shouwang_proto::id::{GroupId, MemberId, RecordId};
pub use shouwang_proto::publication::Kind;

/// Which publication: the owner and its record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// The owner.
    pub member: MemberId,
    /// The owner's record.
    pub record: RecordId,
}

/// A publication as the index needs it. The index holds nothing that the database could not give again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Which publication.
    pub key: RecordKey,
    /// Its kind.
    pub kind: Kind,
    /// Title.
    pub title: String,
    /// Summary; may be empty.
    pub summary: String,
    /// The running text: body, and what was reached.
    pub body: String,
    /// Everything else that can be found, in pieces: names of codes, provider, abilities, place, files.
    pub facts: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Sector codes.
    pub sectors: Vec<String>,
    /// Hazard codes.
    pub hazards: Vec<String>,
    /// Operation codes.
    pub operations: Vec<String>,
    /// Standards as cited.
    pub standards: Vec<String>,
    /// Language tag such as `zh-CN`.
    pub language: String,
    /// Groups that may see it. With [`GroupId::alliance`] among them it is open, otherwise restricted.
    pub audience: BTreeSet<GroupId>,
    /// When it was published, in milliseconds since 1970-01-01T00:00:00Z.
    pub published_ms: i64,
    /// Revision.
    pub revision: u64,
}

impl Document {
    /// True when every active member may see it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.audience.contains(&GroupId::alliance())
    }
}

/// A change of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexChange {
    /// Put in, in place of whatever had the key.
    Put(Box<Document>),
    /// Take out; nothing happens if it is not in.
    Remove(RecordKey),
}

impl IndexChange {
    /// Which publication it is about.
    #[must_use]
    pub fn key(&self) -> &RecordKey {
        match self {
            Self::Put(document) => &document.key,
            Self::Remove(key) => key,
        }
    }
}

/// Who asks. Made from the hub's membership table for each question, never from a certificate or a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The caller's member, which sees its own publications whatever their audience.
    pub member: Option<MemberId>,
    /// Groups the caller is in: [`GroupId::alliance`] for an active member, [`GroupId::council`], sub-alliances.
    pub groups: BTreeSet<GroupId>,
    /// Members whose publications nobody sees at this moment (suspended, left).
    pub hidden_members: std::sync::Arc<BTreeSet<MemberId>>,
}
