//! What is due when. A row is a promise that somebody hears of it; nothing sleeps in memory but the one task that scans.

use jiff::Timestamp;
use shouwang_proto::{clock::from_millis, mutual_aid::id::IncidentId};
use shouwang_serving::{execute, on};

use super::{
    super::{Conn, StoreError, Tx, bad_row},
    incident::read,
};

/// Something that is due. The body is the machine's own value, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerRow {
    /// What is due.
    pub kind: String,
    /// About what.
    pub subject: String,
    /// Of which incident.
    pub incident: IncidentId,
    /// When.
    pub due: Timestamp,
    /// How far an escalation has come, from 0.
    pub step: u32,
    /// The machine's value.
    pub body: String,
}

#[derive(sqlx::FromRow)]
struct Raw {
    kind: String,
    subject: String,
    incident_id: String,
    due_ms: i64,
    step: i64,
    body: String,
}

impl Raw {
    fn check(self) -> Result<TimerRow, StoreError> {
        let Self { kind, subject, incident_id, due_ms, step, body } = self;
        let key = format!("{kind} {subject}");
        Ok(TimerRow {
            incident: read("aid_timer", "incident_id", &key, &incident_id)?,
            due: from_millis(due_ms),
            step: u32::try_from(step).map_err(|error| bad_row("aid_timer", "step", &key, error))?,
            kind,
            subject,
            body,
        })
    }
}

/// Sets a timer, or sets it anew.
///
/// # Errors
/// What the store said.
pub async fn timer_put(tx: &mut Tx, timer: &TimerRow) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into aid_timer (kind, subject, incident_id, due_ms, step, body) values ($1, $2, $3, $4, $5, $6)
         on conflict (kind, subject) do update set due_ms = excluded.due_ms, step = excluded.step,
         body = excluded.body",
        &timer.kind,
        &timer.subject,
        timer.incident.to_string(),
        timer.due.as_millisecond(),
        i64::from(timer.step),
        &timer.body,
    );
    Ok(())
}

/// Takes a timer away. Of one that is not set it changes nothing.
///
/// # Errors
/// What the store said.
pub async fn timer_clear(tx: &mut Tx, kind: &str, subject: &str) -> Result<(), StoreError> {
    execute!(tx, "delete from aid_timer where kind = $1 and subject = $2", kind, subject);
    Ok(())
}

/// Takes away all timers of an incident.
///
/// # Errors
/// What the store said.
pub async fn timers_clear(tx: &mut Tx, incident: IncidentId) -> Result<(), StoreError> {
    execute!(tx, "delete from aid_timer where incident_id = $1", incident.to_string());
    Ok(())
}

/// All timers of an incident.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn timers_of(conn: &mut Conn, incident: IncidentId) -> Result<Vec<TimerRow>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select kind, subject, incident_id, due_ms, step, body from aid_timer where incident_id = $1
         order by due_ms, kind, subject").bind(incident.to_string()).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// What is due by now, oldest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn timers_due(conn: &mut Conn, now: Timestamp, limit: u32) -> Result<Vec<TimerRow>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select kind, subject, incident_id, due_ms, step, body from aid_timer where due_ms <= $1
         order by due_ms, kind, subject limit $2")
        .bind(now.as_millisecond()).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// When the next timer is due.
///
/// # Errors
/// What the store said.
pub async fn timer_next(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let due: Option<i64> = on!(conn, c => sqlx::query_scalar("select min(due_ms) from aid_timer")
        .fetch_one(&mut *c).await?);
    Ok(due.map(from_millis))
}
