//! Loads what a decision is made from, by the rules of [`Scope`].

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use shouwang_proto::mutual_aid::{
    id::{IncidentId, RequestId},
    term::Mode,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{
    machine::{
        assignment::Assignment,
        case::{Case, Scope},
        incident::State,
        ledger::{Book, Ledger, LedgerKey, Terms},
    },
    shelf::Shelf,
};
use crate::store::mutual_aid::{
    ahead::orders_begin,
    assignment::{assignment_find, assignments_of_request, assignments_using},
    incident::{incident_find, incidents_going_on},
    ledger::ledger_find,
    request::{request_find, requests_of_incident},
};

/// Loads a case.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub(super) async fn load(
    conn: &mut Conn,
    scope: &Scope,
    shelf: &Shelf,
    now: Timestamp,
) -> Result<Case, StoreError> {
    let mut loader = Loader { conn, shelf, now, case: Case::default(), whole: BTreeSet::new() };
    for incident in &scope.incidents {
        loader.incident(*incident).await?;
        for request in requests_of_incident(loader.conn, *incident).await? {
            loader.request(request.id).await?;
        }
    }
    for incident in &scope.incidents_alone {
        loader.incident(*incident).await?;
    }
    let mut books = BTreeSet::new();
    for request in &scope.requests {
        loader.request(*request).await?;
        books.extend(loader.case.requests.get(request).map(|request| request.book));
    }
    for assignment in &scope.assignments {
        if let Some(assignment) = assignment_find(loader.conn, *assignment).await? {
            loader.request(assignment.line.request).await?;
            loader.ledger(assignment.ledger()).await?;
        }
    }
    for book in books {
        for resource in &scope.resources {
            loader.ledger(LedgerKey { resource: resource.clone(), book }).await?;
        }
    }
    for key in &scope.ledgers {
        loader.ledger(key.clone()).await?;
    }
    if scope.open_drills {
        for incident in incidents_going_on(loader.conn).await? {
            if incident.mode == Mode::Exercise && incident.state == State::Open {
                loader.case.open_drills.insert(incident.id);
            }
        }
    }
    Ok(loader.case)
}

struct Loader<'a> {
    conn: &'a mut Conn,
    shelf: &'a Shelf,
    now: Timestamp,
    case: Case,
    /// Requests that are loaded with the ledgers of their active assignments.
    whole: BTreeSet<RequestId>,
}

impl Loader<'_> {
    /// An incident alone.
    async fn incident(&mut self, id: IncidentId) -> Result<(), StoreError> {
        if !self.case.incidents.contains_key(&id)
            && let Some(incident) = incident_find(self.conn, id).await?
        {
            self.case.incidents.insert(id, Arc::new(incident));
        }
        Ok(())
    }

    /// A request with its incident and all its assignments.
    async fn request_itself(&mut self, id: RequestId) -> Result<(), StoreError> {
        if self.case.requests.contains_key(&id) {
            return Ok(());
        }
        let Some(request) = request_find(self.conn, id).await? else { return Ok(()) };
        self.incident(request.incident).await?;
        self.case.requests.insert(id, Arc::new(request));
        for assignment in assignments_of_request(self.conn, id).await? {
            self.case.assignments.insert(assignment.id, Arc::new(assignment));
        }
        Ok(())
    }

    /// A request, and the ledgers of its active assignments.
    async fn request(&mut self, id: RequestId) -> Result<(), StoreError> {
        self.request_itself(id).await?;
        if !self.whole.insert(id) {
            return Ok(());
        }
        let active = self.case.of_request(id).filter(|assignment| assignment.is_active());
        let keys: Vec<_> = active.map(Assignment::ledger).collect();
        for key in keys {
            self.ledger(key).await?;
        }
        Ok(())
    }

    /// A ledger, and the requests of all assignments that use something of it. One that does not exist yet is opened
    /// from the publication; a drill's from the real one.
    async fn ledger(&mut self, key: LedgerKey) -> Result<(), StoreError> {
        if self.case.ledgers.contains_key(&key) {
            return Ok(());
        }
        let found = match ledger_find(self.conn, &key).await? {
            Some(ledger) => Some(ledger),
            None => self.opened(&key).await?,
        };
        let Some(ledger) = found else { return Ok(()) };
        for assignment in assignments_using(self.conn, &key.resource, key.book).await? {
            self.request_itself(assignment.line.request).await?;
        }
        self.case.ledgers.insert(key, Arc::new(ledger));
        Ok(())
    }

    async fn opened(&mut self, key: &LedgerKey) -> Result<Option<Ledger>, StoreError> {
        let actual = LedgerKey { resource: key.resource.clone(), book: Book::Actual };
        let real = match ledger_find(self.conn, &actual).await? {
            Some(ledger) => Some(ledger),
            None => self.shelf.find(&key.resource).map(|offered| {
                Ledger::open(actual, Terms::of(&offered.title, &offered.resource), offered.published)
            }),
        };
        let Some(real) = real else { return Ok(None) };
        let opened = if key.book == Book::Actual { real } else { real.copy_for(key.book, self.now) };
        Ok(Some(Ledger { epoch: orders_begin(self.conn).await?, ..opened }))
    }
}
