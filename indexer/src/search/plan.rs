//! From a parsed query to what is looked up in the index.
//!
//! Stage one is one flat OR of bigrams (and of title bigrams at [`TITLE`]), stage two adds single characters at
//! [`RERANK`] to the best: measured against one stage, one field and dictionaries on four judged collections.

use std::collections::BTreeMap;

use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as IndexQuery, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    analysis::{pinyin::sound_pairs, runs},
    exact::{Exact, Part},
    query::{Filters, Query},
    schema::Fields,
};

/// Weight of a bigram in the title, beside its weight in the text. More harms where titles repeat themselves.
const TITLE: f32 = 0.3;
/// Weight of single characters in stage two; every weight from 0.3 to 1.0 gains.
const RERANK: f32 = 0.7;
/// Weight of a pair of sounds, when sounds are asked for.
const SOUND: f32 = 0.3;

/// A term and its weight.
pub(crate) type Weighted = (Term, f32);

/// Words to look up and how much they count: the query's own with 1, the thesaurus's with less.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) weight: f32,
}

/// What is looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Any of them matches; they add up to the score of stage one.
    scoring: Vec<Weighted>,
    /// What stage two adds for the best.
    pub(crate) rerank: Vec<Weighted>,
    /// Texts that must occur, with their terms.
    pub(crate) phrases: Vec<(Exact, Vec<Term>)>,
    /// Texts that must not occur, with their terms; only those that need a look at the text.
    pub(crate) without: Vec<(Exact, Vec<Term>)>,
    /// Of each list one term must be there.
    any_of: Vec<Vec<Term>>,
    /// None of these may be there.
    none_of: Vec<Term>,
    /// The bigrams of ideographs in the query's own words.
    pub(crate) bigrams: Vec<Term>,
}

/// Adds up the weights of equal terms, in a fixed order.
#[derive(Default)]
struct Sum(BTreeMap<(u32, String), f32>);

impl Sum {
    fn add(&mut self, field: Field, text: &str, weight: f32) {
        *self.0.entry((field.field_id(), text.to_owned())).or_default() += weight;
    }

    fn finish(self) -> Vec<Weighted> {
        let term = |((field, text), weight): ((u32, String), f32)| {
            (Term::from_field_text(Field::from_field_id(field), &text), weight)
        };
        self.0.into_iter().map(term).collect()
    }
}

impl Plan {
    /// Plans a query; `words` are the query's own and what the thesaurus added, `sounds` asks for homophones too.
    pub(crate) fn new(
        fields: &Fields,
        query: &Query,
        words: &[Words],
        filters: &[&Filters],
        sounds: bool,
    ) -> Self {
        let mut plan = Self::default();
        let (mut scoring, mut rerank) = (Sum::default(), Sum::default());
        for Words { text, weight } in words {
            add_words(fields, text, *weight, &mut scoring, &mut rerank);
            if sounds {
                for pair in sound_pairs(text) {
                    scoring.add(fields.sounds, &pair, SOUND * weight);
                }
            }
        }
        for phrase in &query.phrases {
            add_words(fields, phrase, 1.0, &mut scoring, &mut rerank);
            plan.phrases.push(exact(fields, phrase));
        }
        plan.scoring = scoring.finish();
        plan.rerank = rerank.finish();
        for text in &query.without {
            let (exact, terms) = exact(fields, text);
            if exact.is_certain() {
                plan.none_of.extend(terms);
            } else {
                plan.without.push((exact, terms));
            }
        }
        for filter in filters {
            plan.any_of.extend(
                [(fields.standard, &filter.standards), (fields.tag, &filter.tags)]
                    .into_iter()
                    .filter(|(_, keys)| !keys.is_empty())
                    .map(|(field, keys)| keys.iter().map(|key| Term::from_field_text(field, key)).collect()),
            );
        }
        let excluded = &query.excluded;
        plan.none_of.extend(excluded.standards.iter().map(|key| Term::from_field_text(fields.standard, key)));
        plan.none_of.extend(excluded.tags.iter().map(|key| Term::from_field_text(fields.tag, key)));
        plan.bigrams = runs(&query.words)
            .iter()
            .filter(|run| run.ideographs)
            .flat_map(|run| Exact::new(&run.text).parts())
            .filter_map(|part| match part {
                Part::Bigram(text) => Some(Term::from_field_text(fields.bigrams, &text)),
                Part::Single(_) => None,
            })
            .collect();
        plan
    }

