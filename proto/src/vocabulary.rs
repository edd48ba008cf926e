//! The vocabularies: versioned lists of codes with Chinese and English names.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// One term of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Stable code.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Code that replaces it in a newer edition.
    #[serde(default)]
    pub replaced_by: Option<String>,
}

/// One list in one edition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Stable id.
    pub list: String,
    /// Edition, the standard's number and year where there is one.
    pub edition: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Where it comes from.
    pub source: String,
    /// Its terms, in the order of the source.
    pub terms: Vec<Term>,
}

#[derive(Deserialize)]
struct File {
    lists: Vec<List>,
}

static LISTS: LazyLock<BTreeMap<String, List>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the program and read by a test")]
    let file: File =
        serde_json::from_str(include_str!("../data/vocabulary.json")).expect("vocabulary.json is valid");
    file.lists.into_iter().map(|list| (list.list.clone(), list)).collect()
});

/// A list by its id: `sector`, `hazard`, `operation`, `course-format`, `resource-kind`, `accident-level`, `decline-reason` or
/// `drill-kind`.
#[must_use]
pub fn list(id: &str) -> Option<&'static List> {
    LISTS.get(id)
}

/// A term by its list and code.
#[must_use]
pub fn term(list_id: &str, code: &str) -> Option<&'static Term> {
    list(list_id)?.terms.iter().find(|term| term.code == code)
}

/// The code of a term that people wrote as its code or its Chinese or English name; case of letters does not matter.
#[must_use]
pub fn code_of(list_id: &str, written: &str) -> Option<&'static str> {
    let written = written.trim();
    list(list_id)?
        .terms
        .iter()
        .find(|term| term.code == written || term.zh == written || term.en.eq_ignore_ascii_case(written))
        .map(|term| term.code.as_str())
}

/// All lists, by id.
pub fn lists() -> impl Iterator<Item = &'static List> {
    LISTS.values()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_list_has_unique_codes_and_names() {
        for list in lists() {
            for name in [
                |term: &Term| term.code.clone(),
                |term: &Term| term.zh.clone(),
                |term: &Term| term.en.clone(),
            ] {
                let names: BTreeSet<_> = list.terms.iter().map(name).collect();
                assert_eq!(names.len(), list.terms.len(), "{}", list.list);
            }
        }
        assert_eq!(list("hazard").unwrap().terms.len(), 27);
        assert_eq!(list("operation").unwrap().terms.len(), 8);
    }

    #[test]
    fn people_may_write_codes_or_names() {
        assert_eq!(code_of("operation", "动火作业"), Some("hot-work"));
        assert_eq!(code_of("operation", "HOT WORK"), Some("hot-work"));
        assert_eq!(code_of("operation", "hot-work"), Some("hot-work"));
        assert_eq!(code_of("operation", "烧烤"), None);
    }
}
