//! The index at one moment, as questions see it.

use std::sync::Arc;

use tantivy::{
    Term,
    query::Bm25StatisticsProvider,
    schema::{Field, TantivyDocument},
};

use super::{
    admission::Scope,
    facts::{Names, SegmentFacts},
    schema::Stored,
    shard::ShardView,
};

/// See the module. Publications in it stay readable as long as it lives, also when the files are deleted.
pub(crate) struct View {
    /// Names it for page tokens.
    pub(crate) id: u64,
    /// Position in the hub's log that it includes.
    pub(crate) position: u64,
    pub(crate) open: ShardView,
    pub(crate) restricted: ShardView,
    pub(crate) names: Arc<Names>,
}

/// Where a document is in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) segment: u32,
    pub(crate) document: u32,
}

impl View {
    pub(crate) fn shard(&self, scope: Scope) -> &ShardView {
        match scope {
            Scope::Open => &self.open,
            Scope::Restricted => &self.restricted,
        }
    }

    pub(crate) fn facts(&self, place: Place) -> &SegmentFacts {
        &self.shard(place.scope).facts[place.segment as usize]
    }

    /// Reads what is kept of a document.
    pub(crate) fn stored(&self, place: Place) -> tantivy::Result<Stored> {
        let shard = self.shard(place.scope);
        let document: TantivyDocument =
            shard.searcher.doc(tantivy::DocAddress::new(place.segment, place.document))?;
        Ok(shard.fields.stored(&document))
    }
}

/// The statistics that rank: those of the open index, for whoever asks and wherever is searched.
pub(crate) struct OpenStatistics<'a>(pub(crate) &'a View);

impl Bm25StatisticsProvider for OpenStatistics<'_> {
    // At least one of each, so that averages exist while the open index is empty.
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Ok(Bm25StatisticsProvider::total_num_tokens(&self.0.open.searcher, field)?.max(1))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(Bm25StatisticsProvider::total_num_docs(&self.0.open.searcher)?.max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.0.open.searcher.doc_freq(term)
    }
}
