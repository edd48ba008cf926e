//! What people were told of an emergency, and what follows from it for ever: states only go forward, every order has a
//! number of its own, and what was granted stands or was followed by something later.

mod lost;

use std::collections::BTreeMap;

use shouwang_proto::wire::{self, AssignmentState};

use self::lost::WentBack;
use crate::{ledger::Moment, stage::Violation};

/// A resource that can be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `members/{member}/publications/{uuid}`.
    pub name: String,
    /// Number of the owner.
    pub owner: usize,
    /// UCUM unit.
    pub unit: String,
    /// What its owner lends.
    pub quota: u64,
}

/// An assignment in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// State.
    pub state: AssignmentState,
    /// Quantity.
    pub quantity: u64,
    /// Number of the order.
    pub epoch: u64,
}

/// A word that a node has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Number of the member.
    pub member: usize,
    /// True when the hub was away at that moment.
    pub hub_away: bool,
    /// When.
    pub said: Moment,
}

/// Everything people were told.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    resources: Vec<Resource>,
    assignments: BTreeMap<String, BTreeMap<u64, Version>>,
    /// Shown before the copy was made that the hub was put back to, so that it has to know them.
    certain: BTreeMap<String, Moment>,
    /// Where versions begin after each restore of the hub.
    floors: Vec<u64>,
    went_back: Vec<WentBack>,
    /// How often another hub took the place of the one before.
    changes: usize,
    /// By ledger (resource and drill) and number: the request that was answered with this order.
    orders: BTreeMap<(String, String), BTreeMap<u64, String>>,
    /// Those that the hub has to know.
    ordered: BTreeMap<String, Moment>,
    words: BTreeMap<String, Word>,
    /// Changes that the hub granted to dispatchers and has to know, by request id.
    granted: BTreeMap<String, Moment>,
    lost: u64,
    findings: Vec<Violation>,
    acked: u64,
    unknown: u64,
}

impl Memory {
    /// What can be ordered.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Something can be ordered.
    pub fn add_resource(&mut self, resource: Resource) {
        self.resources.push(resource);
    }

    /// Answers that granted something.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Changes of which nobody knows whether they happened.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Somebody gave up asking what became of a change.
    pub fn abandoned(&mut self) {
        self.unknown += 1;
    }

    /// A change was granted to a dispatcher.
    pub fn granted(&mut self, request_id: &str, now: Moment) {
        self.acked += 1;
        self.granted.insert(request_id.to_owned(), now);
    }

    /// In which life of the hub an assignment had this version.
    #[must_use]
    pub fn life(&self, version: u64) -> usize {
        self.floors.iter().filter(|floor| **floor < version).count()
    }

    /// Every change that was granted to dispatchers, by request id.
    pub fn all_granted(&self) -> impl Iterator<Item = &String> {
        self.granted.keys()
    }

    /// Every order that was granted, by request id.
    pub fn all_ordered(&self) -> impl Iterator<Item = &String> {
        self.ordered.keys()
    }

    /// A node has taken a word of its people.
    pub fn said(&mut self, command_id: &str, word: Word) {
        self.acked += 1;
        self.words.entry(command_id.to_owned()).or_insert(word);
    }

    /// Every word that a node has taken, by command id.
    pub fn words(&self) -> impl Iterator<Item = (&String, &Word)> {
        self.words.iter()
    }

    /// An order was granted. `drill`: the incident of a drill, empty for a real one.
    pub fn ordered(&mut self, drill: &str, request_id: &str, assignment: &wire::Assignment, now: Moment) {
        self.ordered.insert(request_id.to_owned(), now);
        let ledger = (assignment.resource.clone(), drill.to_owned());
        let before = self.orders.entry(ledger).or_default().insert(assignment.epoch, request_id.to_owned());
        if before.is_some_and(|before| before != request_id) {
            let seen = format!("two orders of {} have the number {}", assignment.resource, assignment.epoch);
            self.found("P9", seen);
        }
    }

    /// Somebody was shown an assignment: each version is always the same, and later ones of one life of the hub are further
    /// on. `seen`: when; none for what an answer from some time before says.
    pub fn saw(&mut self, shown: &wire::Assignment, seen: Option<Moment>) {
        let wire::Assignment { name, version, quantity, epoch, .. } = shown;
        let now = Version { state: shown.state(), quantity: *quantity, epoch: *epoch };
        if let Some(seen) = seen {
            self.certain.entry(name.clone()).or_insert(seen);
        }
        let life = self.life(*version);
        let floor = self.floors.get(life.wrapping_sub(1)).map_or(0, |floor| floor + 1);
        let next = self.floors.get(life).map_or(u64::MAX, |floor| floor + 1);
        let versions = self.assignments.entry(name.clone()).or_default();
        let before = versions.range(floor..*version).next_back().map(|(_, before)| before.clone());
        let after = versions.range(version + 1..next).next().map(|(_, after)| after.clone());
        let same = versions.insert(*version, now.clone());
        if same.is_some_and(|same| same != now) {
            self.found("P7", format!("{name} has two contents in version {version}"));
        }
        let pairs = [before.map(|before| (before, now.clone())), after.map(|after| (now, after))];
        for (before, after) in pairs.into_iter().flatten() {
            if let Err(why) = follows(&before, &after) {
                self.found("P7", format!("{name}: {why}"));
            }
        }
    }

