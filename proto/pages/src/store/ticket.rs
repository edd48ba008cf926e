//! Links that work once, in SQL.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    execute, on,
    store::{Conn, StoreError, Tx, bad_row},
};

use crate::people::{
    secret::SecretHash,
    ticket::{Minted, Ticket},
};

/// Adds a link; the account's earlier ones stop working.
///
/// # Errors
/// What the store said.
pub async fn ticket_add(
    tx: &mut Tx,
    minted: &Minted,
    account: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tickets_cancel(tx, account, now).await?;
    execute!(
        tx,
        "insert into account_link (id, account_id, secret_hash, purpose, created_ms, expires_ms)
         values ($1, $2, $3, $4, $5, $6)",
        &minted.id,
        account,
        SecretHash::of(&minted.secret).0.to_vec(),
        minted.purpose.as_str(),
        now.as_millisecond(),
        minted.expires.as_millisecond(),
    );
    Ok(())
}

/// Cancels the open links of an account.
///
/// # Errors
/// What the store said.
pub async fn tickets_cancel(tx: &mut Tx, account: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update account_link set cancelled_ms = $1 where account_id = $2 and used_ms is null and cancelled_ms is null",
        now.as_millisecond(),
        account,
    );
    Ok(())
}

/// Burns a link; false when it was burned or cancelled before.
///
/// # Errors
/// What the store said.
pub async fn ticket_use(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "update account_link set used_ms = $1 where id = $2 and used_ms is null and cancelled_ms is null",
        now.as_millisecond(),
        id,
    );
    Ok(rows == 1)
}

#[derive(sqlx::FromRow)]
struct TicketRow {
    id: String,
    account_id: String,
    purpose: String,
    expires_ms: i64,
    used_ms: Option<i64>,
    cancelled_ms: Option<i64>,
}

/// The link with this secret, with the id of its account.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn ticket_find(conn: &mut Conn, secret: SecretHash) -> Result<Option<Ticket<String>>, StoreError> {
    let row: Option<TicketRow> = on!(conn, c => sqlx::query_as(
        "select id, account_id, purpose, expires_ms, used_ms, cancelled_ms from account_link where secret_hash = $1")
        .bind(secret.0.to_vec()).fetch_optional(&mut *c).await?);
    let Some(row) = row else { return Ok(None) };
    let purpose = row.purpose.parse().map_err(|error| bad_row("account_link", "purpose", &row.id, error))?;
    let is_spent = row.used_ms.is_some() || row.cancelled_ms.is_some();
    let expires = from_millis(row.expires_ms);
    Ok(Some(Ticket { id: row.id, purpose, account: row.account_id, expires, is_spent }))
}

/// The account that waits for whoever is the first, if a start before this one made it.
///
/// # Errors
/// What the store said.
pub async fn set_up_waiting(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    Ok(on!(conn, c => sqlx::query_scalar(
        "select account_id from account_link where purpose = 'setup' order by created_ms limit 1")
        .fetch_optional(&mut *c).await?))
}
