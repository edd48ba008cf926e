//! What waits for a person, from the state alone: nothing here is stored, and a task goes away with its cause.

mod open;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::IncidentId,
        term::{Mode, Priority},
    },
    publication::time_to_wire,
    wire::{self, AidTaskKind as Kind},
};

use super::{
    machine::{
        case::Case,
        incident::{Incident, State},
        ledger::Ledger,
        policy::{Policy, after},
        request::Request,
    },
    shelf::Shelf,
};
use crate::store::hub::HubRestored;

/// The task that asks people what the hub has forgotten: there is one.
pub(crate) const RESTORED: &str = "tasks/restored.hub";

/// Where a task stands in the list: real ones first, then by urgency, then the oldest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Rank {
    mode: Mode,
    priority: u8,
    since_ms: i64,
    name: String,
}

/// One open task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Open {
    /// As people see it; without who was reached.
    pub(crate) task: wire::AidTask,
    /// Its place.
    pub(crate) rank: Rank,
    /// Grows when the cause grows worse: then it comes again although somebody has done it before.
    pub(crate) stage: u64,
}

impl Open {
    /// The command that ends the task; none when a person only has to say that it is done.
    pub(crate) fn command(&self) -> Option<&'static str> {
        match self.task.kind() {
            Kind::TakeUp | Kind::Verify => Some("request accept, request reject"),
            Kind::Report => Some("incident update --report"),
            Kind::Close => Some("request close"),
            Kind::Unspecified
            | Kind::Widen
            | Kind::Call119
            | Kind::Surplus
            | Kind::PhoneOwner
            | Kind::Overdue
            | Kind::FindTeam
            | Kind::AwaitRelease
            | Kind::Shortfall
            | Kind::MergeCandidates
            | Kind::Unreachable
            | Kind::Restored => None,
        }
    }
}

/// What all tasks are found with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finder<'a> {
    pub(crate) shelf: &'a Shelf,
    pub(crate) policy: &'a Policy,
}

/// Notices of one incident that are not on the disk of a member's node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// Of which incident.
    pub incident: IncidentId,
    /// For whom.
    pub member: MemberId,
    /// Number of the newest.
    pub newest: u64,
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub since: Timestamp,
    /// Whom to phone.
    pub phones: Vec<String>,
}

