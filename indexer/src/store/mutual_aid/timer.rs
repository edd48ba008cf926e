//! What is due when. A row is a promise that somebody hears of it; nothing sleeps in memory but the one task that scans.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::{execute, on};

use super::{
    super::{Conn, StoreError, Tx},
    incident::{read_body, write_body},
    ledger::scope_text,
};
use crate::mutual_aid::machine::escalation::{Deadline, Subject};

/// The subject as the column has it.
fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Incident(id) => format!("incident/{id}"),
        Subject::Request(id) => format!("request/{id}"),
        Subject::Assignment(id) => format!("assignment/{id}"),
        Subject::Ledger(key) => format!("ledger/{}/{}", key.resource, scope_text(key.book)),
    }
}

/// Replaces all deadlines of a subject.
///
/// # Errors
/// What the store said.
pub async fn timers_put(tx: &mut Tx, subject: &Subject, deadlines: &[Deadline]) -> Result<(), StoreError> {
    let text = subject_text(subject);
    execute!(tx, "delete from aid_timer where subject = $1", &text);
    for (number, deadline) in (0_i64..).zip(deadlines) {
        let body = write_body("aid_timer", deadline)?;
        execute!(
            tx,
            "insert into aid_timer (subject, number, due_ms, body) values ($1, $2, $3, $4)",
            &text,
            number,
            deadline.due.as_millisecond(),
            &body,
        );
    }
    Ok(())
}

/// What is due by now, oldest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn timers_due(conn: &mut Conn, now: Timestamp, limit: u32) -> Result<Vec<Deadline>, StoreError> {
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(
        "select subject, body from aid_timer where due_ms <= $1 order by due_ms, subject, number limit $2")
        .bind(now.as_millisecond()).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(|(subject, body)| read_body("aid_timer", &subject, &body)).collect()
}

/// Is this deadline still set? What was changed meanwhile is not due any more.
///
/// # Errors
/// What the store said.
pub async fn timer_is_set(conn: &mut Conn, deadline: &Deadline) -> Result<bool, StoreError> {
    let body = write_body("aid_timer", deadline)?;
    let found: Option<i64> = on!(conn, c => sqlx::query_scalar(
        "select number from aid_timer where subject = $1 and body = $2")
        .bind(subject_text(&deadline.subject)).bind(&body).fetch_optional(&mut *c).await?);
    Ok(found.is_some())
}

/// Takes one deadline away, because it has come.
///
/// # Errors
/// What the store said.
pub async fn timer_clear(tx: &mut Tx, deadline: &Deadline) -> Result<(), StoreError> {
    let body = write_body("aid_timer", deadline)?;
    let subject = subject_text(&deadline.subject);
    execute!(tx, "delete from aid_timer where subject = $1 and body = $2", &subject, &body);
    Ok(())
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
