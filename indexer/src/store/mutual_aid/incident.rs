//! Incidents.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::from_millis,
    id::MemberId,
    mutual_aid::{
        id::IncidentId,
        term::{IncidentState, Mode},
    },
};
use shouwang_serving::on;

use super::super::{Conn, StoreError, Tx, bad_row, column, counter};

/// An incident as its row has it. The body is the machine's own value, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    /// Its id.
    pub id: IncidentId,
    /// Counts the changes.
    pub version: u64,
    /// Mode.
    pub mode: Mode,
    /// State.
    pub state: IncidentState,
    /// The member where it happens.
    pub member: Option<MemberId>,
    /// When it was opened.
    pub opened: Timestamp,
    /// Number of the newest timeline entry.
    pub sequence: u64,
    /// The machine's value.
    pub body: String,
}

#[derive(sqlx::FromRow)]
struct Raw {
    id: String,
    version: i64,
    mode: String,
    state: String,
    member_id: Option<String>,
    opened_ms: i64,
    sequence: i64,
    body: String,
}

impl Raw {
    fn check(self) -> Result<IncidentRow, StoreError> {
        let Self { id: key, version, mode, state, member_id, opened_ms, sequence, body } = self;
        let member = member_id.map(|member| member.parse()).transpose();
        Ok(IncidentRow {
            id: read("aid_incident", "id", &key, &key)?,
            version: counter("aid_incident", "version", &key, version)?,
            mode: read("aid_incident", "mode", &key, &mode)?,
            state: read("aid_incident", "state", &key, &state)?,
            member: member.map_err(|error| bad_row("aid_incident", "member_id", &key, error))?,
            opened: from_millis(opened_ms),
            sequence: counter("aid_incident", "sequence", &key, sequence)?,
            body,
        })
    }
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

/// Adds an incident, or writes how it is now. The number of its newest timeline entry is left to
/// [`timeline`](super::timeline).
///
/// # Errors
/// What the store said.
pub async fn incident_put(tx: &mut Tx, row: &IncidentRow) -> Result<(), StoreError> {
    let IncidentRow { id, version, mode, state, member, opened, sequence: _, body } = row;
    on!(tx, c => sqlx::query(
        "insert into aid_incident (id, version, mode, state, member_id, opened_ms, sequence, body)
         values ($1, $2, $3, $4, $5, $6, 0, $7)
         on conflict (id) do update set version = excluded.version, state = excluded.state,
         member_id = excluded.member_id, body = excluded.body")
        .bind(id.to_string()).bind(column(*version)).bind(mode.code()).bind(state.code())
        .bind(member.as_ref().map(MemberId::as_str)).bind(opened.as_millisecond()).bind(body)
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// One incident.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn incident_find(conn: &mut Conn, id: IncidentId) -> Result<Option<IncidentRow>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select id, version, mode, state, member_id, opened_ms, sequence, body from aid_incident where id = $1")
        .bind(id.to_string()).fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// The incidents that are going on, of one mode; there are few.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn incidents_going_on(conn: &mut Conn) -> Result<Vec<IncidentRow>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, version, mode, state, member_id, opened_ms, sequence, body from aid_incident
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

impl IncidentRow {
    /// Where the list goes on after this row.
    #[must_use]
    pub fn after(&self) -> IncidentAfter {
        IncidentAfter { opened_ms: self.opened.as_millisecond(), id: self.id.to_string() }
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
) -> Result<Vec<IncidentRow>, StoreError> {
    let (opened_ms, id) = after.map_or((i64::MAX, String::new()), |after| (after.opened_ms, after.id.clone()));
    let states = words(&filter.states, IncidentState::code);
    let modes = words(&filter.modes, Mode::code);
    let member = filter.concerning.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select id, version, mode, state, member_id, opened_ms, sequence, body from aid_incident i
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
