//! The only way to read the index: a searcher that carries its caller.

use std::{
    fmt::Write as _,
    sync::{Arc, PoisonError},
    time::Instant,
};

use serde::{Deserialize, Serialize};
use shouwang_proto::{page, refusal::Refusal};
use tantivy::query::Bm25StatisticsProvider as _;

use super::{
    SearchError,
    admission::Admission,
    collect::{Deadline, Matches, Order, Question, Ranked},
    document::{Caller, Kind, RecordKey},
    helping::{spelling, suggestions},
    index::SearchIndex,
    plan::{Plan, Words},
    query::{Filters, Query},
    schema::{key_from_text, key_hash},
    signature::FacetField,
    snippet::{Highlighted, Matcher},
    suggest::Suggestion,
    view::{OpenStatistics, View},
};

/// How many of the best stage two ranks again.
const RERANKED: usize = 200;
/// One in so many pairs of ideographs must be unknown before sounds are asked for.
const THIN: usize = 3;
/// How far pages go; who wants more should ask more narrowly.
pub const DEPTH_LIMIT: usize = 1_000;
/// Most values of a facet that are told.
const FACET_LIMIT: usize = 64;

/// A question.
#[derive(Clone, Debug)]
pub struct SearchParameters {
    /// What was typed, parsed.
    pub query: Query,
    /// Further filters; they and the query's own must both fit.
    pub filters: Filters,
    /// Without the thesaurus.
    pub literal: bool,
    /// Hits wanted, 1 to 100.
    pub page_size: usize,
    /// From the answer before; empty for the first page.
    pub page_token: String,
    /// When to give up.
    pub deadline: Deadline,
    /// Now; views for further pages are kept from here on.
    pub now: Instant,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The page, best first; newest first when there was nothing to rank by.
    pub hits: Vec<Hit>,
    /// Exact number of what matches, within the caller's scope.
    pub total: u64,
    /// Exact counts, within the caller's scope.
    pub facets: Vec<Facet>,
    /// For the next page; empty on the last.
    pub next_page_token: String,
    /// What the thesaurus added.
    pub also_searched: Vec<String>,
    /// A likelier spelling of the query.
    pub did_you_mean: Option<String>,
    /// Position in the hub's log that the answer includes.
    pub position: u64,
}

/// A hit. Check it against the database before it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Which publication.
    pub key: RecordKey,
    /// Its kind.
    pub kind: Kind,
    /// Title with what matched.
    pub title: Highlighted,
    /// The best passage with what matched.
    pub snippet: Highlighted,
    /// Comparable within one answer; 0 when there was nothing to rank by.
    pub score: f64,
    /// Sector codes.
    pub sectors: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Language.
    pub language: String,
    /// When it was published, in milliseconds since 1970-01-01T00:00:00Z.
    pub published_ms: i64,
    /// Revision.
    pub revision: u64,
}

