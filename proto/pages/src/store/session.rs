//! Where people are signed in and the browsers they did it with, in SQL.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    execute, on,
    store::{Conn, StoreError, Tx},
};

use super::account::mistakes;
use crate::people::{lockout::Mistakes, secret::SecretHash, session::Session};

/// Rows that one sign-in removes at most, of those that ended long ago.
const SWEPT: i64 = 100;

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    account_id: String,
    began_ms: i64,
    seen_ms: i64,
    agent: String,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, account_id, began_ms, seen_ms, agent } = row;
        Self { id, account: account_id, began: from_millis(began_ms), seen: from_millis(seen_ms), agent }
    }
}

/// Adds a session.
///
/// # Errors
/// What the store said.
pub async fn session_add(tx: &mut Tx, secret: SecretHash, session: &Session) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into session (secret_hash, id, account_id, began_ms, seen_ms, agent) values ($1, $2, $3, $4, $5, $6)",
        secret.0.to_vec(),
        &session.id,
        &session.account,
        session.began.as_millisecond(),
        session.seen.as_millisecond(),
        &session.agent,
    );
    Ok(())
}

/// The session with this secret, whether it still counts or not.
///
/// # Errors
/// What the store said.
pub async fn session_find(conn: &mut Conn, secret: SecretHash) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = on!(conn, c => sqlx::query_as(
        "select id, account_id, began_ms, seen_ms, agent from session where secret_hash = $1")
        .bind(secret.0.to_vec()).fetch_optional(&mut *c).await?);
    Ok(row.map(Session::from))
}

/// The sessions of an account, the newest first.
///
/// # Errors
/// What the store said.
pub async fn sessions_of(conn: &mut Conn, account: &str) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<SessionRow> = on!(conn, c => sqlx::query_as(
        "select id, account_id, began_ms, seen_ms, agent from session where account_id = $1
         order by began_ms desc, id").bind(account).fetch_all(&mut *c).await?);
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Notes that the person is still there.
///
/// # Errors
/// What the store said.
pub async fn session_seen(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update session set seen_ms = $1 where id = $2", now.as_millisecond(), id);
    Ok(())
}

/// Ends the session with this secret, if there is one.
///
/// # Errors
/// What the store said.
pub async fn session_end(tx: &mut Tx, secret: SecretHash) -> Result<(), StoreError> {
    execute!(tx, "delete from session where secret_hash = $1", secret.0.to_vec());
    Ok(())
}

/// Forgets the browsers of an account and ends all its sessions but one (none: all); how many that were.
///
/// # Errors
/// What the store said.
pub async fn sessions_end(tx: &mut Tx, account: &str, but: Option<&str>) -> Result<u64, StoreError> {
    execute!(tx, "delete from device where account_id = $1", account);
    let kept = but.unwrap_or_default();
    Ok(execute!(tx, "delete from session where account_id = $1 and id <> $2", account, kept))
}

/// Removes some sessions that began, and devices that were used, before a moment.
///
/// # Errors
/// What the store said.
pub async fn sessions_sweep(
    tx: &mut Tx,
    began_before: Timestamp,
    used_before: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "delete from session where id in (select id from session where began_ms < $1 limit $2)",
        began_before.as_millisecond(),
        SWEPT,
    );
    execute!(
        tx,
        "delete from device where secret_hash in (select secret_hash from device where used_ms < $1 limit $2)",
        used_before.as_millisecond(),
        SWEPT,
    );
    Ok(())
}

/// The mistakes at a browser that somebody signed in to this account from; none when nobody did.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn device_find(
    conn: &mut Conn,
    secret: SecretHash,
    account: &str,
) -> Result<Option<Mistakes>, StoreError> {
    let row: Option<(i64, Option<i64>)> = on!(conn, c => sqlx::query_as(
        "select failures, failed_ms from device where secret_hash = $1 and account_id = $2")
        .bind(secret.0.to_vec()).bind(account).fetch_optional(&mut *c).await?);
    row.map(|(failures, failed)| mistakes("device", account, failures, failed)).transpose()
}

/// Remembers a browser as one of this account's, without mistakes. One that was another's is now this one's.
///
/// # Errors
/// What the store said.
pub async fn device_put(
    tx: &mut Tx,
    secret: SecretHash,
    account: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into device (secret_hash, account_id, used_ms) values ($1, $2, $3)
         on conflict (secret_hash) do update set account_id = excluded.account_id, used_ms = excluded.used_ms,
         failures = 0, failed_ms = null",
        secret.0.to_vec(),
        account,
        now.as_millisecond(),
    );
    Ok(())
}

/// Notes the mistakes at a browser.
///
/// # Errors
/// What the store said.
pub async fn device_mistakes_set(
    tx: &mut Tx,
    secret: SecretHash,
    mistakes: Mistakes,
) -> Result<(), StoreError> {
    let last = mistakes.last.map(Timestamp::as_millisecond);
    execute!(
        tx,
        "update device set failures = $1, failed_ms = $2 where secret_hash = $3",
        i64::from(mistakes.count),
        last,
        secret.0.to_vec(),
    );
    Ok(())
}
