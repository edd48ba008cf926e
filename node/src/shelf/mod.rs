//! The shelf: what this member has, and what may become of it. Pure.

mod decide;
mod fork;
mod unneeded;

pub use decide::{Command, Wish, decide, external_id_taken, unknown};
pub use fork::{Mended, Parted, Step, mend};
pub use unneeded::cross_off;

use jiff::Timestamp;
use shouwang_proto::{id::RecordId, log::Hash, publication::Content};

/// One publication as its owner has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Which.
    pub record: RecordId,
    /// What it says.
    pub content: Content,
    /// Where it stands.
    pub standing: Standing,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// Where a publication stands: DRAFT → PUBLISHED → WITHDRAWN, and back from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Never published.
    Draft,
    /// In the log; the entry is the one that put the newest revision.
    Published(Edition),
    /// Taken back; the entry is the one that took it back.
    Withdrawn(Edition),
}

/// The newest published revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Counts the published revisions, from 1.
    pub revision: u64,
    /// When it was published.
    pub published: Timestamp,
    /// Where in the log.
    pub entry: EntryRef,
}

/// An entry of the own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef {
    /// Its sequence number.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The name of a standing, as stores and filters use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingName {
    /// See [`Standing::Draft`].
    Draft,
    /// See [`Standing::Published`].
    Published,
    /// See [`Standing::Withdrawn`].
    Withdrawn,
}

impl StandingName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Withdrawn];

    /// The code in the store.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Standing {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> StandingName {
        match self {
            Self::Draft => StandingName::Draft,
            Self::Published(_) => StandingName::Published,
            Self::Withdrawn(_) => StandingName::Withdrawn,
        }
    }

    /// The newest published revision, if there ever was one.
    #[must_use]
    pub fn edition(&self) -> Option<&Edition> {
        match self {
            Self::Draft => None,
            Self::Published(edition) | Self::Withdrawn(edition) => Some(edition),
        }
    }

    /// Counts the published revisions; 0 for a draft never published.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.edition().map_or(0, |edition| edition.revision)
    }
}
