//! People's accounts and the links that work once, in SQL.

use jiff::Timestamp;
use shouwang_pages::{
    people::{
        account::{Login, account_unknown},
        secret::SecretHash,
        ticket::Minted,
    },
    store::{
        account::{account_state, mistakes},
        ticket,
    },
};
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    execute, on,
    store::{Conn, StoreError, Tx, bad_row},
};

use crate::people::account::{Account, Linked, Ticket};

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: String,
    login: Option<String>,
    display_name: String,
    post: String,
    state: String,
    password_hash: Option<String>,
    created_ms: i64,
    signed_in_ms: Option<i64>,
    failures: i64,
    failed_ms: Option<i64>,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            post: row.post.parse().map_err(|error| bad_row("account", "post", &row.id, error))?,
            state: account_state(&row.id, &row.state, row.login.as_deref(), row.password_hash)?,
            created: from_millis(row.created_ms),
            signed_in: row.signed_in_ms.map(from_millis),
            mistakes: mistakes("account", &row.id, row.failures, row.failed_ms)?,
            id: row.id,
            display_name: row.display_name,
        })
    }
}

/// All accounts, the oldest first.
pub(super) async fn accounts_all(conn: &mut Conn) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, state, password_hash, created_ms, signed_in_ms, failures, failed_ms
         from account order by created_ms, id").fetch_all(&mut *c).await?);
    rows.into_iter().map(Account::try_from).collect()
}

/// One account.
pub(super) async fn account_find(conn: &mut Conn, id: &str) -> Result<Account, StoreError> {
    let row: Option<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, state, password_hash, created_ms, signed_in_ms, failures, failed_ms
         from account where id = $1").bind(id).fetch_optional(&mut *c).await?);
    row.ok_or_else(account_unknown)?.try_into()
}

/// The account with this login name, whatever its state.
pub(super) async fn account_by_login(conn: &mut Conn, login: &Login) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, state, password_hash, created_ms, signed_in_ms, failures, failed_ms
         from account where login = $1").bind(login.as_str()).fetch_optional(&mut *c).await?);
    row.map(Account::try_from).transpose()
}

/// Adds an invited account.
pub(super) async fn account_add(tx: &mut Tx, account: &Account) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into account (id, display_name, post, state, created_ms) values ($1, $2, $3, 'invited', $4)",
        &account.id,
        &account.display_name,
        account.post.as_str(),
        account.created.as_millisecond(),
    );
    Ok(())
}

/// Takes an account out of use.
pub(super) async fn account_disable(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    execute!(tx, "update account set state = 'disabled' where id = $1", id);
    Ok(())
}

/// Adds a link; the account's earlier ones stop working.
pub(super) async fn link_add(
    tx: &mut Tx,
    minted: Minted,
    account: Account,
    now: Timestamp,
) -> Result<Linked, StoreError> {
    ticket::ticket_add(tx, &minted, &account.id, now).await?;
    Ok(minted.linked(account))
}

/// The link with this secret.
pub(super) async fn ticket_find(conn: &mut Conn, secret: SecretHash) -> Result<Option<Ticket>, StoreError> {
    let Some(ticket) = ticket::ticket_find(conn, secret).await? else { return Ok(None) };
    let account = account_find(conn, &ticket.account).await?;
    Ok(Some(ticket.of(account)))
}
