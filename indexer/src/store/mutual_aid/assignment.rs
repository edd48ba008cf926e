//! Assignments: one resource on one line of a request, from the first question to the settlement.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        id::{AssignmentId, IncidentId, RequestId},
        term::AssignmentState,
    },
};
use shouwang_serving::on;

use super::{
    super::{Conn, StoreError, Tx, bad_row, column},
    incident::{moved, read_body, words, write_body},
    ledger::scope_text,
};
use crate::mutual_aid::machine::{assignment::Assignment, ledger::Book};

#[derive(sqlx::FromRow)]
struct Raw {
    id: String,
    request_id: String,
    incident_id: String,
    line: i64,
    owner_id: String,
    record: String,
    scope: String,
    version: i64,
    state: String,
    quantity: i64,
    body: String,
}

impl Raw {
    /// The body is the machine's own value; what the columns say must be the same.
    fn check(self) -> Result<Assignment, StoreError> {
        let key = self.id;
        let assignment: Assignment = read_body("aid_assignment", &key, &self.body)?;
        let same = assignment.id.to_string() == key
            && assignment.line.request.to_string() == self.request_id
            && i64::from(assignment.line.number.get()) == self.line
            && assignment.incident.to_string() == self.incident_id
            && assignment.resource.member.as_str() == self.owner_id
            && assignment.resource.record.to_string() == self.record
            && scope_text(assignment.book) == self.scope
            && column(assignment.version) == self.version
            && assignment.state.word().code() == self.state
            && column(assignment.state.quantity()) == self.quantity;
        if same {
            Ok(assignment)
        } else {
            Err(bad_row("aid_assignment", "body", &key, "says something else than the columns"))
        }
    }
}

/// Came before any order.
fn is_self_deployed(assignment: &Assignment) -> bool {
    assignment.state.mission().is_some_and(|mission| mission.self_deployed)
}

/// Adds an assignment (`was` 0), or writes how it is now if it still has the version that was decided from. A second
/// order for one thing in one place breaks a unique index.
///
/// # Errors
/// ABORTED (VERSION_MISMATCH) when it has not; what the store said.
pub async fn assignment_put(
    tx: &mut Tx,
    was: u64,
    assignment: &Assignment,
    serialised: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Assignment { id, line, incident, resource, version, state, .. } = assignment;
    let body = write_body("aid_assignment", assignment)?;
    let changed = if was == 0 {
        on!(tx, c => sqlx::query(
            "insert into aid_assignment (id, request_id, incident_id, line, owner_id, record, scope, version, state,
             quantity, serialised, self_deployed, changed_ms, body)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
            .bind(id.to_string()).bind(line.request.to_string()).bind(incident.to_string())
            .bind(i64::from(line.number.get())).bind(resource.member.as_str()).bind(resource.record.to_string())
            .bind(scope_text(assignment.book)).bind(column(*version)).bind(state.word().code())
            .bind(column(state.quantity())).bind(serialised).bind(is_self_deployed(assignment))
            .bind(now.as_millisecond()).bind(&body).execute(&mut *c).await?.rows_affected())
    } else {
        on!(tx, c => sqlx::query(
            "update aid_assignment set version = $3, state = $4, quantity = $5, serialised = $6, self_deployed = $7,
             changed_ms = $8, body = $9 where id = $1 and version = $2")
            .bind(id.to_string()).bind(column(was)).bind(column(*version)).bind(state.word().code())
            .bind(column(state.quantity())).bind(serialised).bind(is_self_deployed(assignment))
            .bind(now.as_millisecond()).bind(&body).execute(&mut *c).await?.rows_affected())
    };
    if changed == 1 { Ok(()) } else { Err(moved(&id.name()).into()) }
}

/// One assignment.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn assignment_find(conn: &mut Conn, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, body
         from aid_assignment where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// All assignments of a request, in the order in which they were made.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn assignments_of_request(
    conn: &mut Conn,
    request: RequestId,
) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, body
         from aid_assignment where request_id = $1 order by id")
        .bind(request.to_string()).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// All assignments of an incident, in the order in which they were made.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn assignments_of_incident(
    conn: &mut Conn,
    incident: IncidentId,
) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, body
         from aid_assignment where incident_id = $1 order by id")
        .bind(incident.to_string()).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// The assignments of a resource that hold something of it now.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn assignments_using(
    conn: &mut Conn,
    resource: &PublicationName,
    book: Book,
) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, body
         from aid_assignment
         where owner_id = $1 and record = $2 and scope = $3
           and state in ('held', 'committed', 'mobilising', 'en-route', 'staged', 'on-scene', 'returning')
         order by id")
        .bind(resource.member.as_str()).bind(resource.record.to_string()).bind(scope_text(book))
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Which assignments to list.
#[derive(Clone, Debug, Default)]
pub struct AssignmentFilter {
    /// Only of this request.
    pub request: Option<RequestId>,
    /// Only of this owner.
    pub owner: Option<MemberId>,
    /// Only these states; empty: all.
    pub states: Vec<AssignmentState>,
    /// Only those that concern this member: its resources, and what is sent to it.
    pub concerning: Option<MemberId>,
}

/// Where a list of assignments goes on: after this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentAfter {
    changed_ms: i64,
    id: String,
}

#[derive(sqlx::FromRow)]
struct Listed {
    changed_ms: i64,
    #[sqlx(flatten)]
    raw: Raw,
}

/// Assignments, newest change first, at most `limit`, each with where the list goes on after it.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn assignments_list(
    conn: &mut Conn,
    filter: &AssignmentFilter,
    after: Option<&AssignmentAfter>,
    limit: u32,
) -> Result<Vec<(Assignment, AssignmentAfter)>, StoreError> {
    let (changed_ms, id) =
        after.map_or((i64::MAX, String::new()), |after| (after.changed_ms, after.id.clone()));
    let request = filter.request.map_or_else(String::new, |request| request.to_string());
    let owner = filter.owner.as_ref().map_or("", MemberId::as_str);
    let states = words(&filter.states, AssignmentState::code);
    let member = filter.concerning.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Listed> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, body, changed_ms
         from aid_assignment a
         where (changed_ms < $1 or (changed_ms = $1 and id < $2))
           and ($3 = '' or request_id = $3) and ($4 = '' or owner_id = $4)
           and ($5 = '' or replace($5, ',' || state || ',', '') <> $5)
           and ($6 = '' or owner_id = $6
                or exists (select 1 from aid_request r where r.id = a.request_id and r.requester_id = $6))
         order by changed_ms desc, id desc limit $7")
        .bind(changed_ms).bind(&id).bind(&request).bind(owner).bind(&states).bind(member)
        .bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|Listed { changed_ms, raw }| {
            let id = raw.id.clone();
            Ok((raw.check()?, AssignmentAfter { changed_ms, id }))
        })
        .collect()
}
