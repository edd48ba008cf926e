//! Is every promise of mutual aid kept? Pure: what is on the disks, at any moment and in the end, beside what people know.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use shouwang_hub::mutual_aid::machine::policy::Policy;
use shouwang_proto::wire::{self, AssignmentState, CommandOutcome, assignment_action::Action};

use super::{
    evidence::{AidDisk, AssignmentRow, LedgerRow, NodeAid, WordRow},
    memory::{Memory, Version, follows},
};
use crate::{plan::Host, stage::Violation};

/// How late a deadline may come while the hub runs: its longest sleep, and disks that take their time.
const SLACK: SignedDuration = SignedDuration::from_secs(4);

fn broken(promise: &'static str, seen: String) -> Violation {
    Violation { promise, seen }
}

/// What an assignment has of its ledger, in which part.
fn part(state: &str) -> Option<Part> {
    match state {
        "held" => Some(Part::Held),
        "committed" | "mobilising" => Some(Part::Committed),
        "en-route" | "staged" | "on-scene" | "returning" => Some(Part::Deployed),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Held,
    Committed,
    Deployed,
}

fn is_active(state: &str) -> bool {
    matches!(state, "solicited" | "offered") || part(state).is_some()
}

/// Holds at every moment, between any two transactions: P6 and P24.
#[must_use]
pub fn books(disk: &AidDisk) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut uses: BTreeMap<(&str, &str, &str), Vec<&AssignmentRow>> = BTreeMap::new();
    for assignment in disk.assignments.iter().filter(|assignment| part(&assignment.state).is_some()) {
        let key = (assignment.owner.as_str(), assignment.record.as_str(), assignment.scope.as_str());
        uses.entry(key).or_default().push(assignment);
    }
    for ledger in &disk.ledgers {
        let key = (ledger.owner.as_str(), ledger.record.as_str(), ledger.scope.as_str());
        let is_copy =
            |other: &LedgerRow| !other.scope.is_empty() && (&*other.owner, &*other.record) == (key.0, key.1);
        let is_copied = disk.ledgers.iter().any(is_copy);
        check_ledger(ledger, &uses.remove(&key).unwrap_or_default(), is_copied, &mut found);
    }
    for (key, uses) in uses {
        found.push(broken("P6", format!("{} assignments of {key:?}, which has no ledger", uses.len())));
    }
    check_lines(disk, &mut found);
    check_modes(disk, &mut found);
    found
}

fn check_ledger(ledger: &LedgerRow, uses: &[&AssignmentRow], is_copied: bool, found: &mut Vec<Violation>) {
    let sum = |wanted: Part| -> u64 {
        uses.iter().filter(|one| part(&one.state) == Some(wanted)).map(|one| one.quantity).sum()
    };
    let used = [sum(Part::Held), sum(Part::Committed), sum(Part::Deployed)];
    let booked = [ledger.held, ledger.committed, ledger.deployed];
    let LedgerRow { owner, record, scope, quota, .. } = ledger;
    let name = format!("{owner}/{record} {scope}");
    if used != booked {
        // A real ledger that says something else than the real assignments was touched by somebody else.
        let promise = if scope.is_empty() && is_copied { "P24" } else { "P6" };
        found.push(broken(promise, format!("{name}: in use {used:?}, in the books {booked:?}")));
    }
    let all: u64 = used.iter().sum::<u64>() + ledger.consumed + ledger.damaged;
    if all > *quota || ledger.shortfall > 0 {
        found.push(broken("P6", format!("{name}: {all} in use or gone of {quota}")));
    }
    if ledger.serialised && uses.len() > 1 {
        found.push(broken("P6", format!("{name}: one thing in {} places", uses.len())));
    }
}

