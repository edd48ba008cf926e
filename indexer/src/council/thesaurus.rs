//! Groups of terms that mean the same, kept by the council.

use std::{collections::BTreeSet, sync::Arc};

use arc_swap::ArcSwap;
use shouwang_proto::{
    publication::text::TextRule,
    refusal::{Refusal, Violations},
};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use super::roster::POLL_EVERY;
use crate::store::{self, Store, StoreError};

/// Fewest and most terms of a group.
const TERMS: std::ops::RangeInclusive<usize> = 2..=16;
/// Length of a term in characters.
const TERM: TextRule = TextRule::line(1, 60);
/// Most groups: the search room holds them all in memory.
pub const GROUPS_LIMIT: u64 = 10_000;

/// Terms that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThesaurusGroup {
    /// Its id.
    pub id: Uuid,
    /// 2 to 16 different terms.
    pub terms: Vec<String>,
}

/// Checks the terms of a group: trimmed, 2 to 16, each 1 to 60 characters, no two alike but for case.
///
/// # Errors
/// INVALID_ARGUMENT with every wrong term.
pub fn check_terms(terms: &[String]) -> Result<Vec<String>, Refusal> {
    let mut violations = Violations::new();
    if !TERMS.contains(&terms.len()) {
        violations
            .add("group.terms", format!("has {} terms, must have 2 to 16 （须有 2–16 个词）", terms.len()));
        return Err(violations.into_refusal());
    }
    let mut seen = BTreeSet::new();
    let mut clean = Vec::with_capacity(terms.len());
    for (index, term) in terms.iter().enumerate() {
        let field = format!("group.terms[{index}]");
        let term = TERM.read(&field, term, &mut violations);
        if !seen.insert(term.to_lowercase()) {
            violations.add(field, "stands in this group already （本组已有该词）");
        }
        clean.push(term);
    }
    violations.finish(|| Some(clean))
}

/// The thesaurus as it is now, shared. A clone is another handle to the same.
#[derive(Clone, Debug)]
pub struct ThesaurusBook {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    groups: ArcSwap<Vec<ThesaurusGroup>>,
    version: watch::Sender<u64>,
    reloading: Mutex<()>,
}

impl ThesaurusBook {
    /// Reads the thesaurus from the store.
    ///
    /// # Errors
    /// What the store said.
    pub async fn load(store: Store) -> Result<Self, StoreError> {
        let (version, groups) = store
            .read(async |conn| {
                let version = store::thesaurus::thesaurus_version(conn).await?;
                Ok((version, store::thesaurus::thesaurus_read(conn).await?))
            })
            .await?;
        let (version, _) = watch::channel(version);
        let groups = ArcSwap::from_pointee(groups);
        Ok(Self { shared: Arc::new(Shared { store, groups, version, reloading: Mutex::new(()) }) })
    }

    /// All groups, by id.
    #[must_use]
    pub fn groups(&self) -> Arc<Vec<ThesaurusGroup>> {
        self.shared.groups.load_full()
    }

    /// Tells of each new version, after [`Self::groups`] already gives it.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.version.subscribe()
    }

    /// Brings the thesaurus up to date right after a change was committed; [`Self::follow`] tries again when the store
    /// does not answer now.
    pub async fn refresh(&self) {
        if let Err(error) = self.reload().await {
            tracing::error!(%error, "a change of the thesaurus is saved and not yet in use");
        }
    }

    /// Reads the thesaurus again if it changed.
    ///
    /// # Errors
    /// What the store said; the thesaurus then stays as it was.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let shared = &*self.shared;
        let _one_at_a_time = shared.reloading.lock().await;
        let known = *shared.version.borrow();
        let newer = shared
            .store
            .read(async move |conn| {
                let version = store::thesaurus::thesaurus_version(conn).await?;
                if version == known {
                    return Ok(None);
                }
                Ok(Some((version, store::thesaurus::thesaurus_read(conn).await?)))
            })
            .await?;
        if let Some((version, groups)) = newer {
            shared.groups.store(Arc::new(groups));
            shared.version.send_replace(version);
        }
        Ok(())
    }

    /// Looks for changes made elsewhere, for ever.
    pub async fn follow(self) {
        let mut failing = false;
        loop {
            tokio::time::sleep(POLL_EVERY).await;
            let result = self.reload().await;
            if let (Err(error), false) = (&result, failing) {
                tracing::error!(%error, "the thesaurus cannot be read; the last one known stays in use");
            }
            failing = result.is_err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(terms: &[&str], expected: Result<&[&str], &[&str]>) {
        let terms: Vec<_> = terms.iter().map(|&term| term.to_owned()).collect();
        match (check_terms(&terms), expected) {
            (Ok(clean), Ok(expected)) => assert_eq!(clean, expected),
            (Err(refusal), Err(expected)) => {
                let fields: Vec<_> = refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect();
                assert_eq!(fields, expected);
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn terms_are_cleaned_and_checked_all_at_once() {
        check(&[" 有限空间 ", "Confined Space"], Ok(&["有限空间", "Confined Space"]));
        check(&["动火"], Err(&["group.terms"]));
        check(&["动火"; 17], Err(&["group.terms"]));
        check(
            &["动火", "动火 ", "", "Hot\u{202e}work"],
            Err(&["group.terms[1]", "group.terms[2]", "group.terms[3]"]),
        );
        check(&["LOTO", "loto"], Err(&["group.terms[1]"]));
    }
}
