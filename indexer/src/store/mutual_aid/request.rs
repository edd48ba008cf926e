//! Requests for help, each with its need lines.

use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::{IncidentId, RequestId},
        term::{Mode, RequestState},
    },
};
use shouwang_serving::on;

use super::{
    super::{Conn, StoreError, Tx, bad_row, column},
    incident::{moved, read_body, words, write_body},
};
use crate::mutual_aid::machine::request::Request;

#[derive(sqlx::FromRow)]
struct Raw {
    id: String,
    incident_id: String,
    version: i64,
    mode: String,
    requester_id: String,
    priority: String,
    state: String,
    body: String,
}

impl Raw {
    /// The body is the machine's own value; what the columns say must be the same.
    fn check(self) -> Result<Request, StoreError> {
        let Self { id: key, incident_id, version, mode, requester_id, priority, state, body } = self;
        let request: Request = read_body("aid_request", &key, &body)?;
        let same = request.id.to_string() == key
            && request.incident.to_string() == incident_id
            && column(request.version) == version
            && request.book.mode().code() == mode
            && request.requester.as_str() == requester_id
            && request.facts.priority.code() == priority
            && request.word().code() == state;
        if same {
            Ok(request)
        } else {
            Err(bad_row("aid_request", "body", &key, "says something else than the columns"))
        }
    }
}

/// When a request was made: its id tells, and never changes.
fn made_ms(request: &Request) -> i64 {
    let made = request.id.uuid().get_timestamp();
    made.and_then(|made| i64::try_from(made.to_unix().0).ok()).unwrap_or(0).saturating_mul(1_000)
}

/// Adds a request (`was` 0), or writes how it is now if it still has the version that was decided from.
///
/// # Errors
/// ABORTED (VERSION_MISMATCH) when it has not; what the store said.
pub async fn request_put(tx: &mut Tx, was: u64, request: &Request) -> Result<(), StoreError> {
    let Request { id, incident, version, requester, facts, .. } = request;
    let body = write_body("aid_request", request)?;
    let changed = if was == 0 {
        on!(tx, c => sqlx::query(
            "insert into aid_request (id, incident_id, version, mode, requester_id, priority, state, created_ms, body)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(id.to_string()).bind(incident.to_string()).bind(column(*version))
            .bind(request.book.mode().code()).bind(requester.as_str()).bind(facts.priority.code())
            .bind(request.word().code()).bind(made_ms(request)).bind(&body)
            .execute(&mut *c).await?.rows_affected())
    } else {
        on!(tx, c => sqlx::query(
            "update aid_request set version = $3, priority = $4, state = $5, body = $6 where id = $1 and version = $2")
            .bind(id.to_string()).bind(column(was)).bind(column(*version)).bind(facts.priority.code())
            .bind(request.word().code()).bind(&body).execute(&mut *c).await?.rows_affected())
    };
    if changed == 1 { Ok(()) } else { Err(moved(&id.name()).into()) }
}

/// One request.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn request_find(conn: &mut Conn, id: RequestId) -> Result<Option<Request>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select id, incident_id, version, mode, requester_id, priority, state, body
         from aid_request where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// All requests of an incident, in the order in which they were made.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn requests_of_incident(conn: &mut Conn, incident: IncidentId) -> Result<Vec<Request>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, incident_id, version, mode, requester_id, priority, state, body
         from aid_request where incident_id = $1 order by id")
        .bind(incident.to_string()).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Which requests to list.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Only of this incident.
    pub incident: Option<IncidentId>,
    /// Only these states; empty: all.
    pub states: Vec<RequestState>,
    /// Only these modes; empty: all.
    pub modes: Vec<Mode>,
    /// Only of this member.
    pub requester: Option<MemberId>,
    /// Only those that concern this member.
    pub concerning: Option<MemberId>,
}

/// Where a list of requests goes on: after this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAfter {
    priority: String,
    created_ms: i64,
    id: String,
}

impl RequestAfter {
    /// Where the list goes on after this one.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self {
            priority: request.facts.priority.code().to_owned(),
            created_ms: made_ms(request),
            id: request.id.to_string(),
        }
    }
}

/// Requests, those with life in danger first, then oldest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn requests_list(
    conn: &mut Conn,
    filter: &RequestFilter,
    after: Option<&RequestAfter>,
    limit: u32,
) -> Result<Vec<Request>, StoreError> {
    let (priority, created_ms, id) = after.map_or_else(
        || (String::new(), i64::MIN, String::new()),
        |after| (after.priority.clone(), after.created_ms, after.id.clone()),
    );
    let incident = filter.incident.map_or_else(String::new, |incident| incident.to_string());
    let states = words(&filter.states, RequestState::code);
    let modes = words(&filter.modes, Mode::code);
    let requester = filter.requester.as_ref().map_or("", MemberId::as_str);
    let member = filter.concerning.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, incident_id, version, mode, requester_id, priority, state, body from aid_request r
         where (priority > $1 or (priority = $1 and (created_ms > $2 or (created_ms = $2 and id > $3))))
           and ($4 = '' or incident_id = $4)
           and ($5 = '' or replace($5, ',' || state || ',', '') <> $5)
           and ($6 = '' or replace($6, ',' || mode || ',', '') <> $6)
           and ($7 = '' or requester_id = $7)
           and ($8 = '' or requester_id = $8
                or exists (select 1 from aid_assignment a where a.request_id = r.id and a.owner_id = $8))
         order by priority, created_ms, id limit $9")
        .bind(&priority).bind(created_ms).bind(&id).bind(&incident).bind(&states).bind(&modes)
        .bind(requester).bind(member).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}
