//! Accounts in SQL.

use std::fmt::Display;

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::{
    execute,
    store::{StoreError, Tx, bad_row},
};

use crate::people::{
    account::{AccountState, Credentials},
    lockout::Mistakes,
};

/// The state of account `id`, as its columns say it.
///
/// # Errors
/// Which column cannot be believed.
pub fn account_state(
    id: &str,
    state: &str,
    login: Option<&str>,
    password_hash: Option<String>,
) -> Result<AccountState, StoreError> {
    match (state, login, password_hash) {
        ("invited", None, None) => Ok(AccountState::Invited),
        ("disabled", _, _) => Ok(AccountState::Disabled),
        ("active", Some(login), Some(password_hash)) => {
            let login = login.parse().map_err(|error| bad_row("account", "login", id, error))?;
            Ok(AccountState::Active(Credentials { login, password_hash }))
        }
        (other, _, _) => Err(bad_row("account", "state", id, format!("`{other}` does not fit the rest"))),
    }
}

/// Mistakes, as two columns of a row of this table say them.
///
/// # Errors
/// Which column cannot be believed.
pub fn mistakes(
    table: &'static str,
    row: impl Display,
    failures: i64,
    failed_ms: Option<i64>,
) -> Result<Mistakes, StoreError> {
    let count = u32::try_from(failures).map_err(|error| bad_row(table, "failures", row, error))?;
    Ok(Mistakes { count, last: failed_ms.map(from_millis) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_are_not_believed() {
        let state =
            |state, login, hash: Option<&str>| account_state("a", state, login, hash.map(str::to_owned));
        assert_eq!(state("invited", None, None).unwrap(), AccountState::Invited);
        assert_eq!(state("disabled", Some("wang.min"), Some("x")).unwrap(), AccountState::Disabled);
        let active = state("active", Some("wang.min"), Some("x")).unwrap();
        assert_eq!(active.credentials().unwrap().login.as_str(), "wang.min");
        for (word, login, hash) in [
            ("active", None, Some("x")),
            ("active", Some("王"), Some("x")),
            ("invited", Some("wang.min"), None),
        ] {
            assert!(matches!(state(word, login, hash), Err(StoreError::Internal(_))), "{word}");
        }
        assert!(mistakes("device", "a", -1, None).is_err());
    }
}
