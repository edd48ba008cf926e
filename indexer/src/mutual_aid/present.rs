//! Who looks at what at this moment (谁在处理), so that two dispatchers know of each other before they race.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type Seen = BTreeMap<String, BTreeMap<String, u32>>;

/// Who looks at what. Clones share it; it is lost with the process, as the lookers' streams are.
#[derive(Clone, Debug, Default)]
pub(super) struct Present(Arc<Mutex<Seen>>);

/// Somebody looks as long as this lives.
#[derive(Debug)]
pub(super) struct Looking {
    present: Present,
    name: String,
    who: String,
}

impl Present {
    /// Somebody begins to look at `name`.
    pub(super) fn enter(&self, name: &str, who: &str) -> Looking {
        *self.lock().entry(name.to_owned()).or_default().entry(who.to_owned()).or_insert(0) += 1;
        Looking { present: self.clone(), name: name.to_owned(), who: who.to_owned() }
    }

    /// Who looks at `name` now, in order, each once.
    pub(super) fn at(&self, name: &str) -> Vec<String> {
        self.lock().get(name).map(|who| who.keys().cloned().collect()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Every change is whole before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        let mut seen = self.present.lock();
        let Some(who) = seen.get_mut(&self.name) else { return };
        if let Some(count) = who.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                who.remove(&self.who);
            }
        }
        if who.is_empty() {
            seen.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_present_while_they_look() {
        let present = Present::default();
        let first = present.enter("requests/a", "王调度");
        let again = present.enter("requests/a", "王调度");
        let second = present.enter("requests/a", "李调度");
        assert_eq!(present.at("requests/a").len(), 2);
        drop((first, second));
        assert_eq!(present.at("requests/a"), ["王调度"]);
        drop(again);
        assert!(present.at("requests/a").is_empty() && present.lock().is_empty());
    }
}
