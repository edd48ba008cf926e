//! Stage one and two of a search: all that matches is counted, the best are kept and ranked again.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tantivy::{
    DocSet as _, TERMINATED,
    postings::Postings as _,
    query::{
        Bm25StatisticsProvider as _, Bm25Weight, BooleanQuery, EnableScoring, Occur, Query as IndexQuery,
        TermQuery, Weight,
    },
    schema::IndexRecordOption,
};

use super::{
    SearchError,
    admission::{Admission, Scope, SegmentAdmission},
    exact::Exact,
    plan::{Plan, Weighted},
    view::{OpenStatistics, Place, View},
};

/// When a search has to stop: at a time, or when whoever asked has gone.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// The time.
    pub at: Instant,
    /// Set by whoever asked.
    pub gone: Arc<AtomicBool>,
}

impl Deadline {
    /// Ends at a time.
    #[must_use]
    pub fn at(at: Instant) -> Self {
        Self { at, gone: Arc::default() }
    }

    fn is_over(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || Instant::now() >= self.at
    }

    /// Fails when it is over.
    pub(crate) fn check(&self) -> Result<(), SearchError> {
        if self.is_over() { Err(SearchError::OutOfTime) } else { Ok(()) }
    }
}

/// How often the deadline is looked at, in documents.
const LOOK_EVERY: u32 = 4_096;

/// How matches are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Best first.
    Score,
    /// Newest first.
    Newest,
}

/// A document and what it is worth: the score, or the time it was published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) worth: f64,
    /// Orders what is worth the same.
    pub(crate) tie: u64,
    pub(crate) place: Place,
}

impl Ranked {
    /// Best first; the same publications come in the same order, however the index is cut into segments.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        other.worth.total_cmp(&self.worth).then(self.tie.cmp(&other.tie)).then(self.place.cmp(&other.place))
    }
}

/// The best so far: a list that is cut back to its limit when it is twice as long.
struct Best {
    limit: usize,
    kept: Vec<(f64, Place)>,
    /// What is worth less than this cannot get in.
    floor: f64,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), kept: Vec::with_capacity(limit.max(1) * 2), floor: f64::NEG_INFINITY }
    }

    fn push(&mut self, worth: f64, place: Place) {
        if worth < self.floor {
            return;
        }
        if self.kept.len() == self.limit * 2 {
            self.kept.select_nth_unstable_by(self.limit - 1, |one, other| {
                other.0.total_cmp(&one.0).then(one.1.cmp(&other.1))
            });
            self.kept.truncate(self.limit);
            self.floor = self.kept.iter().map(|(worth, _)| *worth).fold(f64::INFINITY, f64::min);
        }
        self.kept.push((worth, place));
    }
}

/// All that matched.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    /// The best, best first.
    pub(crate) best: Vec<Ranked>,
    /// How many matched.
    pub(crate) total: u64,
    /// For each facet value, how many have it.
    pub(crate) facets: Vec<u64>,
    /// For each member, how many are its.
    pub(crate) members: Vec<u64>,
}

/// A question to a view.
pub(crate) struct Question<'a> {
    pub(crate) view: &'a View,
    pub(crate) statistics: &'a OpenStatistics<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) admission: &'a Admission,
    pub(crate) order: Order,
    /// How many of the best to keep.
    pub(crate) limit: usize,
    pub(crate) deadline: &'a Deadline,
}