    /// For publications that have one term, unranked.
    pub(crate) fn of_term(term: Term) -> Self {
        Self { any_of: vec![vec![term]], ..Self::default() }
    }

    /// As a query of the index.
    pub(crate) fn query(&self) -> Box<dyn IndexQuery> {
        let scoring: Vec<_> = self.scoring.iter().map(|weighted| (Occur::Should, scored(weighted))).collect();
        let mut clauses: Vec<(Occur, Box<dyn IndexQuery>)> = Vec::new();
        for terms in self.phrases.iter().map(|(_, terms)| terms) {
            clauses.extend(terms.iter().map(|term| (Occur::Must, unscored(present(term)))));
        }
        for terms in &self.any_of {
            let any = terms.iter().map(|term| (Occur::Should, present(term))).collect();
            clauses.push((Occur::Must, unscored(Box::new(BooleanQuery::new(any)))));
        }
        clauses.extend(self.none_of.iter().map(|term| (Occur::MustNot, present(term))));
        match (scoring.is_empty(), clauses.is_empty()) {
            (true, true) => Box::new(AllQuery),
            (false, true) => Box::new(BooleanQuery::new(scoring)),
            (true, false) => {
                clauses.push((Occur::Must, unscored(Box::new(AllQuery))));
                Box::new(BooleanQuery::new(clauses))
            }
            // With a phrase the words only rank; without one, one of them must match.
            (false, false) if self.phrases.is_empty() => {
                clauses.push((Occur::Must, Box::new(BooleanQuery::new(scoring))));
                Box::new(BooleanQuery::new(clauses))
            }
            (false, false) => {
                clauses.extend(scoring);
                Box::new(BooleanQuery::new(clauses))
            }
        }
    }
}

fn add_words(fields: &Fields, text: &str, weight: f32, scoring: &mut Sum, rerank: &mut Sum) {
    for run in runs(text) {
        for part in Exact::new(&run.text).parts() {
            match part {
                Part::Bigram(word) => {
                    scoring.add(fields.bigrams, &word, weight);
                    scoring.add(fields.title_bigrams, &word, TITLE * weight);
                }
                Part::Single(word) => scoring.add(fields.singles, &word, weight),
            }
        }
        if run.ideographs {
            for one in run.text.chars() {
                rerank.add(fields.singles, one.encode_utf8(&mut [0; 4]), RERANK * weight);
            }
        } else {
            rerank.add(fields.singles, &run.text, RERANK * weight);
        }
    }
}

fn exact(fields: &Fields, text: &str) -> (Exact, Vec<Term>) {
    let exact = Exact::new(text);
    let terms = exact
        .parts()
        .into_iter()
        .map(|part| match part {
            Part::Bigram(text) => Term::from_field_text(fields.bigrams, &text),
            Part::Single(text) => Term::from_field_text(fields.singles, &text),
        })
        .collect();
    (exact, terms)
}

fn present(term: &Term) -> Box<dyn IndexQuery> {
    Box::new(TermQuery::new(term.clone(), IndexRecordOption::Basic))
}

fn unscored(query: Box<dyn IndexQuery>) -> Box<dyn IndexQuery> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn scored((term, weight): &Weighted) -> Box<dyn IndexQuery> {
    let query = Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs));
    if (*weight - 1.0).abs() < f32::EPSILON { query } else { Box::new(BoostQuery::new(query, *weight)) }
}