impl Finder<'_> {
    /// The tasks of one incident, from a case with all of it.
    pub(crate) fn of_incident(&self, case: &Case, incident: &Incident) -> Vec<Open> {
        let mut found: Vec<Open> = self.report(incident).into_iter().collect();
        for request in case.requests.values().filter(|request| request.incident == incident.id) {
            found.extend(self.of_request(case, request));
        }
        for assignment in case.assignments.values().filter(|one| one.incident == incident.id) {
            found.extend(self.of_assignment(case, assignment));
        }
        found.extend(self.merge_candidates(case, incident.id));
        found
    }

    /// The hour in which the authorities have to be told runs from the start, not only from the first reminder.
    fn report(&self, incident: &Incident) -> Option<Open> {
        let waits =
            incident.state == State::Open && incident.mode != Mode::Test && incident.facts.reports.is_empty();
        let hour = self.policy.report.last().copied().filter(|_| waits)?;
        let (text_zh, text_en) = words::report(&incident.facts.title);
        let task = wire::AidTask {
            due_time: Some(time_to_wire(after(incident.opened, hour))),
            ..task(Kind::Report, incident.mode, (text_zh, text_en))
        };
        let task = wire::AidTask { incident: incident.id.name(), ..task };
        Some(ranked(task, (incident.mode, None), incident.opened, &format!("{}", incident.id), 0))
    }

    /// A resource whose owner lends less than is in use.
    pub(crate) fn of_ledger(&self, ledger: &Ledger) -> Option<Open> {
        let short = Some(ledger.shortfall()).filter(|short| *short > 0)?;
        let (key, mode) = (&ledger.key, ledger.key.book.mode());
        let task = wire::AidTask {
            resource: key.resource.to_string(),
            member: key.resource.member.name(),
            incident: key.book.incident().map(IncidentId::name).unwrap_or_default(),
            phones: self.phones_of(&key.resource),
            ..task(Kind::Shortfall, mode, words::shortfall(&ledger.terms.title, short, &ledger.terms.unit))
        };
        let scope = key.book.incident().map(|drill| format!(".{drill}")).unwrap_or_default();
        let subject = format!("{}.{}{scope}", key.resource.member, key.resource.record);
        Some(ranked(task, (mode, None), ledger.confirmed, &subject, short))
    }

    /// A member whose node is away while something waits for it.
    pub(crate) fn of_undelivered(&self, waits: &Undelivered, incident: &Incident) -> Open {
        let phones =
            if waits.phones.is_empty() { self.shelf.phones_of(&waits.member) } else { waits.phones.clone() };
        let task = wire::AidTask {
            incident: incident.id.name(),
            member: waits.member.name(),
            phones,
            ..task(Kind::Unreachable, incident.mode, words::unreachable(&waits.member, waits.count))
        };
        let subject = format!("{}.{}", incident.id, waits.member);
        ranked(task, (incident.mode, Some(Priority::P1)), waits.since, &subject, waits.newest)
    }

    /// What was decided between the backup and its restore nobody knows but the people who were told.
    pub(crate) fn of_restore(&self, restored: &HubRestored) -> Open {
        let task = task(Kind::Restored, Mode::Actual, words::restored(restored.known));
        ranked(task, (Mode::Actual, Some(Priority::P1)), restored.at, "hub", restored.epoch)
    }

    /// Pairs of requests in one incident that ask for the same kind of thing, made by different people.
    fn merge_candidates(&self, case: &Case, incident: IncidentId) -> Vec<Open> {
        let waiting: Vec<&Request> = case
            .requests
            .values()
            .map(AsRef::as_ref)
            .filter(|request| request.incident == incident && may_be_merged(request))
            .collect();
        let mut found = Vec::new();
        for (place, one) in waiting.iter().enumerate() {
            for other in waiting.iter().skip(place + 1).filter(|other| ask_alike(one, other)) {
                found.push(merge_task(one, other));
            }
        }
        found
    }
}

fn may_be_merged(request: &Request) -> bool {
    use super::machine::request::State;
    matches!(request.state, State::Submitted { .. } | State::Open { .. })
}

fn ask_alike(one: &Request, other: &Request) -> bool {
    one.lines.iter().any(|line| {
        other.lines.iter().any(|its| {
            its.need.resource_kind == line.need.resource_kind
                && its.need.requested.min(line.need.requested) > 0
        })
    })
}

fn merge_task(one: &Request, other: &Request) -> Open {
    let mode = one.book.mode();
    let task = wire::AidTask {
        incident: one.incident.name(),
        request: one.id.name(),
        other_request: other.id.name(),
        priority: one.facts.priority.to_wire().into(),
        ..task(Kind::MergeCandidates, mode, words::merge(&one.facts.title, &other.facts.title))
    };
    let since = one.since().max(other.since());
    ranked(task, (mode, None), since, &format!("{}.{}", one.id, other.id), 0)
}

fn task(kind: Kind, mode: Mode, (text_zh, text_en): (String, String)) -> wire::AidTask {
    wire::AidTask {
        kind: kind.into(),
        mode: mode.to_wire().into(),
        text_zh,
        text_en,
        ..wire::AidTask::default()
    }
}

fn ranked(
    task: wire::AidTask,
    (mode, priority): (Mode, Option<Priority>),
    since: Timestamp,
    subject: &str,
    stage: u64,
) -> Open {
    let name = format!("tasks/{}.{subject}", words::slug(task.kind()));
    let task = wire::AidTask { name: name.clone(), since_time: Some(time_to_wire(since)), ..task };
    // What has no priority of its own stands beside what is serious.
    let priority = match priority {
        Some(Priority::P1) => 1,
        Some(Priority::P2) | None => 2,
        Some(Priority::P3) => 3,
    };
    Open { task, rank: Rank { mode, priority, since_ms: since.as_millisecond(), name }, stage }
}
