//! What must be true of a member whose log has parted and was mended: what somebody saw at the hub stands, and what its
//! people did last at the node that is left is what readers find, perhaps in another revision.

use super::{Key, Ledger, could_leave};
use crate::model::{Effect, Shelf, Wish};

/// What a publication's part of a mended log may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Seen at the hub: stands there to the letter, and first.
    pub seen: Vec<Effect>,
    /// Everything that was granted, in order, and what may have been.
    pub all: Vec<Effect>,
    /// So many of `all` are not lost: the last effect is one from there on.
    pub sure: usize,
    /// Was still open when the node went back to an older disk.
    pub late: Option<Wish>,
}

/// The same apart from revisions, which a mended log counts anew.
fn alike(one: Effect, other: Effect) -> bool {
    match (one, other) {
        (Effect::Put { version: one, .. }, Effect::Put { version: other, .. }) => one == other,
        (Effect::Withdraw { .. }, Effect::Withdraw { .. }) => true,
        (Effect::Put { .. }, Effect::Withdraw { .. }) | (Effect::Withdraw { .. }, Effect::Put { .. }) => {
            false
        }
    }
}

/// How a publication may stand before a wish: as its people know it. At a node whose log was mended, what was published
/// and taken back without the hub having heard of it is a draft again.
pub(super) fn stands(shelf: Shelf, mended: bool) -> impl Iterator<Item = Shelf> {
    let draft = match shelf {
        Shelf::Withdrawn { version, .. } if mended => Some(Shelf::Draft { version }),
        Shelf::Withdrawn { .. } | Shelf::Absent | Shelf::Draft { .. } | Shelf::Published { .. } => None,
    };
    std::iter::once(shelf).chain(draft)
}

impl Mended {
    /// True when a log that says this of the publication keeps every promise.
    #[must_use]
    pub fn allows(&self, log: &[Effect]) -> bool {
        if !log.starts_with(&self.seen) {
            return false;
        }
        let late =
            log.split_last().filter(|(last, _)| self.late.is_some_and(|wish| could_leave(wish, **last)));
        self.ends_well(log) || late.is_some_and(|(_, before)| self.is_in_order(before, self.all.len()))
    }

    /// The last effect is one of those that nobody lost, and the others come before it in their order.
    fn ends_well(&self, log: &[Effect]) -> bool {
        let Some((last, before)) = log.split_last() else {
            // Never published, or taken back before the hub heard of it.
            let ends: Vec<_> = self.all.iter().skip(self.sure.saturating_sub(1)).collect();
            return self.sure == 0 || ends.iter().any(|effect| matches!(effect, Effect::Withdraw { .. }));
        };
        let from = self.sure.saturating_sub(1);
        (from..self.all.len()).any(|at| alike(*last, self.all[at]) && self.is_in_order(before, at))
    }

    /// Each effect is one of the first so many that were granted, and later ones are never followed by earlier ones.
    fn is_in_order(&self, log: &[Effect], mut until: usize) -> bool {
        log.iter().rev().all(|effect| {
            let found = self.all[..until].iter().rposition(|granted| alike(*effect, *granted));
            found.is_some_and(|at| {
                until = at;
                true
            })
        })
    }
}

impl Ledger {
    /// What a mended log may say of a publication. What was done at the node that is left is not lost, also when two
    /// machines wrote; of a copy that is gone, only what reached the hub is there.
    #[must_use]
    pub fn mended(&self, key: &Key, at_a_copy: bool) -> Mended {
        let Some(track) = self.tracks.get(key) else { return Mended::default() };
        let all = track.done.iter().filter_map(|done| done.effect);
        let open = track.open.and_then(|wish| track.shelf.step(wish).ok()).and_then(|step| step.effect);
        let sure = if at_a_copy {
            self.admissible(key).must.len()
        } else {
            let kept = track.kept.unwrap_or(track.done.len());
            track.done[..kept].iter().filter(|done| done.effect.is_some()).count()
        };
        Mended {
            seen: self.admissible_at_hub(key).must,
            all: all.chain(open).collect(),
            sure,
            late: track.open.filter(|_| track.kept.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(version: u32, revision: u64) -> Effect {
        Effect::Put { version, revision }
    }

    const BACK: Effect = Effect::Withdraw { revision: 1 };

    #[track_caller]
    fn check(seen: &[Effect], all: &[Effect], sure: usize, log: &[Effect], expected: bool) {
        let mended = Mended { seen: seen.to_vec(), all: all.to_vec(), sure, late: None };
        assert_eq!(mended.allows(log), expected, "{mended:?} {log:?}");
    }

    #[test]
    fn what_was_done_last_stands_and_nothing_else_comes_after_it() {
        let all = [put(1, 1), put(2, 2), put(3, 3)];
        check(&[], &all, 3, &all, true);
        check(&[put(1, 1)], &all, 3, &[put(1, 1), put(3, 2)], true);
        check(&[put(1, 1)], &all, 3, &[put(3, 2)], false); // what was seen is gone
        check(&[put(1, 1)], &all, 3, &[put(1, 1), put(2, 2)], false); // the last was lost
        check(&[put(1, 1)], &all, 2, &[put(1, 1), put(2, 2)], true);
        check(&[], &all, 3, &[put(3, 1), put(2, 2), put(3, 3)], false); // backwards
        check(&[], &all, 3, &[put(1, 1), put(4, 2)], false); // invented
        check(&[], &all, 3, &[], false);
        check(&[], &all, 0, &[], true);
    }

    #[test]
    fn what_was_taken_back_is_taken_back_or_was_never_there() {
        let all = [put(1, 1), BACK];
        check(&[], &all, 2, &[], true);
        check(&[put(1, 1)], &all, 2, &[put(1, 1), BACK], true);
        check(&[put(1, 1)], &all, 2, &[put(1, 1)], false);
        check(&[], &[put(1, 1), BACK, put(1, 2)], 3, &[put(1, 2)], true);
    }

    #[test]
    fn what_was_open_may_come_late() {
        let late = Some(Wish::Revise { version: 9 });
        let mended = Mended { seen: vec![put(1, 1)], all: vec![put(1, 1)], sure: 1, late };
        assert!(mended.allows(&[put(1, 1), put(9, 2)]));
        assert!(!mended.allows(&[put(1, 1), put(8, 2)]));
    }
}