/// What is sent for a line is what it asks for, or what somebody explicitly allowed; who ended has nobody out.
fn check_lines(disk: &AidDisk, found: &mut Vec<Violation>) {
    let mut sent: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    for one in &disk.assignments {
        let ended = disk.requests.get(&one.request).is_none_or(|request| has_ended(&request.state));
        if ended && is_active(&one.state) {
            let seen = format!("assignment {} is {} and its request has ended", one.id, one.state);
            found.push(broken("P7", seen));
        }
        if part(&one.state).is_some() && one.state != "returning" {
            *sent.entry((one.request.as_str(), one.line)).or_default() += one.quantity;
        }
    }
    for ((request, line), sent) in sent {
        let most = disk.requests.get(request).and_then(|request| request.lines.get(&line)).copied();
        if most.is_none_or(|most| sent > most) {
            found.push(broken("P6", format!("request {request} line {line}: {sent} sent of {most:?}")));
        }
    }
}

fn has_ended(state: &str) -> bool {
    matches!(state, "closed" | "reviewed" | "rejected" | "merged" | "expired")
}

/// A drill has books of its own.
fn check_modes(disk: &AidDisk, found: &mut Vec<Violation>) {
    for request in disk.requests.values() {
        let mode = disk.incidents.get(&request.incident).map(|(mode, _)| mode);
        if mode != Some(&request.mode) {
            found.push(broken(
                "P24",
                format!("request {} is {}, its incident {mode:?}", request.id, request.mode),
            ));
        }
    }
    for one in &disk.assignments {
        let Some(request) = disk.requests.get(&one.request) else { continue };
        let book = if request.mode == "actual" { "" } else { request.incident.as_str() };
        if one.scope != book {
            let seen = format!("assignment {} of a {} is in the book “{}”", one.id, request.mode, one.scope);
            found.push(broken("P24", seen));
        }
    }
}

/// What a hub that has run for a while must have done about what is due: P8. `now`: by its clock, `since`: when it came up.
#[must_use]
pub fn deadlines(disk: &AidDisk, policy: &Policy, now: Timestamp, since: Timestamp) -> Vec<Violation> {
    let mut found = Vec::new();
    let long_ago = |due: Timestamp| {
        let due = due.max(since);
        now.duration_since(due) > SLACK
    };
    let steps_due = |steps: &[u32], from: Timestamp| {
        let due = |seconds: &&u32| {
            from.checked_add(SignedDuration::from_secs(i64::from(**seconds))).is_ok_and(long_ago)
        };
        steps.iter().filter(due).count()
    };
    for request in disk.requests.values().filter(|request| request.priority == "p1") {
        let Some(since) = request.waits_since else { continue };
        let due = steps_due(&policy.council_acknowledges, since);
        if request.state == "open" && request.council_reached < due {
            let seen = format!(
                "P1 request {} waits since {since}: {} of {due} people of the council called",
                request.id, request.council_reached
            );
            found.push(broken("P8", seen));
        }
    }
    for one in &disk.assignments {
        if one.expires.is_some_and(long_ago) && matches!(one.state.as_str(), "held" | "solicited" | "offered")
        {
            found
                .push(broken("P8", format!("assignment {} is {} and should have lapsed", one.id, one.state)));
        }
        let waits = matches!(one.state.as_str(), "held" | "solicited");
        let due = one.since.map_or(0, |since| steps_due(&policy.owner_answers, since));
        if waits && !one.seen && one.reminded < due {
            let seen = format!("assignment {}: {} of {due} people called", one.id, one.reminded);
            found.push(broken("P8", seen));
        }
    }
    found
}

/// What is on the disk of a member's node in the end. `forgotten`: it went back to an older disk.
#[must_use]
pub fn member(
    member: usize,
    hub: &AidDisk,
    node: &NodeAid,
    forgotten: bool,
    memory: &Memory,
) -> Vec<Violation> {
    let name = Host::Node(member).name();
    let mut found = Vec::new();
    for notice in hub.notices.iter().filter(|notice| notice.recipient == name) {
        match notice.state.as_str() {
            "delivered" | "seen" | "answered" if !forgotten && !node.notices.contains(&notice.name) => {
                let seen = format!("{name} has acknowledged {} and does not have it", notice.name);
                found.push(broken("P8", seen));
            }
            "queued" | "sent" => {
                found.push(broken(
                    "P8",
                    format!("{} never reached {name}, and nobody heard of it", notice.name),
                ));
            }
            _ => {}
        }
    }
    let sender = format!("node/{name}");
    for (id, word) in memory.words().filter(|(_, word)| word.member == member && !forgotten) {
        match node.words.get(id) {
            None => found.push(broken("P7", format!("{name} has taken word {id} and does not have it"))),
            Some(WordRow { decided: None, .. }) => {
                found.push(broken("P7", format!("the hub never decided word {id} of {name}")));
            }
            Some(_)
                if !memory.may_be_forgotten(word)
                    && !hub.answered.contains(&(sender.clone(), id.clone())) =>
            {
                found.push(broken("P7", format!("the hub has forgotten word {id} of {name}")));
            }
            Some(_) => {}
        }
    }
    found.extend(node.words.values().filter_map(bound_by_an_old_order));
    found
}

