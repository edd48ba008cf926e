//! What happened, for ever. Written in the transaction of its effect; never changed, never deleted.

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::id::{IncidentId, RequestId},
};
use shouwang_serving::{execute, on};

use super::{
    super::{Conn, StoreError, Tx, bad_row, column},
    incident::{read_body, write_body},
    ledger::scope_text,
};
use crate::mutual_aid::machine::{
    ledger::LedgerKey,
    timeline::{Entry, Event, Stream},
};

/// Adds an entry. A number that is there already breaks the primary key.
///
/// # Errors
/// What the store said.
pub async fn timeline_add(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    let body = write_body("aid_timeline", entry)?;
    let (sequence, recorded_ms) = (column(entry.sequence), entry.recorded.as_millisecond());
    match &entry.stream {
        Stream::Incident(incident) => execute!(
            tx,
            "insert into aid_timeline (incident_id, sequence, request_id, assignment_id, recorded_ms, body)
             values ($1, $2, $3, $4, $5, $6)",
            incident.to_string(),
            sequence,
            entry.about.request.map(|request| request.to_string()),
            entry.about.assignment.map(|assignment| assignment.to_string()),
            recorded_ms,
            &body,
        ),
        Stream::Ledger(LedgerKey { resource: PublicationName { member, record }, book }) => execute!(
            tx,
            "insert into aid_ledger_entry (owner_id, record, scope, sequence, recorded_ms, body)
             values ($1, $2, $3, $4, $5, $6)",
            member.as_str(),
            record.to_string(),
            scope_text(*book),
            sequence,
            recorded_ms,
            &body,
        ),
    };
    Ok(())
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
) -> Result<Vec<Entry>, StoreError> {
    let request = request.map_or_else(String::new, |request| request.to_string());
    let rows: Vec<(i64, String)> = on!(conn, c => sqlx::query_as(
        "select sequence, body from aid_timeline
         where incident_id = $1 and sequence > $2 and ($3 = '' or request_id = $3) order by sequence limit $4")
        .bind(incident.to_string()).bind(column(after)).bind(&request).bind(i64::from(limit))
        .fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(sequence, body)| {
            let key = format!("{incident} {sequence}");
            let entry: Entry = read_body("aid_timeline", &key, &body)?;
            let same = entry.stream == Stream::Incident(incident) && column(entry.sequence) == sequence;
            if same { Ok(entry) } else { Err(bad_row("aid_timeline", "body", &key, "is of another entry")) }
        })
        .collect()
}

/// The newest entries of an incident that say who was reached or was not, newest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn timeline_reached(
    conn: &mut Conn,
    incident: IncidentId,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // A body is compact JSON, so this leaves out nearly all others; what is left is read and looked at.
    let sought = format!("%\"event\":\"{}\"%", Event::Reached.code());
    let rows: Vec<(i64, String)> = on!(conn, c => sqlx::query_as(
        "select sequence, body from aid_timeline
         where incident_id = $1 and body like $2 order by sequence desc limit $3")
        .bind(incident.to_string()).bind(&sought).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    let read = |(sequence, body): (i64, String)| {
        read_body::<Entry>("aid_timeline", &format!("{incident} {sequence}"), &body)
    };
    let entries = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().filter(|entry| entry.event == Event::Reached).collect())
}
