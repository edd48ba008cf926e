//! How soon calls for help were answered, for those who look back.

use jiff::Timestamp;
use shouwang_proto::mutual_aid::id::RequestId;
use shouwang_serving::on;

use super::{
    super::{Conn, StoreError},
    incident::read_body,
};
use crate::mutual_aid::machine::{
    request::Request,
    timeline::{Entry, Event},
};

/// The newest real requests since then, newest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn requests_since(
    conn: &mut Conn,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Request>, StoreError> {
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(
        "select id, body from aid_request where mode = 'actual' and created_ms >= $1
         order by created_ms desc, id desc limit $2")
        .bind(since.as_millisecond()).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(|(id, body)| read_body("aid_request", &id, &body)).collect()
}

/// What the timeline of a request says of these events, oldest first.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn timeline_events(
    conn: &mut Conn,
    request: RequestId,
    events: &[Event],
) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<(i64, String)> = on!(conn, c => sqlx::query_as(
        "select sequence, body from aid_timeline where request_id = $1 order by sequence")
        .bind(request.to_string()).fetch_all(&mut *c).await?);
    let read = |(sequence, body): (i64, String)| {
        read_body::<Entry>("aid_timeline", &format!("{request} {sequence}"), &body)
    };
    let entries = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().filter(|entry| events.contains(&entry.event)).collect())
}
