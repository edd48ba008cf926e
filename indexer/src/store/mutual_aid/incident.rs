//! Incidents.

use std::str::FromStr;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        id::IncidentId,
        term::{IncidentState, Mode},
    },
    refusal::Refusal,
};
use shouwang_serving::on;
use tonic::Code;

use super::super::{Conn, StoreError, Tx, bad_row, column, counter};
use crate::mutual_aid::machine::incident::Incident;

#[derive(sqlx::FromRow)]
struct Raw {
    id: String,
    version: i64,
    mode: String,
    state: String,
    member_id: Option<String>,
    sequence: i64,
    body: String,
}

impl Raw {
    /// The body is the machine's own value; what the columns say must be the same.
    fn check(self) -> Result<Incident, StoreError> {
        let Self { id: key, version, mode, state, member_id, sequence, body } = self;
        let mut incident: Incident = read_body("aid_incident", &key, &body)?;
        let member = incident.facts.member.as_ref().map(MemberId::as_str);
        let same = incident.id.to_string() == key
            && column(incident.version) == version
            && incident.mode.code() == mode
            && incident.word().code() == state
            && member == member_id.as_deref();
        if !same {
            return Err(bad_row("aid_incident", "body", &key, "says something else than the columns"));
        }
        incident.sequence = counter("aid_incident", "sequence", &key, sequence)?;
        Ok(incident)
    }
}

/// Reads the machine's value.
pub(super) fn read_body<T: DeserializeOwned>(
    table: &'static str,
    key: &str,
    body: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| bad_row(table, "body", key, error))
}

/// Writes the machine's value.
pub(super) fn write_body<T: Serialize>(table: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| bad_row(table, "body", "new", error))
}

/// Reads a text column.
pub(super) fn read<T: FromStr<Err: std::fmt::Display>>(
    table: &'static str,
    name: &'static str,
    key: &str,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|error| bad_row(table, name, key, error))
}

/// Adds an incident (`was` 0), or writes how it is now if it still has the version that was decided from.
///
/// # Errors
/// ABORTED (VERSION_MISMATCH) when it has not; what the store said.
pub async fn incident_put(tx: &mut Tx, was: u64, incident: &Incident) -> Result<(), StoreError> {
    let Incident { id, version, mode, opened, sequence, .. } = incident;
    let member = incident.facts.member.as_ref().map(MemberId::as_str);
    let body = write_body("aid_incident", incident)?;
    let changed = if was == 0 {
        on!(tx, c => sqlx::query(
            "insert into aid_incident (id, version, mode, state, member_id, opened_ms, sequence, body)
             values ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(id.to_string()).bind(column(*version)).bind(mode.code()).bind(incident.word().code())
            .bind(member).bind(opened.as_millisecond()).bind(column(*sequence)).bind(&body)
            .execute(&mut *c).await?.rows_affected())
    } else {
        on!(tx, c => sqlx::query(
            "update aid_incident set version = $3, state = $4, member_id = $5, sequence = $6, body = $7
             where id = $1 and version = $2")
            .bind(id.to_string()).bind(column(was)).bind(column(*version)).bind(incident.word().code())
            .bind(member).bind(column(*sequence)).bind(&body).execute(&mut *c).await?.rows_affected())
    };
    if changed == 1 { Ok(()) } else { Err(moved(&id.name()).into()) }
}

/// Somebody else changed it between the decision and its saving, which the lock forbids.
pub(super) fn moved(name: &str) -> Refusal {
    Refusal::new(
        Code::Aborted,
        "VERSION_MISMATCH",
        format!("{name} was changed meanwhile; read it again （已被他人修改，请重新读取）"),
    )
}

/// One incident.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn incident_find(conn: &mut Conn, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select id, version, mode, state, member_id, sequence, body from aid_incident where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// The incidents that are going on; there are few.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn incidents_going_on(conn: &mut Conn) -> Result<Vec<Incident>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, version, mode, state, member_id, sequence, body from aid_incident
         where state <> 'closed' order by opened_ms, id").fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Which incidents to list.
#[derive(Clone, Debug, Default)]
pub struct IncidentFilter {
    /// Only these states; empty: all.
    pub states: Vec<IncidentState>,
    /// Only these modes; empty: all.
    pub modes: Vec<Mode>,
    /// Only those that concern this member.
    pub concerning: Option<MemberId>,
}

/// Where a list of incidents goes on: after this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentAfter {
    opened_ms: i64,
    id: String,
}

impl IncidentAfter {
    /// Where the list goes on after this one.
    #[must_use]
    pub fn of(incident: &Incident) -> Self {
        Self { opened_ms: incident.opened.as_millisecond(), id: incident.id.to_string() }
    }
}

/// The words of a filter as one text, `,a,b,`, in which a column's value is looked for; empty when all will do.
pub(super) fn words<T: Copy>(terms: &[T], code: impl Fn(T) -> &'static str) -> String {
    if terms.is_empty() {
        return String::new();
    }
    let codes: Vec<_> = terms.iter().map(|term| code(*term)).collect();
    format!(",{},", codes.join(","))
}

/// Incidents, newest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn incidents_list(
    conn: &mut Conn,
    filter: &IncidentFilter,
    after: Option<&IncidentAfter>,
    limit: u32,
) -> Result<Vec<Incident>, StoreError> {
    let (opened_ms, id) =
        after.map_or((i64::MAX, String::new()), |after| (after.opened_ms, after.id.clone()));
    let states = words(&filter.states, IncidentState::code);
    let modes = words(&filter.modes, Mode::code);
    let member = filter.concerning.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, version, mode, state, member_id, sequence, body from aid_incident i
         where (opened_ms < $1 or (opened_ms = $1 and id < $2))
           and ($3 = '' or replace($3, ',' || state || ',', '') <> $3)
           and ($4 = '' or replace($4, ',' || mode || ',', '') <> $4)
           and ($5 = '' or member_id = $5
                or exists (select 1 from aid_request r where r.incident_id = i.id and r.requester_id = $5)
                or exists (select 1 from aid_assignment a where a.incident_id = i.id and a.owner_id = $5))
         order by opened_ms desc, id desc limit $6")
        .bind(opened_ms).bind(&id).bind(&states).bind(&modes).bind(member).bind(i64::from(limit))
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Does this incident concern the member: does it happen there, has it asked for help in it, or was it asked?
///
/// # Errors
/// What the store said.
pub async fn incident_concerns(
    conn: &mut Conn,
    id: IncidentId,
    member: &MemberId,
) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(conn, c => sqlx::query_scalar(
        "select version from aid_incident i where id = $1 and (member_id = $2
           or exists (select 1 from aid_request r where r.incident_id = i.id and r.requester_id = $2)
           or exists (select 1 from aid_assignment a where a.incident_id = i.id and a.owner_id = $2))")
        .bind(id.to_string()).bind(member.as_str()).fetch_optional(&mut *c).await?);
    Ok(found.is_some())
}
