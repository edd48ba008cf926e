//! Assignments: one resource on one line of a request, from the first question to the settlement.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::from_millis,
    id::{MemberId, PublicationName},
    mutual_aid::{
        id::{AssignmentId, IncidentId, LineId, LineNumber, RequestId},
        term::AssignmentState,
    },
};
use shouwang_serving::on;

use super::{
    super::{Conn, StoreError, Tx, bad_row, column, counter},
    incident::{read, words},
    ledger::scope_text,
};

/// An assignment as its row has it. The body is the machine's own value, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignmentRow {
    /// Its id.
    pub id: AssignmentId,
    /// For which line.
    pub line: LineId,
    /// Of which incident.
    pub incident: IncidentId,
    /// What.
    pub resource: PublicationName,
    /// Whose copy of the ledger it draws on: the drill's, or the real one.
    pub scope: Option<IncidentId>,
    /// Counts the changes.
    pub version: u64,
    /// State.
    pub state: AssignmentState,
    /// How much.
    pub quantity: u64,
    /// One thing that cannot be in two places.
    pub serialised: bool,
    /// Came before any order.
    pub self_deployed: bool,
    /// When it last changed.
    pub changed: Timestamp,
    /// The machine's value.
    pub body: String,
}

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
    serialised: bool,
    self_deployed: bool,
    changed_ms: i64,
    body: String,
}

impl Raw {
    fn check(self) -> Result<AssignmentRow, StoreError> {
        const TABLE: &str = "aid_assignment";
        let key = self.id;
        let number = u32::try_from(self.line).ok().and_then(LineNumber::new);
        let scope = if self.scope.is_empty() { None } else { Some(read(TABLE, "scope", &key, &self.scope)?) };
        Ok(AssignmentRow {
            id: read(TABLE, "id", &key, &key)?,
            line: LineId {
                request: read::<RequestId>(TABLE, "request_id", &key, &self.request_id)?,
                number: number.ok_or_else(|| bad_row(TABLE, "line", &key, self.line))?,
            },
            incident: read(TABLE, "incident_id", &key, &self.incident_id)?,
            resource: PublicationName {
                member: read(TABLE, "owner_id", &key, &self.owner_id)?,
                record: read(TABLE, "record", &key, &self.record)?,
            },
            scope,
            version: counter(TABLE, "version", &key, self.version)?,
            state: read(TABLE, "state", &key, &self.state)?,
            quantity: counter(TABLE, "quantity", &key, self.quantity)?,
            serialised: self.serialised,
            self_deployed: self.self_deployed,
            changed: from_millis(self.changed_ms),
            body: self.body,
        })
    }
}

/// Adds an assignment, or writes how it is now. A second one for one thing in one place breaks a unique index.
///
/// # Errors
/// What the store said.
pub async fn assignment_put(tx: &mut Tx, row: &AssignmentRow) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "insert into aid_assignment (id, request_id, incident_id, line, owner_id, record, scope, version, state,
         quantity, serialised, self_deployed, changed_ms, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (id) do update set version = excluded.version, state = excluded.state,
         quantity = excluded.quantity, serialised = excluded.serialised, self_deployed = excluded.self_deployed,
         changed_ms = excluded.changed_ms, body = excluded.body")
        .bind(row.id.to_string()).bind(row.line.request.to_string()).bind(row.incident.to_string())
        .bind(i64::from(row.line.number.get())).bind(row.resource.member.as_str())
        .bind(row.resource.record.to_string()).bind(scope_text(row.scope)).bind(column(row.version))
        .bind(row.state.code()).bind(column(row.quantity)).bind(row.serialised).bind(row.self_deployed)
        .bind(row.changed.as_millisecond()).bind(&row.body).execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// One assignment.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn assignment_find(conn: &mut Conn, id: AssignmentId) -> Result<Option<AssignmentRow>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, serialised,
         self_deployed, changed_ms, body from aid_assignment where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// All assignments of an incident, in the order in which they were made.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn assignments_of_incident(
    conn: &mut Conn,
    incident: IncidentId,
) -> Result<Vec<AssignmentRow>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, serialised,
         self_deployed, changed_ms, body from aid_assignment where incident_id = $1 order by id")
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
    scope: Option<IncidentId>,
) -> Result<Vec<AssignmentRow>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, serialised,
         self_deployed, changed_ms, body from aid_assignment
         where owner_id = $1 and record = $2 and scope = $3
           and state in ('held', 'committed', 'mobilising', 'en-route', 'staged', 'on-scene', 'returning')
         order by id")
        .bind(resource.member.as_str()).bind(resource.record.to_string()).bind(scope_text(scope))
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

impl AssignmentRow {
    /// Where the list goes on after this row.
    #[must_use]
    pub fn after(&self) -> AssignmentAfter {
        AssignmentAfter { changed_ms: self.changed.as_millisecond(), id: self.id.to_string() }
    }
}

/// Assignments, newest change first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn assignments_list(
    conn: &mut Conn,
    filter: &AssignmentFilter,
    after: Option<&AssignmentAfter>,
    limit: u32,
) -> Result<Vec<AssignmentRow>, StoreError> {
    let (changed_ms, id) = after.map_or((i64::MAX, String::new()), |after| (after.changed_ms, after.id.clone()));
    let request = filter.request.map_or_else(String::new, |request| request.to_string());
    let owner = filter.owner.as_ref().map_or("", MemberId::as_str);
    let states = words(&filter.states, AssignmentState::code);
    let member = filter.concerning.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, request_id, incident_id, line, owner_id, record, scope, version, state, quantity, serialised,
         self_deployed, changed_ms, body from aid_assignment a
         where (changed_ms < $1 or (changed_ms = $1 and id < $2))
           and ($3 = '' or request_id = $3) and ($4 = '' or owner_id = $4)
           and ($5 = '' or replace($5, ',' || state || ',', '') <> $5)
           and ($6 = '' or owner_id = $6
                or exists (select 1 from aid_request r where r.id = a.request_id and r.requester_id = $6))
         order by changed_ms desc, id desc limit $7")
        .bind(changed_ms).bind(&id).bind(&request).bind(owner).bind(&states).bind(member)
        .bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}
