//! Every state that two requests and two resources can come to, with answers that are late, doubled or for an order that
//! was replaced: each step is the real decision, each state is looked at, and from each the requests can be closed.
//!
//! A test run looks at the nearest states of each [`Space`]; `SHOUWANG_EXPLORE=all` looks at all of them. Visited states
//! are kept as 128-bit hashes of what decides about the future.

mod moves;

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        action::{Account, Action, AssignmentAction},
        id::{AssignmentId, CommandId, RequestId},
        term::{AssignmentState, Mode, Priority},
    },
};
use uuid::Uuid;

use super::{steps, world::*};
use crate::mutual_aid::machine::{
    assignment::{Assignment, State},
    broken::Stop,
    case::Case,
    command::{Body, Command, Context, Decided, Fingerprint, Key, Origin},
    decide::decide,
};

/// States of each space that a normal test run looks at.
const DEFAULT_STATES: usize = 1_200;

/// How far an exploration goes.
#[derive(Clone)]
struct Space {
    /// The resources that are ordered.
    resources: Vec<PublicationName>,
    /// Orders for each resource, all requests together.
    orders: u64,
    /// Assignments of each resource on each line, one after the other.
    attempts: usize,
    /// Whether the owner of the foam trucks may lend less.
    lends_less: bool,
}

/// A state of the park: what the hub has, and which orders were ever sent.
#[derive(Clone)]
struct Park {
    case: Case,
    /// Every order ever sent: an answer to it may come at any time, and again.
    issued: BTreeMap<(AssignmentId, u64), u64>,
    /// Assignments in the order in which they were made.
    born: Vec<AssignmentId>,
    /// Whether the owner has already lent less.
    lowered: bool,
}

/// What an exploration found.
#[derive(Default)]
struct Found {
    states: usize,
    steps: usize,
    refused: usize,
    violations: usize,
    first: Vec<String>,
    exhausted: bool,
}

struct Explorer {
    space: Space,
    requests: [RequestId; 2],
    contexts: BTreeMap<&'static str, Context>,
    count: u128,
}

impl Explorer {
    fn begin(space: Space, ignore_epochs: bool) -> (Self, Park) {
        let mut world = World::new();
        let incident = world.incident(Mode::Actual, "二车间火灾");
        let urgent = world.submit(CHEM, incident, "有人被压", Priority::P1, 2);
        let lower = world.submit(ELECTRONICS, incident, "清障", Priority::P2, 2);
        for request in [urgent, lower] {
            let decided = world.decided(request);
            world.say("dispatcher", Body::Accept(decided)).unwrap();
        }
        let contexts = ["dispatcher", "system", FOUNDRY, AUTO].map(|who| {
            let mut cx = world.context(who);
            cx.ignore_epochs = ignore_epochs;
            (who, cx)
        });
        let park =
            Park { case: world.case, issued: BTreeMap::new(), born: vec![], lowered: !space.lends_less };
        let requests = [urgent, lower];
        let explorer = Self { space, requests, contexts: contexts.into(), count: 1 << 64 };
        (explorer, park)
    }

    /// Takes one step; none when it was refused.
    fn step(&mut self, park: &Park, who: &str, body: Body, found: &mut Found) -> Option<Park> {
        self.count += 1;
        let command = Command {
            key: Key {
                origin: Origin::Token("t".into()),
                id: CommandId::from_uuid(Uuid::from_u128(self.count)),
            },
            fingerprint: Fingerprint([0; 32]),
            body,
        };
        let cx = self.contexts.get_mut(who).unwrap();
        cx.seed[..16].copy_from_slice(&self.count.to_be_bytes());
        let mut cx = cx.clone();
        if let Body::Due(deadline) = &command.body {
            cx.now = cx.now.max(deadline.due);
            cx.occurred = cx.now;
        }
        let decision = match decide(&park.case, &cx, &command) {
            Ok(decision) => decision,
            Err(Stop::Refused(_)) => {
                found.refused += 1;
                return None;
            }
            Err(Stop::Broken(broken)) => {
                found.violation(format!("{broken}: {:?}", command.body));
                return None;
            }
        };
        let mut next = park.clone();
        next.case.apply(&decision.changes);
        for broken in steps::violations(&park.case, &next.case, &cx, &command, &decision) {
            found.violation(broken);
        }
        let issued = |id, epoch| park.issued.get(&(id, epoch)).copied();
        if let Some(wrong) = steps::bound_wrongly(&park.case, &next.case, &command, issued) {
            found.violation(wrong);
        }
        for (id, assignment) in &next.case.assignments {
            if !next.born.contains(id) {
                next.born.push(*id);
            }
            if let State::Held(hold) = &assignment.state {
                next.issued.entry((*id, hold.order.epoch)).or_insert(hold.order.quantity);
            }
        }
        next.lowered |= matches!(command.body, Body::SetTerms { .. });
        Some(next)
    }

