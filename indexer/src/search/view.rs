//! The index at one moment, as questions see it.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use tantivy::{
    Term,
    query::Bm25StatisticsProvider,
    schema::{Field, TantivyDocument},
};

use super::{
    admission::Scope,
    facts::{Names, SegmentFacts},
    lexicon::Entry,
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

impl View {
    /// Everything for the lexicon, read from what is kept.
    pub(crate) fn entries(&self) -> tantivy::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (scope, shard) in [(Scope::Open, &self.open), (Scope::Restricted, &self.restricted)] {
            for (segment, facts) in shard.searcher.segment_readers().iter().zip(&shard.facts) {
                let store = segment.get_store_reader(1)?;
                for document in segment.doc_ids_alive() {
                    let stored = shard.fields.stored(&store.get::<TantivyDocument>(document)?);
                    let groups = &facts.signature(document).signature.audience;
                    let audience = match scope {
                        Scope::Open => None,
                        Scope::Restricted => {
                            Some(groups.iter().filter_map(|group| group.parse().ok()).collect())
                        }
                    };
                    let member = self.names.members.text(facts.member_of[document as usize]);
                    entries.push(Entry::new(&stored.key, member, audience, stored.title, stored.tags));
                }
            }
        }
        Ok(entries)
    }
}

/// The statistics that rank: those of the open index, for whoever asks and wherever is searched. One question asks for the
/// same terms up to five times, and each look goes through the dictionary of every segment; so it is looked up once.
pub(crate) struct OpenStatistics<'a> {
    view: &'a View,
    frequencies: RefCell<HashMap<Term, u64>>,
}

impl<'a> OpenStatistics<'a> {
    /// For one question.
    pub(crate) fn of(view: &'a View) -> Self {
        Self { view, frequencies: RefCell::default() }
    }
}

impl Bm25StatisticsProvider for OpenStatistics<'_> {
    // At least one of each, so that averages exist while the open index is empty.
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Ok(Bm25StatisticsProvider::total_num_tokens(&self.view.open.searcher, field)?.max(1))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(Bm25StatisticsProvider::total_num_docs(&self.view.open.searcher)?.max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        if let Some(known) = self.frequencies.borrow().get(term) {
            return Ok(*known);
        }
        let found = self.view.open.searcher.doc_freq(term)?;
        self.frequencies.borrow_mut().insert(term.clone(), found);
        Ok(found)
    }
}
