//! What helps a caller to ask: suggestions and a likelier spelling, both from what the caller may see.

use std::collections::BTreeSet;

use tantivy::{Term, query::Bm25StatisticsProvider as _};

use super::{
    SearchError,
    admission::{Admission, Scope},
    analysis::runs,
    collect::{Deadline, Order, Question},
    document::Caller,
    index::SearchIndex,
    lexicon::{ScopedLexicon, SoundPair},
    plan::Plan,
    query::Filters,
    scoped::SearchParameters,
    spelling::{Vocabulary, corrected},
    suggest::{Suggestion, suggest},
    view::{OpenStatistics, View},
};

/// Texts of a block of the lexicon in which a likelier spelling is looked for: enough to find what is frequent.
const SAMPLE: usize = 2_000;

pub(super) fn suggestions(
    index: &SearchIndex,
    caller: &Caller,
    typed: &str,
    limit: usize,
) -> Vec<Suggestion> {
    let thesaurus = index.thesaurus.load();
    let terms: Vec<String> = thesaurus.terms().map(str::to_owned).collect();
    index.lexicon.for_caller(caller, |lexicon| suggest(lexicon, &terms, typed, limit))
}

/// A likelier spelling of the query, if there is one.
pub(super) fn spelling(
    index: &SearchIndex,
    caller: &Caller,
    (view, statistics): (&View, &OpenStatistics<'_>),
    asked: &SearchParameters,
) -> Option<String> {
    let SearchParameters { query, deadline, .. } = asked;
    let thesaurus = index.thesaurus.load();
    let terms: Vec<&str> = thesaurus.terms().collect();
    index.lexicon.for_caller(caller, |lexicon| {
        let scope = InScope { lexicon, caller, view, statistics, terms: &terms, deadline };
        corrected(&query.text, &query.words, &scope)
    })
}

struct InScope<'a> {
    lexicon: &'a ScopedLexicon<'a>,
    caller: &'a Caller,
    view: &'a View,
    statistics: &'a OpenStatistics<'a>,
    terms: &'a [&'a str],
    deadline: &'a Deadline,
}

impl InScope<'_> {
    /// True when a publication that the caller may see has the word.
    fn occurs(&self, word: &str) -> Result<bool, SearchError> {
        let term = Term::from_field_text(self.view.open.fields.bigrams, word);
        let admission = Admission::new(&self.view.names, self.caller, &[], &Filters::default());
        if admission.enters(Scope::Open) && self.statistics.doc_freq(&term)? > 0 {
            return Ok(true);
        }
        let plan = Plan::of_term(term);
        let question = Question {
            view: self.view,
            statistics: self.statistics,
            plan: &plan,
            admission: &admission,
            order: Order::Newest,
            limit: 1,
            deadline: self.deadline,
        };
        Ok(question.matches()?.total > 0)
    }
}

impl Vocabulary for InScope<'_> {
    fn is_known(&self, word: &str) -> bool {
        // When it cannot be found out, nothing is proposed.
        self.occurs(word).unwrap_or(true)
    }

    fn texts(&self, pairs: &[SoundPair]) -> Vec<String> {
        let known =
            self.lexicon.with_sounds(pairs, SAMPLE).into_iter().map(|known| known.characters.to_owned());
        let terms =
            self.terms.iter().map(|term| runs(term).into_iter().map(|run| run.text).collect::<String>());
        known.chain(terms.filter(|term| SoundPair::any_in(pairs, term))).collect()
    }

    fn words(&self, fits: &dyn Fn(&str) -> bool) -> Vec<String> {
        let of_terms = self.terms.iter().flat_map(|term| runs(term)).filter(|run| !run.ideographs);
        let of_terms = of_terms.map(|run| run.text).filter(|word| fits(word));
        let mut words: BTreeSet<String> = of_terms.collect();
        words.extend(self.lexicon.words(fits).into_iter().map(str::to_owned));
        words.into_iter().collect()
    }
}
