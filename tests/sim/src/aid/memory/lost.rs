//! What a hub has forgotten: after a restore, after its files went back without its knowing, and when an old hub goes away
//! again that was in its place.

use std::collections::BTreeSet;

use super::{Memory, Word};
use crate::ledger::Moment;

/// Files of the hub were replaced by older ones, and the hub was not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WentBack {
    at: Moment,
    /// Members whose nodes were told of more than the hub now has: they notice.
    noticed_by: BTreeSet<usize>,
}

impl Memory {
    /// The hub was put back to a copy that was made at this time; its numbers begin beyond this one. What it granted to
    /// dispatchers after the copy nobody can tell it.
    pub fn hub_restored(&mut self, made: Moment, floor: u64) {
        self.forget_since(made);
        self.floors.push(floor);
        self.changes += 1;
    }

    /// The hub's files were replaced by a copy that was made at this time, and the hub was not told: numbers come again
    /// with another meaning until a node tells that it was told of more.
    pub fn hub_went_back(&mut self, made: Moment, at: Moment, noticed_by: BTreeSet<usize>) {
        self.forget_since(made);
        self.assignments.clear();
        self.orders.clear();
        self.went_back.push(WentBack { at, noticed_by });
        self.changes += 1;
    }

    /// An old hub came in the place of the present one.
    pub fn old_hub_came(&mut self) {
        self.changes += 1;
    }

    /// It went; what it granted since it came went with it.
    pub fn old_hub_went(&mut self, came: Moment) {
        self.forget_since(came);
        self.changes += 1;
    }

    fn forget_since(&mut self, made: Moment) {
        let before = self.granted.len();
        self.granted.retain(|_, at| *at <= made);
        self.ordered.retain(|_, at| *at <= made);
        self.certain.retain(|_, at| *at <= made);
        self.lost += (before - self.granted.len()) as u64;
    }

    /// How often another hub took the place of the one before: what one has answered the other may not know.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Did the hub's files ever go back without its knowing?
    #[must_use]
    pub fn ever_went_back(&self) -> bool {
        !self.went_back.is_empty()
    }

    /// Members whose nodes notice that it did.
    pub fn noticed_by(&self) -> impl Iterator<Item = usize> {
        self.went_back.iter().flat_map(|back| back.noticed_by.iter().copied())
    }

    /// May the hub have forgotten a word although its node has an answer? Only when its files went back, and the node was
    /// told of nothing since the copy by which it could notice.
    #[must_use]
    pub fn may_be_forgotten(&self, word: &Word) -> bool {
        self.went_back.iter().any(|back| word.said <= back.at && !back.noticed_by.contains(&word.member))
    }

    /// How often the hub was put back.
    #[must_use]
    pub fn restores(&self) -> usize {
        self.floors.len()
    }

    /// Changes that were lost with the hub's disk.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::wire::{self, AssignmentState};

    use super::{super::tests::shown, *};

    #[test]
    fn a_restored_hub_has_forgotten_what_came_after_the_copy_and_nothing_else() {
        let mut memory = Memory::default();
        memory.saw(&shown(1, AssignmentState::Held, 7), Some(5));
        memory.saw(&shown(3, AssignmentState::Committed, 7), Some(20));
        let later =
            wire::Assignment { name: "assignments/b".to_owned(), ..shown(1, AssignmentState::Held, 8) };
        memory.saw(&later, Some(20));
        memory.granted("kept", 5);
        memory.granted("lost", 20);
        memory.hub_restored(10, 1_000);
        assert_eq!((memory.restores(), memory.lost()), (1, 1));
        assert_eq!(memory.all_granted().collect::<Vec<_>>(), ["kept"]);
        assert_eq!(memory.certain().collect::<Vec<_>>(), ["assignments/a"]);
        // It is held again, in another life of the hub; an old answer may come to light.
        memory.saw(&shown(1_001, AssignmentState::Held, 7), Some(30));
        memory.saw(&shown(4, AssignmentState::Mobilising, 7), None);
        assert_eq!(memory.take_findings(), []);
        memory.saw(&shown(1_001, AssignmentState::Held, 9), Some(31));
        assert_eq!(memory.take_findings()[0].promise, "P7");
    }

    #[test]
    fn a_hub_whose_files_went_back_may_have_forgotten_what_nobody_can_tell_it() {
        let mut memory = Memory::default();
        let order = shown(4, AssignmentState::Held, 7);
        memory.saw(&order, Some(5));
        memory.ordered("", "kept", &order, 5);
        memory.granted("kept", 5);
        memory.granted("lost", 20);
        memory.hub_went_back(10, 30, BTreeSet::from([1]));
        assert_eq!((memory.restores(), memory.changes(), memory.lost()), (0, 1, 1));
        assert_eq!(memory.certain().count(), 1, "it is in the copy");
        // The same numbers come again with another meaning.
        memory.saw(&shown(4, AssignmentState::StoodDown, 7), Some(31));
        memory.ordered("", "other", &order, 32);
        assert_eq!(memory.take_findings(), []);
        let word = |member, said| Word { member, said, hub_away: false };
        assert!(memory.may_be_forgotten(&word(0, 25)) && !memory.may_be_forgotten(&word(0, 31)));
        assert!(!memory.may_be_forgotten(&word(1, 25)), "its node notices, and says it again");
    }

    #[test]
    fn what_an_old_hub_granted_goes_with_it() {
        let mut memory = Memory::default();
        memory.granted("before", 5);
        memory.old_hub_came();
        memory.granted("at the old one", 20);
        memory.old_hub_went(10);
        memory.granted("after", 30);
        assert_eq!(memory.all_granted().collect::<Vec<_>>(), ["after", "before"]);
        assert_eq!(memory.changes(), 2);
    }
}
