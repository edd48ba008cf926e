//! What is always true, looked at in the state itself: before a decision is saved, and by the tests after each step.
//!
//! I2, I3, I4, I8 and that every ledger agrees with its assignments are states and stand here. I1 (an order never takes
//! more than is free), I5 (a known key changes nothing), I7 (nobody is bound by an answer to
//! an older order), I9 (forward only) and I10 (everything is written down) are about steps, I6 (everything can be closed)
//! about what can follow; they are in `decide` and in the tests.

use std::collections::BTreeSet;

use shouwang_proto::mutual_aid::id::RequestId;

use super::{
    assignment::Assignment,
    case::Case,
    fulfilment::Fulfilment,
    ledger::{Ledger, LedgerKey, Part},
    request::{Request, State},
};

/// A state to look at.
pub trait View {
    /// A request.
    fn find_request(&self, id: RequestId) -> Option<&Request>;
    /// A ledger.
    fn find_ledger(&self, key: &LedgerKey) -> Option<&Ledger>;
    /// All assignments.
    fn all_assignments(&self) -> Vec<&Assignment>;
}

impl View for Case {
    fn find_request(&self, id: RequestId) -> Option<&Request> {
        self.requests.get(&id).map(AsRef::as_ref)
    }

    fn find_ledger(&self, key: &LedgerKey) -> Option<&Ledger> {
        self.ledgers.get(key).map(AsRef::as_ref)
    }

    fn all_assignments(&self) -> Vec<&Assignment> {
        self.assignments.values().map(AsRef::as_ref).collect()
    }
}

/// Everything that is wrong with these requests and ledgers, in words that begin with the invariant.
#[must_use]
pub fn violations(
    view: &impl View,
    requests: &BTreeSet<RequestId>,
    ledgers: &BTreeSet<LedgerKey>,
) -> Vec<String> {
    let assignments = view.all_assignments();
    let mut found = Vec::new();
    for request in requests.iter().filter_map(|id| view.find_request(*id)) {
        let own = || assignments.iter().copied().filter(|one| one.line.request == request.id);
        lines(request, own, &mut found);
    }
    for ledger in ledgers.iter().filter_map(|key| view.find_ledger(key)) {
        let users = assignments.iter().copied().filter(|one| {
            one.uses().is_some() && one.book == ledger.key.book && one.resource == ledger.key.resource
        });
        sums(ledger, users, &mut found);
    }
    found
}

/// Everything that is wrong with a whole case.
#[must_use]
pub fn all_violations(case: &Case) -> Vec<String> {
    violations(case, &case.requests.keys().copied().collect(), &case.ledgers.keys().cloned().collect())
}

fn lines<'a, I: Iterator<Item = &'a Assignment>>(
    request: &Request,
    own: impl Fn() -> I,
    found: &mut Vec<String>,
) {
    for line in &request.lines {
        let id = request.line_id(line.number);
        let active = Fulfilment::of(line, id, own()).active();
        let most = line.need.requested.saturating_add(line.overcommitted);
        if active > most {
            found.push(format!("I2: {id} has {active} of at most {most}"));
        }
        let mut resources = BTreeSet::new();
        for assignment in own().filter(|one| one.line == id && one.is_active()) {
            if !resources.insert(&assignment.resource) {
                found.push(format!("I3: {} is twice on {id}", assignment.resource));
            }
        }
    }
    let over = matches!(
        request.state,
        State::Draft { .. }
            | State::Closed { .. }
            | State::Reviewed { .. }
            | State::Rejected { .. }
            | State::Merged { .. }
            | State::Expired { .. }
    );
    for assignment in own() {
        if over && assignment.is_active() {
            found.push(format!("I4: {} is {} and {} active", request.id, request.word(), assignment.id));
        }
        if assignment.book != request.book {
            found.push(format!("I8: {} is in another book than its request", assignment.id));
        }
    }
}

fn sums<'a>(ledger: &Ledger, users: impl Iterator<Item = &'a Assignment>, found: &mut Vec<String>) {
    let (mut held, mut committed, mut deployed, mut count) = (0, 0, 0, 0);
    for (part, quantity) in users.filter_map(Assignment::uses) {
        count += 1;
        match part {
            Part::Held => held += quantity,
            Part::Committed => committed += quantity,
            Part::Deployed => deployed += quantity,
        }
    }
    let resource = &ledger.key.resource;
    if (held, committed, deployed) != (ledger.held, ledger.committed, ledger.deployed) {
        found.push(format!("I1: the ledger of {resource} and its assignments do not agree"));
    }
    if ledger.terms.serialised && count > 1 {
        found.push(format!("I3: {resource} is one thing in {count} places"));
    }
}
