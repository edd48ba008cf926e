//! What an emergency waits for: the deadlines and the tasks for people that follow from a state. Always recomputed from
//! the state, so an escalation stops when its cause is gone, and a restart loses none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::mutual_aid::{
    id::{AssignmentId, IncidentId, LineNumber, RequestId},
    term::Mode,
};

use super::{
    assignment::{Assignment, State},
    incident::{self, Incident},
    ledger::{Ledger, LedgerKey},
    policy::{Policy, after},
    request::{self, Line, Request},
};

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// An incident.
    Incident(IncidentId),
    /// A request.
    Request(RequestId),
    /// An assignment.
    Assignment(AssignmentId),
    /// A ledger.
    Ledger(LedgerKey),
}

/// A time at which something follows if nothing has changed until then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Deadline {
    /// What waits.
    pub subject: Subject,
    /// For what.
    pub kind: Wait,
    /// When it is due.
    pub due: Timestamp,
}

/// For what something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Wait {
    /// The council takes up a P1 request; which step of its duty chain is called next, from 0.
    Council(u8),
    /// A line gets its minimum; which step of the search is taken next, from 0.
    Cover(LineNumber, u8),
    /// The owner answers; which step of its duty chain is called next, from 0.
    Owner(u8),
    /// Its state ends by itself.
    Expiry,
    /// It arrives.
    Arrival,
    /// The team counts its people; how many it has missed.
    HeadCount(u8),
    /// The authorities are told; which reminder is next, from 0.
    Report(u8),
}

impl Wait {
    /// True when only people are disturbed, so that a late one need not fire.
    #[must_use]
    pub fn only_reminds(self) -> bool {
        match self {
            Self::Council(_)
            | Self::Cover(..)
            | Self::Owner(_)
            | Self::Arrival
            | Self::HeadCount(_)
            | Self::Report(_) => true,
            Self::Expiry => false,
        }
    }
}

/// Something that a person has to do. It goes away when its cause does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Task {
    /// Take up the request.
    TakeUp,
    /// Verify a P1 request.
    Verify,
    /// Ask the next ring and the neighbour alliances for this line.
    Widen(LineNumber),
    /// Call 119 and the bureau for this line.
    Call119(LineNumber),
    /// More is sent for this line than is asked for.
    Surplus(LineNumber),
    /// Phone the owner: nobody answers.
    PhoneOwner,
    /// Find out where the team is: it has not arrived.
    Overdue,
    /// Find the team: nobody reaches it.
    FindTeam,
    /// The team is asked home and has not left.
    AwaitRelease,
    /// The owner lends less than is in use.
    Shortfall,
    /// Tell the authorities: the hour runs out.
    Report,
    /// Close the request: everybody is home.
    Close,
}

/// What follows from a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Deadlines, earliest first.
    pub deadlines: Vec<Deadline>,
    /// Tasks.
    pub tasks: Vec<Task>,
}

/// What follows for an incident.
#[must_use]
pub fn of_incident(incident: &Incident, policy: &Policy) -> Standing {
    let mut standing = Standing::default();
    let waits = incident.state == incident::State::Open
        && incident.mode != Mode::Test
        && incident.facts.reports.is_empty();
    if waits {
        let subject = Subject::Incident(incident.id);
        if let Some(seconds) = step(&policy.report, incident.report_reached) {
            let kind = Wait::Report(incident.report_reached);
            standing.deadlines.push(Deadline { subject, kind, due: after(incident.opened, seconds) });
        }
        if incident.report_reached > 0 {
            standing.tasks.push(Task::Report);
        }
    }
    standing
}

