//! How good a ranking is.

use std::collections::HashMap;

use super::Collection;

/// For each question, ids of texts, best first, at most 100.
pub type Run = HashMap<String, Vec<String>>;

/// Averages over the questions of a collection, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Normalised discounted cumulative gain of the first ten; a grade g gains 2^g − 1.
    pub ndcg_10: f64,
    /// Share of the judged texts among the first hundred.
    pub recall_100: f64,
    /// One divided by the place of the first judged text, 0 when it is not among the first ten.
    pub mrr_10: f64,
}

fn gain(grade: u32) -> f64 {
    f64::from((1_u32 << grade.min(16)) - 1)
}

fn discounted(grades: impl Iterator<Item = u32>) -> f64 {
    (2..).zip(grades.take(10)).map(|(place, grade)| gain(grade) / f64::from(place).log2()).sum()
}

/// Measures a run.
#[must_use]
pub fn measure(collection: &Collection, run: &Run) -> Measured {
    let mut sum = Measured::default();
    for question in &collection.questions {
        let grades = &collection.grades[&question.id];
        let nothing = Vec::new();
        let found = run.get(&question.id).unwrap_or(&nothing);
        let grade = |id: &String| grades.get(id).copied().unwrap_or(0);
        let mut ideal: Vec<u32> = grades.values().copied().collect();
        ideal.sort_unstable_by(|one, other| other.cmp(one));
        sum.ndcg_10 += discounted(found.iter().map(grade)) / discounted(ideal.into_iter());
        let judged = found.iter().take(100).filter(|id| grades.contains_key(*id)).count();
        sum.recall_100 += judged as f64 / grades.len() as f64;
        sum.mrr_10 += found.iter().take(10).position(|id| grades.contains_key(id)).map_or(0.0, |at| 1.0 / (at as f64 + 1.0));
    }
    let questions = collection.questions.len() as f64;
    Measured {
        ndcg_10: sum.ndcg_10 / questions,
        recall_100: sum.recall_100 / questions,
        mrr_10: sum.mrr_10 / questions,
    }
}

/// For each question, its nDCG@10 in one run and in another, to see which questions differ.
#[must_use]
pub fn by_question(collection: &Collection, run: &Run) -> HashMap<String, f64> {
    let one = |question: &super::collection::Question| {
        let only = Collection { questions: vec![question.clone()], ..collection.clone_without_texts() };
        (question.id.clone(), measure(&only, run).ndcg_10)
    };
    collection.questions.iter().map(one).collect()
}

impl Collection {
    fn clone_without_texts(&self) -> Self {
        Self {
            name: self.name.clone(),
            texts: Vec::new(),
            questions: Vec::new(),
            grades: self.grades.clone(),
            thesaurus: Vec::new(),
        }
    }
}