/// P9: a yes binds only to the order that it names.
fn bound_by_an_old_order(word: &WordRow) -> Option<Violation> {
    let Some(wire::member_command::Word::Action(action)) = &word.said.word else { return None };
    let Some(Action::Confirm(_)) = &action.action else { return None };
    let decided = word.decided.as_ref()?;
    let assignment = decided.assignment.as_ref()?;
    let bound = decided.outcome() == CommandOutcome::Accepted;
    (bound && assignment.epoch != action.epoch).then(|| {
        let seen = format!(
            "{} is bound to order {} by a yes to {}",
            assignment.name, assignment.epoch, action.epoch
        );
        broken("P9", seen)
    })
}

/// What dispatchers were granted stands, or was followed by something later: P7; and is in the audit log: P13.
#[must_use]
pub fn granted(hub: &AidDisk, memory: &Memory) -> Vec<Violation> {
    let mut found = Vec::new();
    for id in memory.all_granted() {
        if !hub.answered.contains(&("desk".to_owned(), id.clone())) {
            found.push(broken("P7", format!("the hub has granted change {id} and does not know it")));
        }
    }
    for id in memory.all_ordered().filter(|id| !hub.audited.contains(*id)) {
        found.push(broken("P13", format!("order {id} was granted and is not in the audit log")));
    }
    let rows: BTreeMap<String, &AssignmentRow> =
        hub.assignments.iter().map(|row| (format!("assignments/{}", row.id), row)).collect();
    for name in memory.certain().filter(|name| !rows.contains_key(*name)) {
        found.push(broken("P7", format!("{name} was shown and is gone")));
    }
    for (name, version, shown) in memory.newest() {
        let Some(row) = rows.get(name) else { continue };
        let now = Version { state: state(&row.state), quantity: row.quantity, epoch: shown.epoch };
        if row.version < version {
            let seen = format!("{name} was shown in version {version} and is in {}", row.version);
            found.push(broken("P7", seen));
        } else if memory.life(row.version) == memory.life(version)
            && let Err(why) = follows(shown, &now)
        {
            found.push(broken("P7", format!("{name}: {why}")));
        }
    }
    found
}

/// Everything can be closed, and is: I6.
#[must_use]
pub fn closed(hub: &AidDisk) -> Vec<Violation> {
    let alive = hub.requests.values().filter(|request| !has_ended(&request.state));
    let requests =
        alive.map(|request| broken("P7", format!("request {} stays {}", request.id, request.state)));
    let open = hub.incidents.iter().filter(|(_, (_, state))| state != "closed");
    requests
        .chain(open.map(|(id, (_, state))| broken("P7", format!("incident {id} stays {state}"))))
        .collect()
}

fn state(code: &str) -> AssignmentState {
    match code {
        "solicited" => AssignmentState::Solicited,
        "offered" => AssignmentState::Offered,
        "held" => AssignmentState::Held,
        "committed" => AssignmentState::Committed,
        "mobilising" => AssignmentState::Mobilising,
        "en-route" => AssignmentState::EnRoute,
        "staged" => AssignmentState::Staged,
        "on-scene" => AssignmentState::OnScene,
        "returning" => AssignmentState::Returning,
        "returned" => AssignmentState::Returned,
        "settled" => AssignmentState::Settled,
        "declined" => AssignmentState::Declined,
        "lapsed" => AssignmentState::Lapsed,
        "stood-down" => AssignmentState::StoodDown,
        "failed" => AssignmentState::Failed,
        _ => AssignmentState::Unspecified,
    }
}

#[cfg(test)]
mod tests;
