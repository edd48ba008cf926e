//! Where people are signed in and the browsers they did it with, in SQL.

use jiff::{SignedDuration, Timestamp};
use shouwang_pages::people::{
    lockout::Mistakes,
    secret::SecretHash,
    session::{DEVICE_LIFE, Session},
};
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    execute, on,
    store::{Conn, StoreError, Tx},
};

use super::row::Place;

/// Rows that one sign-in removes at most, of those that ended long ago.
const SWEPT: i64 = 100;
/// No session lasts longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

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

/// Adds a session, and removes some of those that ended long ago.
pub(super) async fn session_add(
    tx: &mut Tx,
    secret: SecretHash,
    session: &Session,
) -> Result<(), StoreError> {
    let before = |life| session.began.checked_sub(life).unwrap_or(Timestamp::MIN).as_millisecond();
    execute!(
        tx,
        "delete from session where id in (select id from session where began_ms < $1 limit $2)",
        before(LONGEST),
        SWEPT,
    );
    execute!(
        tx,
        "delete from device where secret_hash in (select secret_hash from device where used_ms < $1 limit $2)",
        before(DEVICE_LIFE),
        SWEPT,
    );
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
pub(super) async fn session_find(conn: &mut Conn, secret: SecretHash) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = on!(conn, c => sqlx::query_as(
        "select id, account_id, began_ms, seen_ms, agent from session where secret_hash = $1")
        .bind(secret.0.to_vec()).fetch_optional(&mut *c).await?);
    Ok(row.map(Session::from))
}

/// Notes that the person is still there.
pub(super) async fn session_seen(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update session set seen_ms = $1 where id = $2", now.as_millisecond(), id);
    Ok(())
}

/// Ends the session with this secret, if there is one.
pub(super) async fn session_end(tx: &mut Tx, secret: SecretHash) -> Result<(), StoreError> {
    execute!(tx, "delete from session where secret_hash = $1", secret.0.to_vec());
    Ok(())
}

/// Ends all sessions of an account but one (empty: all), and forgets its browsers.
pub(super) async fn sessions_end(tx: &mut Tx, account: &str, but: &str) -> Result<(), StoreError> {
    execute!(tx, "delete from session where account_id = $1 and id <> $2", account, but);
    execute!(tx, "delete from device where account_id = $1", account);
    Ok(())
}

/// The mistakes at a browser that somebody signed in to this account from; none when nobody did.
pub(super) async fn device_find(
    conn: &mut Conn,
    secret: SecretHash,
    account: &str,
) -> Result<Option<Mistakes>, StoreError> {
    let row: Option<(i64, Option<i64>)> = on!(conn, c => sqlx::query_as(
        "select failures, failed_ms from device where secret_hash = $1 and account_id = $2")
        .bind(secret.0.to_vec()).bind(account).fetch_optional(&mut *c).await?);
    let Some((failures, failed)) = row else { return Ok(None) };
    let place = Place { table: "device", row: &account };
    let count = u32::try_from(failures).map_err(|error| place.damaged("failures", error))?;
    Ok(Some(Mistakes { count, last: failed.map(from_millis) }))
}

/// Remembers a browser as one of this account's, without mistakes. One that was another's is now this one's.
pub(super) async fn device_put(
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
pub(super) async fn device_mistakes_set(
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
