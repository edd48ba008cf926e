//! The thesaurus: groups of terms that mean the same, edited by the council while the hub runs. Pure.

use super::{
    analysis::{folded, runs},
    exact::Exact,
};

/// Most texts that one query gets from the thesaurus.
const ADDED_LIMIT: usize = 8;

/// A term of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Synonym {
    /// The term, in any script.
    pub text: String,
    /// How much it counts when another term of the group was asked for: above 0, at most 1.
    pub weight: f32,
}

impl Synonym {
    /// Weight of a term for which the council gives none.
    pub const USUAL_WEIGHT: f32 = 0.5;
}

/// Groups of terms that mean the same.
#[derive(Clone, Debug, Default)]
pub struct Thesaurus {
    groups: Vec<Vec<(Synonym, Exact)>>,
}

/// What the thesaurus adds to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// The term as the council wrote it.
    pub text: String,
    /// Its weight.
    pub weight: f32,
}

impl Thesaurus {
    /// From groups; terms without letters, digits or ideographs are left out, weights are brought into 0 to 1.
    #[must_use]
    pub fn new(groups: impl IntoIterator<Item = Vec<Synonym>>) -> Self {
        let group = |terms: Vec<Synonym>| -> Vec<(Synonym, Exact)> {
            terms
                .into_iter()
                .filter(|term| !runs(&term.text).is_empty() && term.weight > 0.0)
                .map(|term| {
                    (Synonym { weight: term.weight.min(1.0), ..term.clone() }, Exact::new(&term.text))
                })
                .collect()
        };
        Self { groups: groups.into_iter().map(group).filter(|group| group.len() > 1).collect() }
    }

    /// What else to look for when somebody looks for `words`: the other terms of every group of which a term occurs.
    #[must_use]
    pub fn also(&self, words: &str) -> Vec<Added> {
        let asked = runs(words);
        let mut added: Vec<Added> = Vec::new();
        for group in &self.groups {
            let is_asked: Vec<bool> = group.iter().map(|(_, exact)| exact.is_among(&asked)).collect();
            if !is_asked.contains(&true) {
                continue;
            }
            for ((term, _), _) in group.iter().zip(is_asked).filter(|(_, is_asked)| !is_asked) {
                let known = added.iter().any(|other| folded(&other.text) == folded(&term.text));
                if !known && added.len() < ADDED_LIMIT {
                    added.push(Added { text: term.text.clone(), weight: term.weight });
                }
            }
        }
        added
    }

    /// All terms, group by group.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(|(term, _)| term.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thesaurus() -> Thesaurus {
        let group = |terms: &[&str]| {
            terms.iter().map(|text| Synonym { text: (*text).to_owned(), weight: 0.5 }).collect::<Vec<_>>()
        };
        Thesaurus::new([
            group(&["有限空间", "受限空间", "confined space"]),
            group(&["上锁挂牌", "LOTO", "能量隔离"]),
            group(&["危险预知训练", "KYT"]),
            group(&["alone"]),
            group(&["！", "？"]),
        ])
    }

    #[track_caller]
    fn check(words: &str, expected: &str) {
        let added: Vec<String> = thesaurus().also(words).into_iter().map(|added| added.text).collect();
        assert_eq!(added.join(" / "), expected, "{words}");
    }

    #[test]
    fn other_terms_of_the_group_are_added() {
        check("有限空间通风检测", "受限空间 / confined space");
        check("受限空間", "有限空间 / confined space");
        check("Confined-Space entry", "有限空间 / 受限空间");
        check("有限空间和受限空间", "confined space");
        check("loto 有限空间", "受限空间 / confined space / 上锁挂牌 / 能量隔离");
        check("kyt", "危险预知训练");
        check("kyts space confined", "");
        check("有限 空间", "");
        check("alone", "");
        check("", "");
    }
}
