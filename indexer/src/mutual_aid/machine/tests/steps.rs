//! What has to be true of every step: I1 at each order, I5, I8, I9 and I10, and the state after it.

use std::collections::BTreeSet;

use shouwang_proto::mutual_aid::{
    action::Action,
    id::{AssignmentId, IncidentId},
    term::{AssignmentState, RequestState},
};

use crate::mutual_aid::machine::{
    assignment::Assignment,
    case::{Case, Recorded},
    change::{Change, Decision, Saved},
    command::{Body, Command, Context},
    decide::decide,
    invariant::all_violations,
    request::Request,
    timeline::{Entry, Stream},
};

/// Everything that is wrong with a step.
pub(super) fn violations(
    before: &Case,
    after: &Case,
    cx: &Context,
    command: &Command,
    decision: &Decision,
) -> Vec<String> {
    let mut found = all_violations(after);
    for change in &decision.changes {
        match change {
            Change::Assignment(saved) => assignment(before, after, saved, &mut found),
            Change::Request(saved) => request(before, saved, &mut found),
            Change::Ledger(Saved { was, now }) => {
                let held_before =
                    before.ledgers.get(&now.key).map_or(0, |ledger| ledger.held + ledger.committed);
                let ordered =
                    matches!(command.body, Body::Order(_)) && now.held + now.committed > held_before;
                if ordered && now.shortfall() > 0 {
                    found.push(format!("I1: {} was ordered beyond its quota", now.key.resource));
                }
                version(
                    "ledger",
                    before.ledgers.get(&now.key).map_or(0, |known| known.version),
                    *was,
                    &mut found,
                );
            }
            Change::Incident(Saved { was, now }) => {
                version(
                    "incident",
                    before.incidents.get(&now.id).map_or(0, |known| known.version),
                    *was,
                    &mut found,
                );
            }
            Change::Entry(_) | Change::Notice(_) | Change::Page(_) | Change::Standing(..) => {}
        }
    }
    written_down(before, cx, decision, &mut found);
    again(before, cx, command, decision, &mut found);
    found
}

fn version(what: &str, known: u64, was: u64, found: &mut Vec<String>) {
    if known != was {
        found.push(format!("a {what} was decided from version {was}, and {known} is stored"));
    }
}

/// I8, I9 of one assignment.
fn assignment(before: &Case, after: &Case, saved: &Saved<Assignment>, found: &mut Vec<String>) {
    let now = &saved.now;
    let mode = after.incidents[&now.incident].mode;
    if now.book.mode() != mode {
        found.push(format!("I8: an assignment of a {mode} incident is in the book {:?}", now.book));
    }
    let Some(known) = before.assignments.get(&now.id) else {
        if saved.was != 0 {
            found.push("a new assignment has version 0".to_owned());
        }
        return;
    };
    version("assignment", known.version, saved.was, found);
    let stays = known.state.word() == now.state.word();
    if !stays && !known.state.may_become(&now.state) || now.state.rank() < known.state.rank() {
        found.push(format!("I9: {} became {}", known.state.word(), now.state.word()));
    }
    if now.version != saved.was + 1 {
        found.push("an assignment's version rises by one".to_owned());
    }
}

/// How far along a request is.
fn rank(state: RequestState) -> u8 {
    match state {
        RequestState::Draft => 0,
        RequestState::Submitted => 1,
        RequestState::Open => 2,
        RequestState::StandingDown => 3,
        RequestState::Closed => 4,
        RequestState::Reviewed => 5,
        RequestState::Rejected | RequestState::Merged | RequestState::Expired => 6,
    }
}

