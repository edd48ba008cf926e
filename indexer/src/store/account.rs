//! People's accounts, and the links that work once.

use jiff::Timestamp;
use shouwang_pages::people::{lockout::Mistakes, ticket::Purpose};
use shouwang_proto::clock::from_millis;
use shouwang_serving::{execute, on};

use super::{Conn, StoreError, Tx, bad_row, roster::roster_raise};
use crate::{
    council::caller::SecretHash,
    people::{
        account::{Account, AccountState, Credentials, Login},
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
        let state = match (self.state.as_str(), &self.login, &self.password_hash) {
            ("invited", None, None) => AccountState::Invited,
            ("disabled", _, _) => AccountState::Disabled,
            ("active", Some(login), Some(hash)) => AccountState::Active(Credentials {
                login: login.parse().map_err(|error| bad("login", &error))?,
                password_hash: hash.clone(),
            }),
            (other, _, _) => return Err(bad("state", &format!("`{other}` does not fit the rest"))),
        };
        let member = self.member_id.as_deref().map(str::parse).transpose();
        Ok(Account {
            post: self.post.parse().map_err(|error| bad("post", &error))?,
            member: member.map_err(|error| bad("member_id", &error))?,
            state,
            created: from_millis(self.created_ms),
            signed_in: self.signed_in_ms.map(from_millis),
            failures: u32::try_from(self.failures).map_err(|error| bad("failures", &error))?,
            failed: self.failed_ms.map(from_millis),
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

/// Gives an account its name and credentials and makes it active; false when somebody else has the login name.
///
/// # Errors
/// What the store said.
pub async fn account_activate(
    tx: &mut Tx,
    id: &str,
    display_name: &str,
    credentials: &Credentials,
) -> Result<bool, StoreError> {
    let Credentials { login, password_hash } = credentials;
    let rows = execute!(
        tx,
        "update account set state = 'active', display_name = $1, login = $2, password_hash = $3, failures = 0,
         failed_ms = null
         where id = $4 and not exists (select 1 from account other where other.login = $2 and other.id <> $4)",
        display_name,
        login.as_str(),
        password_hash,
        id,
    );
    Ok(rows == 1)
}

/// Replaces the password of an active account.
///
/// # Errors
/// What the store said.
pub async fn account_password_set(tx: &mut Tx, id: &str, password_hash: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "update account set password_hash = $1, failures = 0, failed_ms = null where id = $2 and state = 'active'",
        password_hash,
        id,
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

/// Notes the mistakes at an account.
///
/// # Errors
/// What the store said.
pub async fn account_mistakes_set(tx: &mut Tx, id: &str, mistakes: Mistakes) -> Result<(), StoreError> {
    let last = mistakes.last.map(Timestamp::as_millisecond);
    execute!(
        tx,
        "update account set failures = $1, failed_ms = $2 where id = $3",
        i64::from(mistakes.count),
        last,
        id,
    );
    Ok(())
}

/// Notes that somebody signed in: mistakes are forgotten.
///
/// # Errors
/// What the store said.
pub async fn account_signed_in(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update account set signed_in_ms = $1, failures = 0, failed_ms = null where id = $2",
        now.as_millisecond(),
        id,
    );
    Ok(())
}

/// A link as it is added.
#[derive(Clone, Debug)]
pub struct NewTicket<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose.
    pub account: &'a str,
    /// What it is for.
    pub purpose: Purpose,
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// When it ends.
    pub expires: Timestamp,
}

/// Adds a link; the account's earlier ones stop working.
///
/// # Errors
/// What the store said.
pub async fn ticket_add(tx: &mut Tx, ticket: &NewTicket<'_>, now: Timestamp) -> Result<(), StoreError> {
    tickets_cancel(tx, ticket.account, now).await?;
    execute!(
        tx,
        "insert into account_link (id, account_id, secret_hash, purpose, created_ms, expires_ms)
         values ($1, $2, $3, $4, $5, $6)",
        ticket.id,
        ticket.account,
        ticket.secret_hash.0.to_vec(),
        ticket.purpose.as_str(),
        now.as_millisecond(),
        ticket.expires.as_millisecond(),
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

/// The link with this secret.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn ticket_find(conn: &mut Conn, secret_hash: SecretHash) -> Result<Option<Ticket>, StoreError> {
    let row: Option<TicketRow> = on!(conn, c => sqlx::query_as(
        "select id, account_id, purpose, expires_ms, used_ms, cancelled_ms from account_link where secret_hash = $1")
        .bind(secret_hash.0.to_vec()).fetch_optional(&mut *c).await?);
    let Some(row) = row else { return Ok(None) };
    let account = account_find(conn, &row.account_id).await?;
    let bad = |column, why: &dyn std::fmt::Display| bad_row("account_link", column, &row.id, why);
    Ok(Some(Ticket {
        purpose: row.purpose.parse().map_err(|error| bad("purpose", &error))?,
        account: account.ok_or_else(|| bad("account_id", &"leads nowhere"))?,
        expires: from_millis(row.expires_ms),
        is_spent: row.used_ms.is_some() || row.cancelled_ms.is_some(),
        id: row.id,
    }))
}

/// The account that waits for the first operator, if a start before this one made it.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn account_to_set_up(conn: &mut Conn) -> Result<Option<Account>, StoreError> {
    let id: Option<String> = on!(conn, c => sqlx::query_scalar(
        "select account_id from account_link where purpose = 'setup' order by created_ms limit 1")
        .fetch_optional(&mut *c).await?);
    match id {
        Some(id) => account_find(conn, &id).await,
        None => Ok(None),
    }
}
