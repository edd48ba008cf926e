//! The search room: the only place that names the index engine.
//!
//! [`analysis`], [`query`], [`thesaurus`] and the snippets are pure; the index is a derived consumer of the hub's log,
//! and the only way to read it is a [`ScopedSearcher`], which carries its caller.

mod admission;
pub mod analysis;
mod answer;
mod collect;
mod compose;
mod document;
mod exact;
mod facts;
mod helping;
mod index;
mod lexicon;
mod pins;
mod plan;
mod pool;
pub mod query;
mod question;
pub mod room;
mod schema;
mod scoped;
pub mod service;
mod shard;
mod signature;
mod snippet;
mod spelling;
mod suggest;
pub mod tailer;
pub mod thesaurus;
mod tokenizer;
mod view;

#[cfg(test)]
mod stories;

pub(crate) use answer::labels;
pub use collect::Deadline;
pub use document::{Caller, Document, IndexChange, Kind, RecordKey};
pub use index::{Committed, IndexSettings, SearchIndex};
pub use lexicon::Source;
pub use pool::{Busy, SearchPool};
pub use scoped::{DEPTH_LIMIT, Facet, Found, Hit, ScopedSearcher, SearchParameters};
pub use signature::FacetField;
pub use snippet::Highlighted;
pub use suggest::Suggestion;

use shouwang_proto::refusal::Refusal;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The caller's fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The view of a page token is gone: ABORTED, `PAGE_EXPIRED`.
    #[error(
        "the list has changed and its earlier state is no longer kept; search again （列表已更新，请重新搜索）"
    )]
    PageExpired,
    /// It took too long: DEADLINE_EXCEEDED.
    #[error("the search took too long; ask more narrowly （搜索超时，请缩小范围）")]
    OutOfTime,
    /// The index is being made anew: internal, and soon over.
    #[error("the index is being made anew")]
    Lost,
    /// The files cannot be read or written: internal.
    #[error("the index cannot be used: {0}")]
    Broken(#[from] tantivy::TantivyError),
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.into())
    }
}