fn request(before: &Case, saved: &Saved<Request>, found: &mut Vec<String>) {
    let now = &saved.now;
    let Some(known) = before.requests.get(&now.id) else { return };
    version("request", known.version, saved.was, found);
    let ended = matches!(
        known.word(),
        RequestState::Reviewed | RequestState::Rejected | RequestState::Merged | RequestState::Expired
    );
    if rank(now.word()) < rank(known.word()) || ended && now.word() != known.word() {
        found.push(format!("I9: a request was {} and became {}", known.word(), now.word()));
    }
    let decided = (known.facts != now.facts) || known.word() != now.word();
    if decided && now.version != saved.was + 1 {
        found.push("a request's version rises with what people decide".to_owned());
    }
}

/// I10: nothing changes without an entry, and an entry says who, in what part, through what, when.
fn written_down(before: &Case, cx: &Context, decision: &Decision, found: &mut Vec<String>) {
    let entries: Vec<&Entry> = decision
        .changes
        .iter()
        .filter_map(|change| if let Change::Entry(entry) = change { Some(entry) } else { None })
        .collect();
    let told: BTreeSet<AssignmentId> = entries.iter().filter_map(|entry| entry.about.assignment).collect();
    let requests: BTreeSet<_> = entries.iter().filter_map(|entry| entry.about.request).collect();
    for change in &decision.changes {
        let silent = match change {
            Change::Assignment(Saved { now, .. }) => !told.contains(&now.id),
            Change::Request(Saved { was, now }) => now.version > *was && !requests.contains(&now.id),
            Change::Incident(_) | Change::Ledger(_) => entries.is_empty(),
            Change::Entry(_) | Change::Notice(_) | Change::Page(_) | Change::Standing(..) => false,
        };
        if silent {
            found.push(format!("I10: this was not written down: {change:?}"));
        }
    }
    let mut last: std::collections::BTreeMap<IncidentId, u64> =
        before.incidents.iter().map(|(id, incident)| (*id, incident.sequence)).collect();
    for entry in entries {
        if entry.told.actor.is_empty() || entry.recorded != cx.now || entry.told.occurred > cx.now {
            found.push(format!("I10: an entry does not say who and when: {entry:?}"));
        }
        if entry.told.on_behalf_of != cx.on_behalf_of || entry.told.channel != cx.channel {
            found.push(format!("I10: an entry does not say for whom and through what: {entry:?}"));
        }
        if let Stream::Incident(id) = entry.stream {
            let sequence = last.entry(id).or_insert(0);
            *sequence += 1;
            if entry.sequence != *sequence {
                found.push(format!("I10: the timeline of {id} has a gap at {sequence}"));
            }
        }
    }
}

/// I5: the same command again changes nothing and is answered the same.
fn again(before: &Case, cx: &Context, command: &Command, decision: &Decision, found: &mut Vec<String>) {
    let answer = decision.answer.clone();
    let recorded = Some(Recorded { fingerprint: command.fingerprint, answer: answer.clone() });
    let case = Case { recorded, ..before.clone() };
    match decide(&case, cx, command) {
        Ok(repeated)
            if repeated.changes.is_empty() && repeated.then.is_empty() && repeated.answer == answer => {}
        other => found.push(format!("I5: the same command again gave {other:?}")),
    }
}

/// I7: who a confirmation binds is bound by the order that was confirmed. The order as it was issued is handed in.
pub(super) fn bound_wrongly(
    before: &Case,
    after: &Case,
    command: &Command,
    issued: impl Fn(AssignmentId, u64) -> Option<u64>,
) -> Option<String> {
    let Body::Act { action, .. } = &command.body else { return None };
    let Action::Confirm(_) = action.action else { return None };
    let was = before.assignments.get(&action.assignment)?;
    let now = after.assignments.get(&action.assignment)?;
    let bound = was.state.word() == AssignmentState::Held && now.state.word() == AssignmentState::Committed;
    let order = now.state.order()?;
    let asked = issued(action.assignment, action.epoch);
    let wrong = bound && (order.epoch != action.epoch || asked != Some(order.quantity));
    wrong.then(|| format!("I7: a yes to order {} for {asked:?} bound to order {}", action.epoch, order.epoch))
}
