//! Every state that two requests and two resources can come to, with answers that are late, doubled or for an order that
//! was replaced: each step is the real decision, each state is looked at, and from each the requests can be closed.
//!
//! A test run looks at the nearest [`DEFAULT_STATES`]. `SHOUWANG_EXPLORE` names another number, or `all`; both go deep
//! first. 2,500,000 states have been looked at in that way without a violation. Visited states are kept as 128-bit hashes
//! of what decides about the future.

mod moves;

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use shouwang_proto::mutual_aid::{
    action::{Account, Action, AssignmentAction},
    id::{AssignmentId, CommandId, RequestId},
    term::{Mode, Priority},
};
use uuid::Uuid;

use super::{steps, world::*};
use crate::mutual_aid::machine::{
    assignment::State,
    broken::Stop,
    case::Case,
    command::{Body, Command, Context, Decided, Fingerprint, Key, Origin},
    decide::decide,
    ledger::Terms,
};

/// States that a normal test run looks at.
const DEFAULT_STATES: usize = 2_000;
/// Orders for each resource, all requests together.
const ORDERS: u64 = 2;
/// Assignments of each resource on each line.
const ATTEMPTS: usize = 2;

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
    requests: [RequestId; 2],
    contexts: BTreeMap<&'static str, Context>,
    count: u128,
}

impl Explorer {
    fn begin(ignore_epochs: bool) -> (Self, Park) {
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
        let park = Park { case: world.case, issued: BTreeMap::new(), born: vec![], lowered: false };
        let explorer = Self { requests: [urgent, lower], contexts: contexts.into(), count: 1 << 64 };
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
        let mut visited: HashSet<u128> = HashSet::from([digest(&first)]);
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
                    && visited.insert(digest(&next))
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

impl Found {
    fn violation(&mut self, words: String) {
        self.violations += 1;
        if self.first.len() < 5 {
            self.first.push(words);
        }
    }
}

/// A hash of everything that decides about the future, and of nothing else: no ids, no times, no versions.
fn digest(park: &Park) -> u128 {
    let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
    halves[1].write_u8(1);
    for half in &mut halves {
        for request in park.case.requests.values() {
            request.word().hash(half);
            request.lines[0].overcommitted.hash(half);
        }
        for ledger in park.case.ledgers.values() {
            let Terms { quota, .. } = ledger.terms;
            (quota, ledger.held, ledger.committed, ledger.deployed, ledger.consumed, ledger.epoch).hash(half);
        }
        // What ended stays apart from what is active, and in the order in which it was made.
        let mut all: Vec<_> = park
            .born
            .iter()
            .map(|id| {
                let found = &park.case.assignments[id];
                let orders: Vec<_> = park
                    .issued
                    .iter()
                    .filter(|((of, _), _)| of == id)
                    .map(|((_, epoch), q)| (epoch, q))
                    .collect();
                let newest = found.state.order().map(|order| order.epoch);
                (found.line, &found.resource, found.state.word(), found.state.quantity(), newest, orders)
            })
            .collect();
        all.sort_by_key(|one| (one.0, one.1));
        all.hash(half);
        park.lowered.hash(half);
    }
    let [high, low] = halves.map(|half| u128::from(half.finish()));
    high << 64 | low
}

fn limit() -> usize {
    match std::env::var("SHOUWANG_EXPLORE").as_deref() {
        Ok("all") => usize::MAX,
        Ok(states) => states.parse().unwrap(),
        Err(_) => DEFAULT_STATES,
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test is for")]
fn no_state_breaks_an_invariant() {
    let (mut explorer, first) = Explorer::begin(false);
    let found = explorer.explore(first, limit());
    let Found { states, steps, refused, violations, first, exhausted } = found;
    println!("{states} states, {steps} steps, {refused} refused, {violations} violations, all: {exhausted}");
    assert_eq!(violations, 0, "{first:#?}");
    assert!(exhausted || states == limit());
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test is for")]
fn without_epochs_owners_are_bound_by_old_answers() {
    let (mut explorer, first) = Explorer::begin(true);
    let found = explorer.explore(first, limit());
    let Found { states, steps, violations, first, .. } = found;
    println!("without epochs: {states} states, {steps} steps, {violations} violations");
    assert!(violations > 0, "the exploration would not notice");
    assert!(first.iter().all(|words| words.starts_with("I7")), "{first:#?}");
}