impl Question<'_> {
    /// Stage one: everything that matches and may be seen.
    pub(crate) fn matches(&self) -> Result<Matches, SearchError> {
        let mut matches = Matches {
            facets: vec![0; self.view.names.facet_count()],
            members: vec![0; self.view.names.members.len()],
            ..Matches::default()
        };
        let mut best = Best::new(self.limit);
        let query = self.plan.query();
        for scope in [Scope::Open, Scope::Restricted] {
            let searcher = &self.view.shard(scope).searcher;
            if self.admission.enters(scope) && searcher.num_docs() > 0 {
                let scoring = match self.order {
                    Order::Score => {
                        EnableScoring::enabled_from_statistics_provider(self.statistics, searcher)
                    }
                    Order::Newest => EnableScoring::disabled_from_searcher(searcher),
                };
                let weight = query.weight(scoring)?;
                for segment in 0..searcher.segment_readers().len() {
                    self.segment(weight.as_ref(), scope, segment, &mut best, &mut matches)?;
                }
            }
        }
        matches.best = best
            .kept
            .into_iter()
            .map(|(worth, place)| Ranked { worth, tie: self.view.facts(place).tie(place.document), place })
            .collect();
        matches.best.sort_unstable_by(Ranked::order);
        matches.best.truncate(self.limit);
        Ok(matches)
    }

    fn segment(
        &self,
        weight: &dyn Weight,
        scope: Scope,
        number: usize,
        best: &mut Best,
        matches: &mut Matches,
    ) -> Result<(), SearchError> {
        let shard = self.view.shard(scope);
        let (segment, facts) = (shard.searcher.segment_reader(number as u32), &shard.facts[number]);
        let admission = self.admission.segment(facts, scope);
        let phrases = self.exactly(&self.plan.phrases, number, &admission)?;
        let without = self.exactly(&self.plan.without, number, &admission)?;
        let mut counts = vec![0_u64; facts.signatures.len()];
        let (mut seen, mut is_over) = (0_u32, false);
        weight.for_each(segment, &mut |document, score| {
            seen = seen.wrapping_add(1);
            if seen.is_multiple_of(LOOK_EVERY) {
                is_over = is_over || self.deadline.is_over();
            }
            if is_over
                || segment.is_deleted(document)
                || !admission.admits(document)
                || !phrases.iter().all(|there| there.contains(&document))
                || without.iter().any(|there| there.contains(&document))
            {
                return;
            }
            matches.total += 1;
            counts[facts.signature_of[document as usize] as usize] += 1;
            if let Some(count) = matches.members.get_mut(facts.member_of[document as usize] as usize) {
                *count += 1;
            }
            let worth = match self.order {
                Order::Score => f64::from(score),
                Order::Newest => facts.published_ms(document) as f64,
            };
            best.push(worth, Place { scope, segment: number as u32, document });
        })?;
        if is_over {
            return Err(SearchError::OutOfTime);
        }
        for (signature, count) in facts.signatures.iter().zip(counts).filter(|(_, count)| *count > 0) {
            for value in &signature.facets {
                matches.facets[*value as usize] += count;
            }
        }
        Ok(())
    }

    /// For each text, the documents of a segment in which it really occurs. Bigrams say where to look.
    fn exactly(
        &self,
        texts: &[(Exact, Vec<tantivy::Term>)],
        number: usize,
        admission: &SegmentAdmission<'_>,
    ) -> Result<Vec<BTreeSet<u32>>, SearchError> {
        let searcher = &self.view.shard(admission.scope()).searcher;
        let segment = searcher.segment_reader(number as u32);
        let mut found = Vec::new();
        for (exact, terms) in texts {
            let all = terms.iter().map(|term| {
                let query: Box<dyn IndexQuery> =
                    Box::new(TermQuery::new(term.clone(), IndexRecordOption::Basic));
                (Occur::Must, query)
            });
            let weight =
                BooleanQuery::new(all.collect()).weight(EnableScoring::disabled_from_searcher(searcher))?;
            let mut scorer = weight.scorer(segment, 1.0)?;
            let mut documents = BTreeSet::new();
            while scorer.doc() != TERMINATED {
                let document = scorer.doc();
                if !segment.is_deleted(document) && admission.admits(document) {
                    self.deadline.check()?;
                    let place = Place { scope: admission.scope(), segment: number as u32, document };
                    if exact.is_certain() || self.view.stored(place)?.texts().any(|text| exact.is_in(text)) {
                        documents.insert(document);
                    }
                }
                scorer.advance();
            }
            found.push(documents);
        }
        Ok(found)
    }

    /// Stage two: adds the weighted terms to the worth of the best and orders them anew.
    pub(crate) fn rerank(&self, best: &mut [Ranked], terms: &[Weighted]) -> Result<(), SearchError> {
        let statistics = self.statistics;
        let documents = statistics.total_num_docs()?;
        best.sort_unstable_by_key(|one| one.place);
        for (term, weight) in terms {
            self.deadline.check()?;
            let average = statistics.total_num_tokens(term.field())? as f32 / documents as f32;
            let bm25 =
                Bm25Weight::for_one_term_without_explain(statistics.doc_freq(term)?, documents, average);
            for group in best.chunk_by_mut(|one, other| {
                (one.place.scope, one.place.segment) == (other.place.scope, other.place.segment)
            }) {
                let first = group[0].place;
                let segment = self.view.shard(first.scope).searcher.segment_reader(first.segment);
                let index = segment.inverted_index(term.field())?;
                let Some(mut postings) = index.read_postings(term, IndexRecordOption::WithFreqs)? else {
                    continue;
                };
                let lengths = segment.get_fieldnorms_reader(term.field())?;
                for one in group {
                    let document = one.place.document;
                    if postings.doc() < document {
                        postings.seek(document);
                    }
                    if postings.doc() == document {
                        let score = bm25.score(lengths.fieldnorm_id(document), postings.term_freq());
                        one.worth += f64::from(score * weight);
                    }
                }
            }
        }
        best.sort_unstable_by(Ranked::order);
        Ok(())
    }
}
