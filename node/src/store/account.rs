//! People's accounts and the links that work once, in SQL.

use jiff::Timestamp;
use shouwang_pages::people::{
    account::{AccountState, Credentials, Login, account_unknown},
    lockout::Mistakes,
    secret::SecretHash,
    ticket::Minted,
};
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    execute, on,
    store::{Conn, StoreError, Tx},
};

use super::row::{Damaged, Place};
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
    type Error = Damaged;

    fn try_from(row: AccountRow) -> Result<Self, Damaged> {
        let place = Place { table: "account", row: &row.id };
        let state = match (row.state.as_str(), &row.login, row.password_hash) {
            ("invited", None, None) => AccountState::Invited,
            ("disabled", _, _) => AccountState::Disabled,
            ("active", Some(login), Some(password_hash)) => {
                let login = login.parse().map_err(|error| place.damaged("login", error))?;
                AccountState::Active(Credentials { login, password_hash })
            }
            (state, _, _) => return Err(place.damaged("state", format!("{state} does not fit the rest"))),
        };
        let count = u32::try_from(row.failures).map_err(|error| place.damaged("failures", error))?;
        Ok(Self {
            post: row.post.parse().map_err(|error| place.damaged("post", error))?,
            state,
            created: from_millis(row.created_ms),
            signed_in: row.signed_in_ms.map(from_millis),
            mistakes: Mistakes { count, last: row.failed_ms.map(from_millis) },
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
    rows.into_iter().map(|row| Account::try_from(row).map_err(StoreError::from)).collect()
}

/// One account.
pub(super) async fn account_find(conn: &mut Conn, id: &str) -> Result<Account, StoreError> {
    let row: Option<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, state, password_hash, created_ms, signed_in_ms, failures, failed_ms
         from account where id = $1").bind(id).fetch_optional(&mut *c).await?);
    Ok(row.ok_or_else(account_unknown)?.try_into()?)
}

/// The account with this login name, whatever its state.
pub(super) async fn account_by_login(conn: &mut Conn, login: &Login) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = on!(conn, c => sqlx::query_as(
        "select id, login, display_name, post, state, password_hash, created_ms, signed_in_ms, failures, failed_ms
         from account where login = $1").bind(login.as_str()).fetch_optional(&mut *c).await?);
    Ok(row.map(Account::try_from).transpose()?)
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

/// Gives an account its name and credentials and makes it active; false when somebody else has the login name.
pub(super) async fn account_activate(
    tx: &mut Tx,
    id: &str,
    display_name: &str,
    credentials: &Credentials,
) -> Result<bool, StoreError> {
    let Credentials { login, password_hash } = credentials;
    let rows = execute!(
        tx,
        "update account set display_name = $1, login = $2, password_hash = $3, state = 'active', failures = 0,
         failed_ms = null where id = $4 and not exists (select 1 from account other where other.login = $2 and other.id <> $4)",
        display_name,
        login.as_str(),
        password_hash,
        id,
    );
    Ok(rows == 1)
}

/// Replaces the password of an active account.
pub(super) async fn account_password_set(tx: &mut Tx, id: &str, hash: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "update account set password_hash = $1, failures = 0, failed_ms = null where id = $2 and state = 'active'",
        hash,
        id,
    );
    Ok(())
}

/// Takes an account out of use.
pub(super) async fn account_disable(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    execute!(tx, "update account set state = 'disabled' where id = $1", id);
    Ok(())
}

/// Notes the mistakes at an account.
pub(super) async fn account_mistakes_set(
    tx: &mut Tx,
    id: &str,
    mistakes: Mistakes,
) -> Result<(), StoreError> {
    let last = mistakes.last.map(Timestamp::as_millisecond);
    let count = i64::from(mistakes.count);
    execute!(tx, "update account set failures = $1, failed_ms = $2 where id = $3", count, last, id);
    Ok(())
}

/// Notes that somebody signed in: mistakes are forgotten.
pub(super) async fn account_signed_in(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update account set signed_in_ms = $1, failures = 0, failed_ms = null where id = $2",
        now.as_millisecond(),
        id,
    );
    Ok(())
}

/// Adds a link; the account's earlier ones stop working.
pub(super) async fn ticket_add(
    tx: &mut Tx,
    minted: Minted,
    account: Account,
    now: Timestamp,
) -> Result<Linked, StoreError> {
    tickets_cancel(tx, &account.id, now).await?;
    execute!(
        tx,
        "insert into account_link (id, account_id, secret_hash, purpose, created_ms, expires_ms)
         values ($1, $2, $3, $4, $5, $6)",
        &minted.id,
        &account.id,
        SecretHash::of(&minted.secret).0.to_vec(),
        minted.purpose.as_str(),
        now.as_millisecond(),
        minted.expires.as_millisecond(),
    );
    Ok(minted.linked(account))
}

/// Cancels the open links of an account.
pub(super) async fn tickets_cancel(tx: &mut Tx, account: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update account_link set cancelled_ms = $1 where account_id = $2 and used_ms is null and cancelled_ms is null",
        now.as_millisecond(),
        account,
    );
    Ok(())
}

/// Burns a link; false when it was burned or cancelled before.
pub(super) async fn ticket_use(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, StoreError> {
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
pub(super) async fn ticket_find(conn: &mut Conn, secret: SecretHash) -> Result<Option<Ticket>, StoreError> {
    let row: Option<TicketRow> = on!(conn, c => sqlx::query_as(
        "select id, account_id, purpose, expires_ms, used_ms, cancelled_ms from account_link where secret_hash = $1")
        .bind(secret.0.to_vec()).fetch_optional(&mut *c).await?);
    let Some(row) = row else { return Ok(None) };
    let account = account_find(conn, &row.account_id).await?;
    let place = Place { table: "account_link", row: &row.id };
    let purpose = row.purpose.parse().map_err(|error| place.damaged("purpose", error))?;
    let is_spent = row.used_ms.is_some() || row.cancelled_ms.is_some();
    let expires = from_millis(row.expires_ms);
    Ok(Some(Ticket { purpose, account, expires, is_spent, id: row.id }))
}
