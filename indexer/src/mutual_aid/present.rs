//! Who looks at what at this moment (谁在处理), so that two dispatchers know of each other before they race.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// How long somebody counts who has only glanced: a page without a stream.
const GLANCE: SignedDuration = SignedDuration::from_secs(30);

#[derive(Debug, Default)]
struct Seen {
    /// By what is looked at, and by whom: how many streams.
    looking: BTreeMap<String, BTreeMap<String, u32>>,
    /// By what was looked at, and by whom: when last.
    glanced: BTreeMap<(String, String), Timestamp>,
}

/// Who looks at what. Clones share it; it is lost with the process, as the lookers' streams are.
#[derive(Clone, Debug, Default)]
pub(super) struct Present(Arc<Mutex<Seen>>);

/// Somebody looks as long as this lives.
#[derive(Debug)]
pub struct Looking {
    present: Present,
    name: String,
    who: String,
}

impl Present {
    /// Somebody begins to look at `name`.
    pub(super) fn enter(&self, name: &str, who: &str) -> Looking {
        *self.lock().looking.entry(name.to_owned()).or_default().entry(who.to_owned()).or_insert(0) += 1;
        Looking { present: self.clone(), name: name.to_owned(), who: who.to_owned() }
    }

    /// Somebody has looked at `name` once. What is too old is forgotten, so that this does not grow.
    pub(super) fn glance(&self, name: &str, who: &str, now: Timestamp) {
        let mut seen = self.lock();
        seen.glanced.retain(|_, then| now.duration_since(*then) < GLANCE);
        seen.glanced.insert((name.to_owned(), who.to_owned()), now);
    }

    /// Who looks at `name` now, in order, each once.
    pub(super) fn at(&self, name: &str, now: Timestamp) -> Vec<String> {
        let seen = self.lock();
        let looking = seen.looking.get(name).into_iter().flatten().map(|(who, _)| who.clone());
        let glanced = seen
            .glanced
            .iter()
            .filter(|((what, _), then)| what == name && now.duration_since(**then) < GLANCE);
        let all: BTreeSet<_> = looking.chain(glanced.map(|((_, who), _)| who.clone())).collect();
        all.into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Every change is whole before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        let mut seen = self.present.lock();
        let Some(who) = seen.looking.get_mut(&self.name) else { return };
        if let Some(count) = who.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                who.remove(&self.who);
            }
        }
        if who.is_empty() {
            seen.looking.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_present_while_they_look() {
        let (present, now) = (Present::default(), Timestamp::UNIX_EPOCH);
        let first = present.enter("requests/a", "王调度");
        let again = present.enter("requests/a", "王调度");
        let second = present.enter("requests/a", "李调度");
        assert_eq!(present.at("requests/a", now).len(), 2);
        drop((first, second));
        assert_eq!(present.at("requests/a", now), ["王调度"]);
        drop(again);
        assert!(present.at("requests/a", now).is_empty() && present.lock().looking.is_empty());
    }

    #[test]
    fn a_glance_counts_for_half_a_minute() {
        let (present, now) = (Present::default(), Timestamp::UNIX_EPOCH);
        let later = |seconds| now + SignedDuration::from_secs(seconds);
        present.glance("requests/a", "王调度", now);
        let looking = present.enter("requests/a", "王调度");
        assert_eq!(present.at("requests/a", later(29)), ["王调度"], "once, whichever way");
        drop(looking);
        assert_eq!(present.at("requests/a", later(29)), ["王调度"]);
        assert!(present.at("requests/a", later(30)).is_empty());
        assert!(present.at("requests/b", now).is_empty());
        present.glance("requests/b", "李调度", later(40));
        assert_eq!(present.lock().glanced.len(), 1, "what is old is forgotten");
    }
}