/// How many have each value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub field: FacetField,
    /// Value and count, most frequent first.
    pub counts: Vec<(String, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Next {
    view: u64,
    from: usize,
    asked: u64,
}

/// See the module. Made for one question.
pub struct ScopedSearcher {
    index: Arc<SearchIndex>,
    caller: Caller,
}

impl ScopedSearcher {
    pub(super) fn new(index: Arc<SearchIndex>, caller: Caller) -> Self {
        Self { index, caller }
    }

    /// Searches. Blocks: run it on the search pool.
    ///
    /// # Errors
    /// [`SearchError::Refused`] for a wrong page token, [`SearchError::PageExpired`] when its view is gone,
    /// [`SearchError::OutOfTime`] at the deadline, [`SearchError::Broken`] when the files cannot be read.
    pub fn search(&self, asked: &SearchParameters) -> Result<Found, SearchError> {
        let (view, from) = self.start(asked)?;
        let thesaurus = self.index.thesaurus.load();
        let added = if asked.literal { Vec::new() } else { thesaurus.also(&asked.query.words) };
        let own = Words { text: asked.query.words.clone(), weight: 1.0 };
        let others = added.iter().map(|added| Words { text: added.text.clone(), weight: added.weight });
        let words: Vec<Words> = std::iter::once(own).chain(others).collect();
        let statistics = OpenStatistics::of(&view);
        let matches = self.matches((&view, &statistics), asked, &words, from)?;
        let also_searched: Vec<String> = added.into_iter().map(|added| added.text).collect();

        let until = (from + asked.page_size).min(matches.best.len());
        let texts = words
            .iter()
            .map(|words| words.text.as_str())
            .chain(asked.query.phrases.iter().map(String::as_str));
        let matcher = Matcher::new(texts);
        let hits = matches.best[from.min(until)..until]
            .iter()
            .map(|ranked| hit(&view, ranked, &matcher, &asked.query))
            .collect::<Result<Vec<_>, _>>()?;
        let more = until < DEPTH_LIMIT && (until as u64) < matches.total;
        Ok(Found {
            hits,
            total: matches.total,
            facets: facets(&view, &matches),
            next_page_token: if more { self.token(&view, until, asked) } else { String::new() },
            also_searched,
            did_you_mean: spelling(&self.index, &self.caller, (&view, &statistics), asked),
            position: view.position,
        })
    }

    /// What can follow what was typed, best first, at most `limit`. Blocks for some microseconds.
    #[must_use]
    pub fn suggest(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        suggestions(&self.index, &self.caller, typed, limit)
    }

    /// The view of the question and the first place of the page.
    fn start(&self, asked: &SearchParameters) -> Result<(Arc<View>, usize), SearchError> {
        let newest = self.index.newest();
        let Some(next) = page::decode::<Next>(&asked.page_token)? else { return Ok((newest, 0)) };
        if next.asked != self.fingerprint(asked) || next.from > DEPTH_LIMIT {
            let why = "belongs to another question （翻页标记属于另一个查询）";
            return Err(Refusal::field("page_token", why).into());
        }
        if newest.id == next.view {
            return Ok((newest, next.from));
        }
        let mut pins = self.index.pins.lock().unwrap_or_else(PoisonError::into_inner);
        let view = pins.find(next.view, asked.now).ok_or(SearchError::PageExpired)?;
        pins.keep(&view, asked.now);
        Ok((view, next.from))
    }

    fn token(&self, view: &Arc<View>, from: usize, asked: &SearchParameters) -> String {
        self.index.pins.lock().unwrap_or_else(PoisonError::into_inner).keep(view, asked.now);
        page::encode(&Next { view: view.id, from, asked: self.fingerprint(asked) })
    }

    /// Tells questions apart; who asks belongs to the question, so that a token is of no use to another.
    fn fingerprint(&self, asked: &SearchParameters) -> u64 {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "{:?} {:?} {} {} {:?}",
            asked.query, asked.filters, asked.literal, asked.page_size, self.caller.member
        );
        key_hash(&text)
    }

    fn matches(
        &self,
        (view, statistics): (&View, &OpenStatistics<'_>),
        asked: &SearchParameters,
        words: &[Words],
        from: usize,
    ) -> Result<Matches, SearchError> {
        let filters = [&asked.query.filters, &asked.filters];
        let admission = Admission::new(&view.names, &self.caller, &filters, &asked.query.excluded);
        let order = if asked.query.is_browsing() { Order::Newest } else { Order::Score };
        let mut plan = Plan::new(&view.open.fields, &asked.query, words, &filters, false);
        if is_thin(statistics, &plan)? {
            plan = Plan::new(&view.open.fields, &asked.query, words, &filters, true);
        }
        let question = Question {
            view,
            statistics,
            plan: &plan,
            admission: &admission,
            order,
            limit: RERANKED.max(from + asked.page_size),
            deadline: &asked.deadline,
        };
        let mut matches = question.matches()?;
        if order == Order::Score {
            let reranked = matches.best.len().min(RERANKED);
            question.rerank(&mut matches.best[..reranked], &plan.rerank)?;
        }
        Ok(matches)
    }
}

/// True when so many pairs of ideographs of the query are nowhere that it may be misspelt: then sounds are asked for
/// too. Looks at the open index only, so that the answer tells nothing about the other.
fn is_thin(open: &OpenStatistics<'_>, plan: &Plan) -> Result<bool, SearchError> {
    let mut unknown = 0;
    for term in &plan.bigrams {
        unknown += usize::from(open.doc_freq(term)? == 0);
    }
    Ok(unknown > 0 && unknown * THIN >= plan.bigrams.len())
}

fn hit(view: &View, ranked: &Ranked, matcher: &Matcher, query: &Query) -> Result<Hit, SearchError> {
    let stored = view.stored(ranked.place)?;
    let facts = view.facts(ranked.place);
    let signature = &facts.signature(ranked.place.document).signature;
    Ok(Hit {
        key: key_from_text(&stored.key).ok_or(SearchError::Lost)?,
        kind: signature.kind(),
        title: matcher.whole(&stored.title),
        snippet: matcher.passage([&stored.summary, &stored.body], &stored.facts),
        score: if query.is_browsing() { 0.0 } else { ranked.worth },
        sectors: signature.all(FacetField::Sector).map(str::to_owned).collect(),
        language: signature.all(FacetField::Language).next().unwrap_or_default().to_owned(),
        published_ms: facts.published_ms(ranked.place.document),
        revision: stored.revision,
        tags: stored.tags,
    })
}

fn facets(view: &View, matches: &Matches) -> Vec<Facet> {
    let mut all: Vec<Facet> =
        FacetField::ALL.into_iter().map(|field| Facet { field, counts: Vec::new() }).collect();
    let mut add = |field: FacetField, value: &str, count: u64| {
        if count > 0
            && let Some(facet) = all.iter_mut().find(|facet| facet.field == field)
        {
            facet.counts.push((value.to_owned(), count));
        }
    };
    for (number, field, value) in view.names.facets() {
        add(field, value, matches.facets[number as usize]);
    }
    for (number, count) in (0..).zip(&matches.members) {
        add(FacetField::Member, view.names.members.text(number), *count);
    }
    for facet in &mut all {
        facet.counts.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        facet.counts.truncate(FACET_LIMIT);
    }
    all
}