/// What follows for a request. `all_home`: none of its assignments is active.
#[must_use]
pub fn of_request(request: &Request, all_home: bool, policy: &Policy) -> Standing {
    let subject = Subject::Request(request.id);
    let mut standing = Standing::default();
    let mut wait = |kind, due| standing.deadlines.push(Deadline { subject: subject.clone(), kind, due });
    match &request.state {
        request::State::Draft { since } => wait(Wait::Expiry, after(*since, policy.draft_expires)),
        request::State::Submitted { since } => {
            wait(Wait::Expiry, after(*since, policy.submitted_expires));
            standing.tasks.push(Task::TakeUp);
        }
        request::State::Open { since, verified } => {
            let reached = request.council_reached;
            if request.acknowledged.is_none()
                && let Some(seconds) = step(&policy.council_acknowledges, reached)
            {
                wait(Wait::Council(reached), after(*since, seconds));
            }
            for line in &request.lines {
                if let Some(uncovered) = line.uncovered
                    && let Some(seconds) = step(&policy.line_uncovered, uncovered.reached)
                {
                    wait(Wait::Cover(line.number, uncovered.reached), after(uncovered.since, seconds));
                }
                standing.tasks.extend(line_tasks(line));
            }
            if !verified {
                standing.tasks.push(Task::Verify);
            }
        }
        request::State::StandingDown { .. } => {
            if all_home {
                standing.tasks.push(Task::Close);
            }
        }
        request::State::Closed { .. }
        | request::State::Reviewed { .. }
        | request::State::Rejected { .. }
        | request::State::Merged { .. }
        | request::State::Expired { .. } => {}
    }
    standing.deadlines.sort_by_key(|deadline| deadline.due);
    standing
}

fn line_tasks(line: &Line) -> Vec<Task> {
    let reached = line.uncovered.map_or(0, |uncovered| uncovered.reached);
    let mut tasks = Vec::new();
    if reached > 0 {
        tasks.push(Task::Widen(line.number));
    }
    if reached > 1 {
        tasks.push(Task::Call119(line.number));
    }
    if line.overcommitted > 0 {
        tasks.push(Task::Surplus(line.number));
    }
    tasks
}

/// What follows for an assignment.
#[must_use]
pub fn of_assignment(assignment: &Assignment, policy: &Policy) -> Standing {
    let subject = Subject::Assignment(assignment.id);
    let mut standing = Standing::default();
    let mut wait = |kind, due| standing.deadlines.push(Deadline { subject: subject.clone(), kind, due });
    let flags = &assignment.flags;
    if let Some(expires) = assignment.expires() {
        wait(Wait::Expiry, expires);
    }
    if matches!(assignment.state, State::Solicited(_) | State::Held(_)) {
        // Who has seen it need not be called again, but if nobody answers the search goes on.
        let next = if flags.seen { flags.reminded.max(1) } else { flags.reminded };
        if let Some(seconds) = step(&policy.owner_answers, next) {
            wait(Wait::Owner(next), after(assignment.since, seconds));
        }
        if flags.reminded > 1 {
            standing.tasks.push(Task::PhoneOwner);
        }
    }
    let coming = matches!(assignment.state, State::Committed(_) | State::Mobilising(_) | State::EnRoute(_));
    if coming
        && !flags.overdue
        && let Some(order) = assignment.state.order()
        && let Some(arrival) = order.arrival
    {
        wait(Wait::Arrival, policy.overdue(order.at, arrival));
    }
    if let State::OnScene(outing) = &assignment.state
        && assignment.crewed
    {
        let since = outing.counted.map_or(assignment.since, |counted| counted.at);
        let due = after(since, policy.head_count.saturating_mul(u32::from(flags.missed) + 1));
        wait(Wait::HeadCount(flags.missed), due);
    }
    for (raised, task) in [
        (flags.overdue, Task::Overdue),
        (flags.lost_contact, Task::FindTeam),
        (flags.recall.is_some() && !matches!(assignment.state, State::Returning(_)), Task::AwaitRelease),
    ] {
        if raised && assignment.is_active() {
            standing.tasks.push(task);
        }
    }
    standing.deadlines.sort_by_key(|deadline| deadline.due);
    standing
}

/// What follows for a ledger.
#[must_use]
pub fn of_ledger(ledger: &Ledger) -> Standing {
    let tasks = if ledger.shortfall() > 0 { vec![Task::Shortfall] } else { Vec::new() };
    Standing { deadlines: Vec::new(), tasks }
}

fn step(steps: &[u32], reached: u8) -> Option<u32> {
    steps.get(usize::from(reached)).copied()
}
