//! What waits to be handed to the hub's alert hooks: tried until it is taken, too old, or needless.

use jiff::Timestamp;
use shouwang_proto::{
    clock::from_millis,
    mutual_aid::id::{AssignmentId, IncidentId, RequestId},
};
use shouwang_serving::{
    alerts::{Alert, AlertChannel, AlertOutcome},
    execute, on,
};

use super::{
    super::{Conn, StoreError, Tx, counter},
    incident::read,
};

const TABLE: &str = "aid_alert";

/// An alert that is not in the store yet.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// The same at every try and on every hook.
    pub message_id: String,
    /// About which incident.
    pub incident: Option<IncidentId>,
    /// About which request.
    pub request: Option<RequestId>,
    /// About which assignment.
    pub assignment: Option<AssignmentId>,
    /// Needless as soon as somebody has taken up the request.
    pub until_taken_up: bool,
    /// Who is called, in words.
    pub who: String,
    /// JSON.
    pub body: String,
    /// Why, in words.
    pub note: String,
    /// From when on it is of no use.
    pub expires: Option<Timestamp>,
}

/// Hands something to every hook.
///
/// # Errors
/// What the store said.
pub async fn alerts_add(
    tx: &mut Tx,
    channels: &[AlertChannel],
    new: &NewAlert,
    now: Timestamp,
) -> Result<(), StoreError> {
    for channel in channels {
        let number: i64 = on!(tx, c => sqlx::query_scalar(
            "update aid_counter set alert_number = alert_number + 1 returning alert_number")
            .fetch_one(&mut *c).await?);
        execute!(
            tx,
            "insert into aid_alert (number, channel, message_id, incident_id, request_id, assignment_id, until_taken_up,
             who, body, note, due_ms, expires_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            number,
            channel.code(),
            &new.message_id,
            new.incident.map(|id| id.to_string()),
            new.request.map(|id| id.to_string()),
            new.assignment.map(|id| id.to_string()),
            new.until_taken_up,
            &new.who,
            &new.body,
            &new.note,
            now.as_millisecond(),
            new.expires.map(Timestamp::as_millisecond),
        );
    }
    Ok(())
}

/// What is to be handed to a hook now, at most `limit`, and when there is more.
///
/// # Errors
/// What the store said.
pub async fn alerts_due(
    conn: &mut Conn,
    channel: AlertChannel,
    now: Timestamp,
    limit: u32,
) -> Result<(Vec<Alert>, Option<Timestamp>), StoreError> {
    let now_ms = now.as_millisecond();
    let rows: Vec<(i64, String, String, Option<i64>, i64)> = on!(conn, c => sqlx::query_as(
        "select number, message_id, body, expires_ms, attempts from aid_alert
         where channel = $1 and outcome is null and due_ms <= $2 order by due_ms, number limit $3")
        .bind(channel.code()).bind(now_ms).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    let next: Option<i64> = on!(conn, c => sqlx::query_scalar(
        "select min(due_ms) from aid_alert where channel = $1 and outcome is null and due_ms > $2")
        .bind(channel.code()).bind(now_ms).fetch_one(&mut *c).await?);
    let alert =
        |(id, message_id, body, expires_ms, attempts): (i64, String, String, Option<i64>, i64)| Alert {
            id,
            message_id,
            body,
            expires: expires_ms.map(from_millis),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        };
    Ok((rows.into_iter().map(alert).collect(), next.map(from_millis)))
}

/// An alert as people look back on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRecord {
    /// Its number; the newest has the highest.
    pub number: i64,
    /// The code of its hook.
    pub channel: String,
    /// About which incident, by id; none for a test.
    pub incident: Option<String>,
    /// Who was called, in words.
    pub who: String,
    /// Why, in words.
    pub note: String,
    /// When the next try is, while it is not over.
    pub due: Timestamp,
    /// Tries that failed.
    pub attempts: u64,
    /// The code of what became of it and when; none while it is tried.
    pub outcome: Option<(String, Timestamp)>,
    /// Why the last try failed; empty when none did.
    pub problem: String,
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    number: i64,
    channel: String,
    incident_id: Option<String>,
    who: String,
    note: String,
    due_ms: i64,
    attempts: i64,
    outcome: Option<String>,
    outcome_ms: Option<i64>,
    problem: String,
}

/// The newest alerts, newest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn alerts_newest(conn: &mut Conn, limit: u32) -> Result<Vec<AlertRecord>, StoreError> {
    let rows: Vec<RecordRow> = on!(conn, c => sqlx::query_as(
        "select number, channel, incident_id, who, note, due_ms, attempts, outcome, outcome_ms, problem
         from aid_alert order by number desc limit $1")
        .bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|row| {
            Ok(AlertRecord {
                number: row.number,
                channel: row.channel,
                incident: row.incident_id,
                who: row.who,
                note: row.note,
                due: from_millis(row.due_ms),
                attempts: counter(TABLE, "attempts", row.number, row.attempts)?,
                outcome: row.outcome.zip(row.outcome_ms.map(from_millis)),
                problem: row.problem,
            })
        })
        .collect()
}

/// What an alert was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// The incident.
    pub incident: Option<IncidentId>,
    /// The request.
    pub request: Option<RequestId>,
    /// The assignment.
    pub assignment: Option<AssignmentId>,
    /// Who was called, in words.
    pub who: String,
    /// Why, in words.
    pub note: String,
}

#[derive(sqlx::FromRow)]
struct Raw {
    incident_id: Option<String>,
    request_id: Option<String>,
    assignment_id: Option<String>,
    who: String,
    note: String,
}

/// It is over with an alert; what it was about. None when it was over before.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn alert_settle(
    tx: &mut Tx,
    number: i64,
    outcome: AlertOutcome,
    now: Timestamp,
) -> Result<Option<AlertRow>, StoreError> {
    let row: Option<Raw> = on!(tx, c => sqlx::query_as(
        "update aid_alert set outcome = $2, outcome_ms = $3 where number = $1 and outcome is null
         returning incident_id, request_id, assignment_id, who, note")
        .bind(number).bind(outcome.code()).bind(now.as_millisecond()).fetch_optional(&mut *c).await?);
    let Some(Raw { incident_id, request_id, assignment_id, who, note }) = row else { return Ok(None) };
    let key = number.to_string();
    Ok(Some(AlertRow {
        incident: incident_id.map(|id| read(TABLE, "incident_id", &key, &id)).transpose()?,
        request: request_id.map(|id| read(TABLE, "request_id", &key, &id)).transpose()?,
        assignment: assignment_id.map(|id| read(TABLE, "assignment_id", &key, &id)).transpose()?,
        who,
        note,
    }))
}

/// A try failed; the next one is due later.
///
/// # Errors
/// What the store said.
pub async fn alert_put_off(
    tx: &mut Tx,
    number: i64,
    problem: &str,
    due: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update aid_alert set attempts = attempts + 1, problem = $2, due_ms = $3 where number = $1",
        number,
        problem,
        due.as_millisecond(),
    );
    Ok(())
}

/// Somebody has taken up a request: nobody has to be called for that any more.
///
/// # Errors
/// What the store said.
pub async fn alerts_silence(tx: &mut Tx, request: RequestId, now: Timestamp) -> Result<u64, StoreError> {
    Ok(execute!(
        tx,
        "update aid_alert set outcome = 'silenced', outcome_ms = $2
         where request_id = $1 and until_taken_up and outcome is null",
        request.to_string(),
        now.as_millisecond(),
    ))
}