    fn explore(&mut self, first: Park, limit: usize) -> Found {
        let mut found = Found::default();
        let mut visited: HashSet<u128> = HashSet::from([self.digest(&first)]);
        let mut open = VecDeque::from([first]);
        // A small part of it goes wide, which sees most; a large one goes deep first, which needs little memory.
        let deep = limit > DEFAULT_STATES;
        while let Some(park) = if deep { open.pop_back() } else { open.pop_front() } {
            if found.states == limit {
                return found;
            }
            found.states += 1;
            self.ends(&park, &mut found);
            for (who, body) in self.moves(&park) {
                found.steps += 1;
                if let Some(next) = self.step(&park, who, body, &mut found)
                    && visited.insert(self.digest(&next))
                {
                    open.push_back(next);
                }
            }
        }
        found.exhausted = true;
        found
    }

    /// I6: both requests can be closed from here.
    fn ends(&mut self, park: &Park, found: &mut Found) {
        let mut quiet = Found::default();
        let mut now = park.clone();
        for request in self.requests {
            let decided = |park: &Park| Decided { request, expected: park.case.requests[&request].version };
            if now.case.requests[&request].is_open() {
                let body = Body::StandDown(decided(&now), "结束".to_owned());
                now = self.step(&now, "dispatcher", body, &mut quiet).unwrap_or(now);
            }
            let out: Vec<_> = (now.case.of_request(request))
                .filter(|one| one.is_out())
                .map(|one| (one.id, one.state.quantity()))
                .collect();
            for (assignment, returned) in out {
                let account = Account { returned, ..Account::default() };
                let action = AssignmentAction { assignment, epoch: 0, action: Action::Return(account) };
                let body = Body::Act { action, expected: None };
                now = self.step(&now, "dispatcher", body, &mut quiet).unwrap_or(now);
            }
            if now.case.requests[&request].is_alive() {
                let body = Body::Close(decided(&now));
                now = self.step(&now, "dispatcher", body, &mut quiet).unwrap_or(now);
            }
        }
        if self.requests.iter().any(|request| now.case.requests[request].is_alive()) {
            found.violation("I6: a request cannot be closed".to_owned());
        }
        let idle = now.case.ledgers.values().all(|ledger| ledger.in_use() == 0);
        if !idle {
            found.violation("I6: something is in use after everything was closed".to_owned());
        }
    }
}

/// What of an assignment decides about its future.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Future {
    /// Active: its state, how much, and the orders that may still be answered, the newest last.
    Active(AssignmentState, u64, Vec<u64>),
    /// Ended, and a late yes to its order is an offer of so much.
    MayOffer(u64),
    /// Ended, and only a new offer of the owner may follow.
    StoodDown,
    /// Ended, and nothing follows.
    Over,
}

impl Explorer {
    /// A hash of everything that decides about the future, and of nothing else: no ids, no times, no versions.
    fn digest(&self, park: &Park) -> u128 {
        let mut all: Vec<_> = park
            .born
            .iter()
            .map(|id| {
                let found = &park.case.assignments[id];
                (found.line, &found.resource, self.future(park, found))
            })
            .collect();
        all.sort();
        let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
        halves[1].write_u8(1);
        for half in &mut halves {
            for request in park.case.requests.values() {
                (request.word(), request.lines[0].overcommitted).hash(half);
            }
            for ledger in park.case.ledgers.values() {
                (ledger.terms.quota, ledger.held, ledger.committed, ledger.deployed, ledger.epoch).hash(half);
            }
            all.hash(half);
            park.lowered.hash(half);
        }
        let [high, low] = halves.map(|half| u128::from(half.finish()));
        high << 64 | low
    }

