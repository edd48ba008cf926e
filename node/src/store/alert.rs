//! Deadlines of the duty chain, and what waits to be handed to the alert hooks.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    alerts::{Alert, AlertChannel, AlertOutcome},
    store::{Conn, StoreError, Tx},
};

use super::row::{Place, sqlite};
use crate::inbox::duty::{Call, DutyPerson};

/// An alert that is not in the store yet.
pub(super) struct NewAlert<'a> {
    pub(super) message_id: &'a str,
    pub(super) silenced_with: Option<&'a str>,
    pub(super) body: &'a str,
    pub(super) expires: Option<Timestamp>,
}

/// Hands something to every hook.
pub(super) async fn alerts_insert(
    tx: &mut Tx,
    channels: &[AlertChannel],
    new: &NewAlert<'_>,
    now_ms: i64,
) -> Result<(), StoreError> {
    for channel in channels {
        sqlx::query(
            "insert into alert (channel, message_id, silenced_with, body, due_ms, expires_ms)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(channel.code())
        .bind(new.message_id)
        .bind(new.silenced_with)
        .bind(new.body)
        .bind(now_ms)
        .bind(new.expires.map(Timestamp::as_millisecond))
        .execute(sqlite(tx)?)
        .await?;
    }
    Ok(())
}

/// What is to be handed to a hook now.
pub(super) async fn alerts_due(
    conn: &mut Conn,
    channel: AlertChannel,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<Alert>, StoreError> {
    let rows: Vec<(i64, String, String, Option<i64>, i64)> = sqlx::query_as(
        "select id, message_id, body, expires_ms, attempts from alert
         where channel = $1 and outcome is null and due_ms <= $2 order by due_ms, id limit $3",
    )
    .bind(channel.code())
    .bind(now_ms)
    .bind(i64::from(limit))
    .fetch_all(sqlite(conn)?)
    .await?;
    let alert = |(id, message_id, body, expires_ms, attempts): (i64, _, _, Option<i64>, i64)| Alert {
        id,
        message_id,
        body,
        expires: expires_ms.map(from_millis),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
    };
    Ok(rows.into_iter().map(alert).collect())
}

/// When the next one is due.
pub(super) async fn alert_next(
    conn: &mut Conn,
    channel: AlertChannel,
    after_ms: i64,
) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(
        "select min(due_ms) from alert where channel = $1 and outcome is null and due_ms > $2",
    )
    .bind(channel.code())
    .bind(after_ms)
    .fetch_one(sqlite(conn)?)
    .await?;
    Ok(next.map(from_millis))
}

/// It is over with an alert.
pub(super) async fn alert_settle(
    tx: &mut Tx,
    id: i64,
    outcome: AlertOutcome,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("update alert set outcome = $2, outcome_ms = $3 where id = $1 and outcome is null")
        .bind(id)
        .bind(outcome.code())
        .bind(now_ms)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// A try failed; the next one is due later.
pub(super) async fn alert_put_off(
    tx: &mut Tx,
    id: i64,
    problem: &str,
    due_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("update alert set attempts = attempts + 1, problem = $2, due_ms = $3 where id = $1")
        .bind(id)
        .bind(problem)
        .bind(due_ms)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Plans a call of the duty chain.
pub(super) async fn call_insert(tx: &mut Tx, notice: &str, call: &Call) -> Result<(), StoreError> {
    sqlx::query("insert into duty_call (notice, step, person, phone, due_ms) values ($1, $2, $3, $4, $5)")
        .bind(notice)
        .bind(i64::from(call.step))
        .bind(&call.person.name)
        .bind(&call.person.phone)
        .bind(call.due.as_millisecond())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Calls whose time has come, with the notice each is about.
pub(super) async fn calls_due(conn: &mut Conn, now_ms: i64) -> Result<Vec<(String, Call)>, StoreError> {
    let rows: Vec<(String, i64, String, String, i64)> = sqlx::query_as(
        "select notice, step, person, phone, due_ms from duty_call
         where outcome is null and due_ms <= $1 order by due_ms, notice, step limit 200",
    )
    .bind(now_ms)
    .fetch_all(sqlite(conn)?)
    .await?;
    rows.into_iter()
        .map(|(notice, step, name, phone, due_ms)| {
            let place = Place { table: "duty_call", row: &notice };
            let step = u32::try_from(step).map_err(|_| place.damaged("step", "is no step"))?;
            let person = DutyPerson { name, phone, after_seconds: 0 };
            Ok((notice, Call { step, person, due: from_millis(due_ms) }))
        })
        .collect()
}

/// Notes what became of a call: it was made, or why it was not.
pub(super) async fn call_settle(
    tx: &mut Tx,
    notice: &str,
    step: u32,
    not_made: Option<AlertOutcome>,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("update duty_call set outcome = $3, outcome_ms = $4 where notice = $1 and step = $2")
        .bind(notice)
        .bind(i64::from(step))
        .bind(not_made.map_or("called", AlertOutcome::code))
        .bind(now_ms)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Nobody has to be called for this notice any more.
pub(super) async fn silence(tx: &mut Tx, notice: &str, now_ms: i64) -> Result<(), StoreError> {
    for sql in [
        "update duty_call set outcome = 'silenced', outcome_ms = $2 where notice = $1 and outcome is null",
        "update alert set outcome = 'silenced', outcome_ms = $2 where silenced_with = $1 and outcome is null",
    ] {
        sqlx::query(sql).bind(notice).bind(now_ms).execute(sqlite(tx)?).await?;
    }
    Ok(())
}

/// When the next call is due or the next notice grows too old.
pub(super) async fn deadline_next(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(
        "select min(at) from (
             select min(due_ms) as at from duty_call where outcome is null
             union all
             select min(expires_ms) from notice where closed is null and expires_ms is not null)",
    )
    .fetch_one(sqlite(conn)?)
    .await?;
    Ok(next.map(from_millis))
}
