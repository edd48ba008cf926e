//! Which hub is this? Its number rises with every restore from a backup; but two restores of one backup take the same
//! number. So each restore also has random bytes of its own, its incarnation, and a node never goes back to one that
//! another has taken the place of.

use std::collections::BTreeSet;

/// Random bytes that a restore of a hub makes; zeros when the hub is too old to say any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incarnation(pub [u8; 16]);

impl Incarnation {
    /// From the wire or a row: 16 bytes, or none at all.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() { Some(Self::default()) } else { bytes.try_into().ok().map(Self) }
    }

    /// Did the hub say one?
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Self::default()
    }
}

/// What a hub shows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubShown {
    /// Rises with every restore from a backup.
    pub epoch: u64,
    /// Tells two restores of one backup apart.
    pub incarnation: Incarnation,
}

/// What a node remembers of the hubs that it has met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HubMemory {
    /// The last one.
    pub last: HubShown,
    /// Those that another has taken the place of.
    pub left: BTreeSet<Incarnation>,
}

/// What a hub is to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HubJudged {
    /// The one it knows.
    Known,
    /// One that has taken the place of the one it knows.
    New,
    /// One that another has taken the place of: an old copy come back to life.
    Old,
}

impl HubMemory {
    /// What this hub is.
    #[must_use]
    pub fn judge(&self, shown: HubShown) -> HubJudged {
        let HubShown { epoch, incarnation } = self.last;
        if shown.epoch < epoch || self.left.contains(&shown.incarnation) {
            return HubJudged::Old;
        }
        let is_same = shown.incarnation == incarnation || !shown.incarnation.is_known();
        if shown.epoch == epoch && is_same { HubJudged::Known } else { HubJudged::New }
    }

    /// Goes on with a hub that was judged as new.
    pub fn follow(&mut self, shown: HubShown) {
        if self.last.incarnation.is_known() && self.last.incarnation != shown.incarnation {
            self.left.insert(self.last.incarnation);
        }
        self.last = shown;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hub(epoch: u64, byte: u8) -> HubShown {
        HubShown { epoch, incarnation: Incarnation([byte; 16]) }
    }

    #[track_caller]
    fn check(met: &[HubShown], shown: HubShown, expected: HubJudged) {
        let mut memory = HubMemory::default();
        for hub in met {
            assert_ne!(memory.judge(*hub), HubJudged::Old);
            memory.follow(*hub);
        }
        assert_eq!(memory.judge(shown), expected);
    }

    #[test]
    fn two_restores_of_one_backup_are_told_apart() {
        check(&[], hub(1, 1), HubJudged::New);
        check(&[hub(1, 1)], hub(1, 1), HubJudged::Known);
        check(&[hub(1, 1)], hub(2, 2), HubJudged::New);
        check(&[hub(1, 1), hub(2, 2)], hub(1, 1), HubJudged::Old);
        // The second restore has the number of the first.
        check(&[hub(1, 1), hub(2, 2)], hub(2, 3), HubJudged::New);
        check(&[hub(1, 1), hub(2, 2), hub(2, 3)], hub(2, 3), HubJudged::Known);
        check(&[hub(1, 1), hub(2, 2), hub(2, 3)], hub(2, 2), HubJudged::Old);
    }

    #[test]
    fn a_hub_that_says_no_incarnation_is_known_by_its_number() {
        check(&[hub(3, 0)], hub(3, 0), HubJudged::Known);
        check(&[hub(3, 1)], hub(3, 0), HubJudged::Known);
        check(&[hub(3, 0)], hub(3, 1), HubJudged::New);
        check(&[hub(3, 0)], hub(2, 0), HubJudged::Old);
        check(&[hub(3, 1)], hub(4, 0), HubJudged::New);
    }

    proptest! {
        /// However hubs come and go: the one that was left is never followed again.
        #[test]
        fn nobody_goes_back(shown in proptest::collection::vec((1_u64..4, 1_u8..5), 1..30)) {
            let mut memory = HubMemory::default();
            let mut left: Vec<HubShown> = Vec::new();
            for (epoch, byte) in shown {
                let shown = hub(epoch, byte);
                let judged = memory.judge(shown);
                if left.contains(&shown) {
                    prop_assert_eq!(judged, HubJudged::Old);
                }
                if judged == HubJudged::New {
                    left.push(memory.last);
                    memory.follow(shown);
                }
            }
        }
    }
}