    fn future(&self, park: &Park, found: &Assignment) -> Future {
        let state = found.state.word();
        let quantity = found.state.quantity();
        if found.is_active() {
            let held = state == AssignmentState::Held;
            let orders = park.issued.iter().filter(|((id, _), _)| held && *id == found.id);
            return Future::Active(state, quantity, orders.map(|(_, quantity)| *quantity).collect());
        }
        if self.attempts(park, found) >= self.space.attempts {
            return Future::Over;
        }
        match found.state {
            State::Declined(_) | State::Lapsed(_) | State::Failed(_) if found.state.order().is_some() => {
                Future::MayOffer(quantity)
            }
            State::Declined(_) | State::Lapsed(_) | State::Failed(_) | State::StoodDown(_) => {
                Future::StoodDown
            }
            State::Solicited(_)
            | State::Offered(_)
            | State::Held(_)
            | State::Committed(_)
            | State::Mobilising(_)
            | State::EnRoute(_)
            | State::Staged(_)
            | State::OnScene(_)
            | State::Returning(_)
            | State::Returned(_)
            | State::Settled(_) => Future::Over,
        }
    }

    /// How many assignments of the same resource were made for the same line.
    fn attempts(&self, park: &Park, found: &Assignment) -> usize {
        let same = |id: &&AssignmentId| {
            let other = &park.case.assignments[*id];
            other.line == found.line && other.resource == found.resource
        };
        park.born.iter().filter(same).count()
    }
}

impl Found {
    fn violation(&mut self, words: String) {
        self.violations += 1;
        if self.first.len() < 5 {
            self.first.push(words);
        }
    }
}

fn limit() -> usize {
    match std::env::var("SHOUWANG_EXPLORE").as_deref() {
        Ok("all") => usize::MAX,
        Ok(states) => states.parse().unwrap(),
        Err(_) => DEFAULT_STATES,
    }
}

/// Two requests, a crane and two foam trucks.
fn park() -> Space {
    Space { resources: vec![crane(), foam()], orders: 2, attempts: 1, lends_less: true }
}

/// Two requests and one resource, asked and ordered again after it was refused, lapsed or came home.
fn again_and_again(resource: PublicationName, orders: u64) -> Space {
    Space { resources: vec![resource], orders, attempts: 2, lends_less: true }
}

#[expect(clippy::print_stdout, reason = "the counts are what an exploration is for")]
fn explore(name: &str, space: Space, ignore_epochs: bool) -> Found {
    let (mut explorer, first) = Explorer::begin(space, ignore_epochs);
    let found = explorer.explore(first, limit());
    let Found { states, steps, refused, violations, first, exhausted } = &found;
    println!(
        "{name}: {states} states (all: {exhausted}), {steps} steps, {refused} refused, {violations} violations"
    );
    first.iter().for_each(|words| println!("  {words}"));
    found
}

#[track_caller]
fn check(name: &str, space: Space) {
    let found = explore(name, space, false);
    assert_eq!(found.violations, 0, "{:#?}", found.first);
    assert!(found.exhausted || found.states == limit());
}

#[test]
fn two_requests_and_two_resources() {
    check("park", park());
}

#[test]
fn two_requests_and_the_same_trucks_again() {
    check("trucks", again_and_again(foam(), 3));
}

#[test]
fn two_requests_and_the_same_crane_again() {
    check("crane", again_and_again(crane(), 3));
}

#[test]
fn without_epochs_owners_are_bound_by_old_answers() {
    for (name, space) in [("park", park()), ("trucks", again_and_again(foam(), 3))] {
        let found = explore(&format!("{name} without epochs"), space, true);
        assert!(found.violations > 0, "the exploration would not notice");
        assert!(found.first.iter().all(|words| words.starts_with("I7")), "{:#?}", found.first);
    }
}
