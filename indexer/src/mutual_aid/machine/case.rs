//! What a decision is made from: the part of the hub's state that a command concerns.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        id::{AssignmentId, IncidentId, LineId, RequestId},
        term::Mode,
    },
};

use super::{
    assignment::Assignment,
    change::{Answer, Change, Saved},
    command::Fingerprint,
    escalation::{Standing, Subject, of_assignment, of_incident, of_ledger, of_request},
    fulfilment::Fulfilment,
    incident::{Incident, State},
    ledger::{Ledger, LedgerKey},
    policy::Policy,
    request::Request,
};

/// What is loaded for a decision. More than needed does no harm; less does: see [`Scope`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// Incidents.
    pub incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// Requests.
    pub requests: BTreeMap<RequestId, Arc<Request>>,
    /// Assignments.
    pub assignments: BTreeMap<AssignmentId, Arc<Assignment>>,
    /// Ledgers.
    pub ledgers: BTreeMap<LedgerKey, Arc<Ledger>>,
    /// Drills that are open, whatever the command is about.
    pub open_drills: BTreeSet<IncidentId>,
    /// What was answered to this command when it came first.
    pub recorded: Option<Recorded>,
}

/// An answer that was given before, under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Of the command that was answered.
    pub fingerprint: Fingerprint,
    /// The answer.
    pub answer: Answer,
}

/// What to load. The loader needs to know one rule and no commands:
///
/// 1. *R0* are the requests named here, those of the assignments named, and all requests of the incidents named;
/// 2. *L* are the ledgers named, those of the resources named in the books of *R0*, those of the assignments named, and
///    those of the active assignments of *R0*;
/// 3. *R1* are the requests of all assignments that use something of a ledger in *L*;
/// 4. load *L*; *R0* and *R1* with all their assignments; the incidents of these, and those named alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Incidents, with all their requests.
    pub incidents: BTreeSet<IncidentId>,
    /// Incidents alone.
    pub incidents_alone: BTreeSet<IncidentId>,
    /// Requests.
    pub requests: BTreeSet<RequestId>,
    /// Assignments.
    pub assignments: BTreeSet<AssignmentId>,
    /// Resources, whose ledgers are wanted. One that has no ledger in that book yet comes as [`Ledger::open`] or
    /// [`Ledger::copy_for`] makes it, with version 0.
    pub resources: BTreeSet<PublicationName>,
    /// Ledgers.
    pub ledgers: BTreeSet<LedgerKey>,
    /// The ids of the open drills.
    pub open_drills: bool,
}

impl Case {
    /// The assignments of one request.
    pub fn of_request(&self, request: RequestId) -> impl Iterator<Item = &Assignment> {
        self.assignments
            .values()
            .map(Arc::as_ref)
            .filter(move |assignment| assignment.line.request == request)
    }

    /// How far a line is met; none when it is not here.
    #[must_use]
    pub fn fulfilment(&self, line: LineId) -> Option<Fulfilment> {
        let request = self.requests.get(&line.request)?;
        Some(Fulfilment::of(request.line(line.number)?, line, self.of_request(line.request)))
    }

    /// The part of a case that a scope names, by the rule of [`Scope`]: what a store has to load.
    #[must_use]
    pub fn part(&self, scope: &Scope) -> Self {
        let named = |id: &AssignmentId| self.assignments.get(id);
        let of_incidents = (self.requests.values())
            .filter(|request| scope.incidents.contains(&request.incident))
            .map(|request| request.id);
        let of_assignments = scope.assignments.iter().filter_map(named).map(|found| found.line.request);
        let first: BTreeSet<RequestId> =
            scope.requests.iter().copied().chain(of_incidents).chain(of_assignments).collect();
        let books: BTreeSet<_> =
            first.iter().filter_map(|id| self.requests.get(id)).map(|request| request.book).collect();
        let resources = books.iter().flat_map(|book| {
            let key = |resource: &PublicationName| LedgerKey { resource: resource.clone(), book: *book };
            scope.resources.iter().map(key)
        });
        let active = first
            .iter()
            .flat_map(|id| self.of_request(*id))
            .filter(|found| found.is_active())
            .map(Assignment::ledger);
        let of_named = scope.assignments.iter().filter_map(named).map(|found| found.ledger());
        let keys: BTreeSet<LedgerKey> =
            scope.ledgers.iter().cloned().chain(resources).chain(active).chain(of_named).collect();
        let users = self
            .assignments
            .values()
            .filter(|found| found.uses().is_some() && keys.contains(&found.ledger()));
        let requests: BTreeSet<RequestId> =
            first.iter().copied().chain(users.map(|found| found.line.request)).collect();
        self.with(scope, &keys, &requests)
    }

    fn with(&self, scope: &Scope, keys: &BTreeSet<LedgerKey>, requests: &BTreeSet<RequestId>) -> Self {
        let mut part = Self { recorded: self.recorded.clone(), ..Self::default() };
        if scope.open_drills {
            part.open_drills.clone_from(&self.open_drills);
        }
        part.requests = (self.requests.iter())
            .filter(|(id, _)| requests.contains(id))
            .map(|(id, request)| (*id, Arc::clone(request)))
            .collect();
        let incidents: BTreeSet<IncidentId> = (part.requests.values().map(|request| request.incident))
            .chain(scope.incidents.iter().copied())
            .chain(scope.incidents_alone.iter().copied())
            .collect();
        part.incidents = (self.incidents.iter())
            .filter(|(id, _)| incidents.contains(id))
            .map(|(id, incident)| (*id, Arc::clone(incident)))
            .collect();
        part.assignments = (self.assignments.iter())
            .filter(|(_, found)| requests.contains(&found.line.request))
            .map(|(id, found)| (*id, Arc::clone(found)))
            .collect();
        part.ledgers = (self.ledgers.iter())
            .filter(|(key, _)| keys.contains(key))
            .map(|(key, ledger)| (key.clone(), Arc::clone(ledger)))
            .collect();
        part
    }

    /// The case after these changes: what the store makes of them, for tests, simulations and for deciding on.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Incident(Saved { now, .. }) => {
                    if now.mode == Mode::Exercise {
                        if now.state == State::Open {
                            self.open_drills.insert(now.id);
                        } else {
                            self.open_drills.remove(&now.id);
                        }
                    }
                    self.incidents.insert(now.id, Arc::new(now.clone()));
                }
                Change::Request(Saved { now, .. }) => {
                    self.requests.insert(now.id, Arc::new(now.clone()));
                }
                Change::Assignment(Saved { now, .. }) => {
                    self.assignments.insert(now.id, Arc::new(now.clone()));
                }
                Change::Ledger(Saved { now, .. }) => {
                    self.ledgers.insert(now.key.clone(), Arc::new(now.clone()));
                }
                Change::Entry(_) | Change::Notice(_) | Change::Page(_) | Change::Standing(..) => {}
            }
        }
    }

    /// The subject's standing anew, as after a restart; none when the subject is not here.
    #[must_use]
    pub fn standing(&self, subject: &Subject, policy: &Policy) -> Option<Standing> {
        match subject {
            Subject::Incident(id) => self.incidents.get(id).map(|incident| of_incident(incident, policy)),
            Subject::Request(id) => self.requests.get(id).map(|request| {
                let all_home = !self.of_request(*id).any(Assignment::is_active);
                of_request(request, all_home, policy)
            }),
            Subject::Assignment(id) => self.assignments.get(id).map(|found| of_assignment(found, policy)),
            Subject::Ledger(key) => self.ledgers.get(key).map(|ledger| of_ledger(ledger)),
        }
    }
}