    /// Assignments that the hub must know.
    pub fn certain(&self) -> impl Iterator<Item = &String> {
        self.certain.keys()
    }

    /// The newest version of each assignment that anybody was shown.
    pub fn newest(&self) -> impl Iterator<Item = (&String, u64, &Version)> {
        self.assignments.iter().filter_map(|(name, versions)| {
            let (version, newest) = versions.last_key_value()?;
            Some((name, *version, newest))
        })
    }

    fn found(&mut self, promise: &'static str, seen: String) {
        self.findings.push(Violation { promise, seen });
    }

    /// Takes the broken promises that answers alone have shown.
    pub fn take_findings(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.findings)
    }
}

/// May an assignment be `after`, having been `before`?
///
/// # Errors
/// Why not, in words.
pub fn follows(before: &Version, after: &Version) -> Result<(), String> {
    let (was, is) = (rank(before.state), rank(after.state));
    let ended_early = is == ENDED_EARLY;
    let fits = if was == ENDED_EARLY {
        after.state == before.state
    } else if ended_early {
        was < rank(AssignmentState::EnRoute)
    } else {
        was <= is
    };
    if !fits {
        return Err(format!("{:?} became {:?}", before.state, after.state));
    }
    if after.epoch < before.epoch && !ended_early {
        return Err(format!("order {} came after order {}", after.epoch, before.epoch));
    }
    Ok(())
}

/// Rank of everything that ended before it departed.
const ENDED_EARLY: u8 = 12;

/// How far an assignment has come.
#[must_use]
pub fn rank(state: AssignmentState) -> u8 {
    match state {
        AssignmentState::Unspecified => 0,
        AssignmentState::Solicited => 1,
        AssignmentState::Offered => 2,
        AssignmentState::Held => 3,
        AssignmentState::Committed => 4,
        AssignmentState::Mobilising => 5,
        AssignmentState::EnRoute => 6,
        AssignmentState::Staged => 7,
        AssignmentState::OnScene => 8,
        AssignmentState::Returning => 9,
        AssignmentState::Returned => 10,
        AssignmentState::Settled => 11,
        AssignmentState::Declined
        | AssignmentState::Lapsed
        | AssignmentState::StoodDown
        | AssignmentState::Failed => ENDED_EARLY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn shown(version: u64, state: AssignmentState, epoch: u64) -> wire::Assignment {
        wire::Assignment {
            name: "assignments/a".to_owned(),
            resource: "members/north/publications/r".to_owned(),
            version,
            state: state.into(),
            quantity: 1,
            epoch,
            ..wire::Assignment::default()
        }
    }

    #[track_caller]
    fn check(versions: &[wire::Assignment], promise: Option<&str>) {
        let mut memory = Memory::default();
        versions.iter().for_each(|shown| memory.saw(shown, Some(0)));
        assert_eq!(memory.take_findings().first().map(|found| found.promise), promise);
    }

    #[test]
    fn an_assignment_only_goes_forward() {
        use AssignmentState::{Committed, Held, Lapsed, OnScene, Returned, Settled};
        check(&[shown(1, Held, 1), shown(2, Held, 2), shown(3, Committed, 2), shown(9, OnScene, 2)], None);
        check(&[shown(9, Settled, 1), shown(3, Committed, 1), shown(3, Committed, 1)], None);
        check(&[shown(2, Lapsed, 1), shown(1, Held, 1)], None);
        check(&[shown(1, Committed, 2), shown(2, Held, 2)], Some("P7"));
        check(&[shown(1, OnScene, 2), shown(2, Lapsed, 2)], Some("P7"));
        check(&[shown(1, Lapsed, 2), shown(2, Returned, 2)], Some("P7"));
        check(&[shown(1, Held, 2), shown(2, Committed, 1)], Some("P7"));
        check(&[shown(1, Held, 2), shown(1, Held, 3)], Some("P7"));
    }

    #[test]
    fn every_order_has_a_number_of_its_own() {
        let mut memory = Memory::default();
        let order = shown(1, AssignmentState::Held, 7);
        memory.ordered("", "one", &order, 0);
        memory.ordered("", "one", &order, 0);
        memory.ordered("incidents/drill", "two", &order, 0);
        assert_eq!(memory.take_findings(), []);
        memory.ordered("", "three", &order, 0);
        assert_eq!(memory.take_findings()[0].promise, "P9");
    }
}
