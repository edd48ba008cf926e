//! What happened, for ever. Written in the transaction of its effect; never changed, never deleted.

use jiff::Timestamp;
use shouwang_proto::mutual_aid::id::{AssignmentId, IncidentId, RequestId};
use shouwang_serving::{execute, on};

use super::super::{Conn, StoreError, Tx, bad_row, column, counter};

/// An entry on its way into a timeline; the body is JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Of which incident.
    pub incident: IncidentId,
    /// About which request.
    pub request: Option<RequestId>,
    /// About which assignment.
    pub assignment: Option<AssignmentId>,
    /// What happened.
    pub body: String,
}

/// Adds an entry behind the last one of its incident and gives its number.
///
/// # Errors
/// What the store said.
pub async fn timeline_add(tx: &mut Tx, entry: &NewEntry, now: Timestamp) -> Result<u64, StoreError> {
    let NewEntry { incident, request, assignment, body } = entry;
    let sequence: i64 = on!(tx, c => sqlx::query_scalar(
        "update aid_incident set sequence = sequence + 1 where id = $1 returning sequence")
        .bind(incident.to_string()).fetch_one(&mut *c).await?);
    execute!(
        tx,
        "insert into aid_timeline (incident_id, sequence, request_id, assignment_id, recorded_ms, body)
         values ($1, $2, $3, $4, $5, $6)",
        incident.to_string(),
        sequence,
        request.map(|request| request.to_string()),
        assignment.map(|assignment| assignment.to_string()),
        now.as_millisecond(),
        body,
    );
    counter("aid_timeline", "sequence", incident, sequence)
}

/// One entry with its number.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    /// 1, 2, 3 … without a gap within the incident.
    pub sequence: u64,
    /// About which request.
    pub request: Option<RequestId>,
    /// About which assignment.
    pub assignment: Option<AssignmentId>,
    /// What happened, as JSON.
    pub body: String,
}

#[derive(sqlx::FromRow)]
struct Raw {
    sequence: i64,
    request_id: Option<String>,
    assignment_id: Option<String>,
    body: String,
}

impl Raw {
    fn check(self) -> Result<EntryRow, StoreError> {
        let Self { sequence: key, request_id, assignment_id, body } = self;
        let request = request_id.map(|id| id.parse()).transpose();
        let assignment = assignment_id.map(|id| id.parse()).transpose();
        Ok(EntryRow {
            sequence: counter("aid_timeline", "sequence", key, key)?,
            request: request.map_err(|error| bad_row("aid_timeline", "request_id", key, error))?,
            assignment: assignment.map_err(|error| bad_row("aid_timeline", "assignment_id", key, error))?,
            body,
        })
    }
}

/// The entries of an incident after a number, oldest first, at most `limit`; of one request only, if it is named.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn timeline_after(
    conn: &mut Conn,
    incident: IncidentId,
    request: Option<RequestId>,
    after: u64,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let request = request.map_or_else(String::new, |request| request.to_string());
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select sequence, request_id, assignment_id, body from aid_timeline
         where incident_id = $1 and sequence > $2 and ($3 = '' or request_id = $3) order by sequence limit $4")
        .bind(incident.to_string()).bind(column(after)).bind(&request).bind(i64::from(limit))
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}
