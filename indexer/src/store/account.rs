//! People's accounts, and the links that work once.

use jiff::Timestamp;
pub use shouwang_pages::store::{
    account::{account_activate, account_mistakes_set, account_password_set, account_signed_in},
    ticket::{ticket_add, ticket_use, tickets_cancel},
};
use shouwang_pages::store::{
    account::{account_state, mistakes},
    ticket,
};
use shouwang_proto::clock::from_millis;
use shouwang_serving::{execute, on};

use super::{Conn, StoreError, Tx, bad_row, roster::roster_raise};
use crate::{
    council::caller::SecretHash,
    people::{
        account::{Account, Login},
        coordinator::Ticket,
    },
};

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: String,
    login: Option<String>,
    display_name: String,
    post: String,
    member_id: Option<String>,
    state: String,
    password_hash: Option<String>,
    created_ms: i64,
    signed_in_ms: Option<i64>,
    failures: i64,
    failed_ms: Option<i64>,
}

impl AccountRow {
    fn check(self) -> Result<Account, StoreError> {
        let bad = |column, why: &dyn std::fmt::Display| bad_row("account", column, &self.id, why);
        let member = self.member_id.as_deref().map(str::parse).transpose();
        Ok(Account {
            post: self.post.parse().map_err(|error| bad("post", &error))?,
            member: member.map_err(|error| bad("member_id", &error))?,
            state: account_state(&self.id, &self.state, self.login.as_deref(), self.password_hash)?,
            created: from_millis(self.created_ms),
            signed_in: self.signed_in_ms.map(from_millis),
            mistakes: mistakes("account", &self.id, self.failures, self.failed_ms)?,
            id: self.id,
            display_name: self.display_name,
        })
    }
}

/// All accounts, the oldest first.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn accounts_all(conn: &mut Conn) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, member_id, state, password_hash, created_ms, signed_in_ms, failures,
         failed_ms from account order by created_ms, id").fetch_all(&mut *c).await?);
    rows.into_iter().map(AccountRow::check).collect()
}

/// One account.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn account_find(conn: &mut Conn, id: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, member_id, state, password_hash, created_ms, signed_in_ms, failures,
         failed_ms from account where id = $1").bind(id).fetch_optional(&mut *c).await?);
    row.map(AccountRow::check).transpose()
}

/// The account with this login name, whatever its state.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn account_by_login(conn: &mut Conn, login: &Login) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, member_id, state, password_hash, created_ms, signed_in_ms, failures,
         failed_ms from account where login = $1").bind(login.as_str()).fetch_optional(&mut *c).await?);
    row.map(AccountRow::check).transpose()
}

/// True when somebody can sign in.
///
/// # Errors
/// What the store said.
pub async fn account_any_active(conn: &mut Conn) -> Result<bool, StoreError> {
    let found: Option<String> = on!(conn, c => sqlx::query_scalar("select id from account where state = 'active' limit 1")
        .fetch_optional(&mut *c).await?);
    Ok(found.is_some())
}

/// Adds an invited account.
///
/// # Errors
/// What the store said.
pub async fn account_add(tx: &mut Tx, account: &Account) -> Result<(), StoreError> {
    let member = account.member.as_ref().map(|member| member.as_str().to_owned());
    execute!(
        tx,
        "insert into account (id, display_name, post, member_id, state, created_ms)
         values ($1, $2, $3, $4, 'invited', $5)",
        &account.id,
        &account.display_name,
        account.post.as_str(),
        &member,
        account.created.as_millisecond(),
    );
    Ok(())
}

/// Takes an account out of use, with all its tokens; what it signed in to is gone with [`super::session`].
///
/// # Errors
/// What the store said.
pub async fn account_disable(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update account set state = 'disabled' where id = $1", id);
    let version = roster_raise(tx).await?;
    execute!(
        tx,
        "update token set revoked_ms = $1, version = $2 where account_id = $3 and revoked_ms is null",
        now.as_millisecond(),
        version,
        id,
    );
    Ok(())
}

/// The link with this secret.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn ticket_find(conn: &mut Conn, secret: SecretHash) -> Result<Option<Ticket>, StoreError> {
    let Some(ticket) = ticket::ticket_find(conn, secret).await? else { return Ok(None) };
    let account = account_find(conn, &ticket.account).await?;
    let account =
        account.ok_or_else(|| bad_row("account_link", "account_id", &ticket.id, "leads nowhere"))?;
    Ok(Some(ticket.of(account)))
}

/// The account that waits for the first operator, if a start before this one made it.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn account_to_set_up(conn: &mut Conn) -> Result<Option<Account>, StoreError> {
    match ticket::set_up_waiting(conn).await? {
        Some(id) => account_find(conn, &id).await,
        None => Ok(None),
    }
}
