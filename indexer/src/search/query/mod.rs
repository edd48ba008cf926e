//! The query language: words, "exact phrases", -exclusions and `field:value`; everything else is literal text.
//!
//! ```text
//! 有限空间 通风 检测            words: any may match, the best come first
//! "上锁挂牌"  “上锁挂牌”         must occur exactly so
//! -培训  -"外包单位"            must not occur
//! kind:course  类型:课程         filters; several values with a comma: 行业:有限空间,动火作业
//! -sector:food                 everything else
//! date:2025  日期:2025-03..      published in 2025; since March 2025
//! ```
//!
//! Limits hold before anything is looked up (2 KB of nested brackets overflow the stack of the index's own parser, so
//! people's input never gets there). Pure: no index, no clock, no I/O.

mod date;
mod fields;
mod parse;

use std::collections::BTreeSet;

use shouwang_proto::id::MemberId;

use super::document::Kind;

pub use fields::{standard_key, tag_key};
pub use parse::{CHARACTER_LIMIT, CLAUSE_LIMIT, PHRASE_LIMIT, parse};

/// A parsed query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// All of it as typed.
    pub text: String,
    /// Literal words as typed, a space between them; empty when there are none.
    pub words: String,
    /// Texts that must occur exactly (after folding).
    pub phrases: Vec<String>,
    /// Texts that must not occur.
    pub without: Vec<String>,
    /// What a publication must be.
    pub filters: Filters,
    /// What it must not be: one match with any of them excludes.
    pub excluded: Filters,
}

impl Query {
    /// True when nothing is to be ranked: only filters and exclusions, or nothing at all.
    #[must_use]
    pub fn is_browsing(&self) -> bool {
        self.words.is_empty() && self.phrases.is_empty()
    }
}

/// Filters: within one field any value fits, the fields together must all fit. An empty set does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Kinds.
    pub kinds: BTreeSet<Kind>,
    /// Owners.
    pub members: BTreeSet<MemberId>,
    /// Sector codes.
    pub sectors: BTreeSet<String>,
    /// Hazard codes.
    pub hazards: BTreeSet<String>,
    /// Operation codes.
    pub operations: BTreeSet<String>,
    /// Keys as [`standard_key`] makes them; one without the year fits every edition.
    pub standards: BTreeSet<String>,
    /// Language tags in lower case; `zh` fits `zh-cn` too.
    pub languages: BTreeSet<String>,
    /// Keys as [`tag_key`] makes them.
    pub tags: BTreeSet<String>,
    /// Published at or after, in milliseconds since 1970-01-01T00:00:00Z.
    pub published_from_ms: Option<i64>,
    /// Published before, in milliseconds since 1970-01-01T00:00:00Z.
    pub published_before_ms: Option<i64>,
}

impl Filters {
    /// True when nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
