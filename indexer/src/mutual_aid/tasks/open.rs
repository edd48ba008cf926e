//! The tasks that the machine's own standing names.

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::id::LineNumber,
    publication::time_to_wire,
    wire::{self, AidTaskKind as Kind},
};

use super::{Finder, Open, ranked, task, words};
use crate::mutual_aid::machine::{
    assignment::Assignment,
    case::Case,
    escalation::{Subject, Task},
    policy::after,
    request::{Request, State},
};

impl Finder<'_> {
    pub(super) fn of_request(&self, case: &Case, request: &Request) -> Vec<Open> {
        let standing = case.standing(&Subject::Request(request.id), self.policy).unwrap_or_default();
        let tasks = standing.tasks.iter();
        tasks.filter_map(|task| self.one_of_request(request, *task)).collect()
    }

    fn one_of_request(&self, request: &Request, task: Task) -> Option<Open> {
        match task {
            Task::TakeUp => Some(self.whole(request, Kind::TakeUp)),
            // Open at once, but nobody has said that it is taken up.
            Task::Verify if request.acknowledged.is_none() => Some(self.whole(request, Kind::TakeUp)),
            Task::Verify => Some(self.whole(request, Kind::Verify)),
            Task::Close => Some(self.whole(request, Kind::Close)),
            Task::Widen(line) => self.line(request, line, Kind::Widen),
            Task::Call119(line) => self.line(request, line, Kind::Call119),
            Task::Surplus(line) => self.line(request, line, Kind::Surplus),
            Task::PhoneOwner
            | Task::Overdue
            | Task::FindTeam
            | Task::AwaitRelease
            | Task::Shortfall
            | Task::Report => None,
        }
    }

    fn whole(&self, request: &Request, kind: Kind) -> Open {
        let contact = &request.facts.contact;
        let due_time = match (kind, &request.state) {
            (Kind::TakeUp, State::Open { since, .. }) => {
                self.policy.council_acknowledges.first().map(|step| time_to_wire(after(*since, *step)))
            }
            _ => None,
        };
        let found = wire::AidTask {
            member: request.requester.name(),
            phones: vec![format!("{} {}", contact.name, contact.phone)],
            due_time,
            ..of(request, kind, words::of_request(kind, &request.facts.title))
        };
        self.rank(request, found, &request.id.to_string(), 0)
    }

    fn line(&self, request: &Request, number: LineNumber, kind: Kind) -> Option<Open> {
        let line = request.line(number)?;
        let stage = match line.uncovered {
            // Anew, when it was covered in between.
            Some(uncovered) if kind != Kind::Surplus => {
                u64::try_from(uncovered.since.as_millisecond()).unwrap_or(0)
            }
            Some(_) | None => line.overcommitted,
        };
        let found = wire::AidTask {
            line: number.get(),
            member: request.requester.name(),
            ..of(request, kind, words::of_line(kind, &line.need.what))
        };
        let mut open = self.rank(request, found, &format!("{}.{number}", request.id), stage);
        if let Some(uncovered) = line.uncovered.filter(|_| kind != Kind::Surplus) {
            open.task.since_time = Some(time_to_wire(uncovered.since));
        }
        Some(open)
    }

    fn rank(&self, request: &Request, task: wire::AidTask, subject: &str, stage: u64) -> Open {
        let urgency = (request.book.mode(), Some(request.facts.priority));
        ranked(task, urgency, request.since(), subject, stage)
    }

    pub(super) fn of_assignment(&self, case: &Case, assignment: &Assignment) -> Vec<Open> {
        let subject = Subject::Assignment(assignment.id);
        let standing = case.standing(&subject, self.policy).unwrap_or_default();
        let Some(request) = case.requests.get(&assignment.line.request) else { return Vec::new() };
        let kinds = standing.tasks.iter().filter_map(|task| match task {
            Task::PhoneOwner => Some((Kind::PhoneOwner, since_ms(assignment))),
            Task::Overdue => Some((Kind::Overdue, since_ms(assignment))),
            Task::FindTeam => Some((Kind::FindTeam, u64::from(assignment.flags.missed))),
            Task::AwaitRelease => Some((Kind::AwaitRelease, since_ms(assignment))),
            Task::TakeUp
            | Task::Verify
            | Task::Widen(_)
            | Task::Call119(_)
            | Task::Surplus(_)
            | Task::Shortfall
            | Task::Report
            | Task::Close => None,
        });
        let line = request.line(assignment.line.number);
        let what = line.map(|line| line.need.what.clone()).unwrap_or_default();
        kinds
            .map(|(kind, stage)| {
                let owner = assignment.owner();
                let found = wire::AidTask {
                    line: assignment.line.number.get(),
                    assignment: assignment.id.name(),
                    resource: assignment.resource.to_string(),
                    member: owner.name(),
                    phones: self.phones_of(&assignment.resource),
                    ..of(request, kind, words::of_assignment(kind, &what, owner))
                };
                let mut open = self.rank(request, found, &assignment.id.to_string(), stage);
                open.task.since_time = Some(time_to_wire(assignment.since));
                open
            })
            .collect()
    }

    /// Whom to phone about a resource.
    pub(super) fn phones_of(&self, resource: &PublicationName) -> Vec<String> {
        let offered = self.shelf.find(resource);
        offered.map_or_else(|| self.shelf.phones_of(&resource.member), |offered| offered.phones())
    }
}

fn of(request: &Request, kind: Kind, words: (String, String)) -> wire::AidTask {
    wire::AidTask {
        incident: request.incident.name(),
        request: request.id.name(),
        priority: request.facts.priority.to_wire().into(),
        ..task(kind, request.book.mode(), words)
    }
}

fn since_ms(assignment: &Assignment) -> u64 {
    u64::try_from(assignment.since.as_millisecond()).unwrap_or(0)
}
