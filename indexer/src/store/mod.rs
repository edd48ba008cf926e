//! The only SQL of the hub. One file per concern; functions are named noun first and take the connection or
//! transaction they run in. Times are milliseconds since 1970 (UTC), JSON is text, ids are text.

pub mod account;
pub mod attachment;
pub mod audit;
pub mod catalog;
pub mod enrolment;
pub mod hub;
pub mod hub_history;
pub mod hub_log;
pub mod log;
pub mod mutual_aid;
pub mod quarantine;
pub mod roster;
pub mod session;
pub mod thesaurus;
#[cfg(test)]
pub(crate) mod trial;

use std::fmt;

pub(crate) use shouwang_serving::store::bad_row;
pub use shouwang_serving::store::{Conn, Store, StoreError, Tx};
use shouwang_serving::store::{Migrations, OpenError, StoreOptions};

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The schema of the hub on both engines.
pub const MIGRATIONS: Migrations = Migrations { sqlite: &SQLITE, postgres: &POSTGRES };

/// Opens the hub's database at `sqlite:PATH` or `postgres://…` and brings its schema up to date.
///
/// # Errors
/// [`OpenError`], whose message says what to do.
pub async fn open(url: &str, options: StoreOptions) -> Result<Store, OpenError> {
    Store::open(url, &MIGRATIONS, options).await
}

/// A counter from a column that no program of ours makes negative.
pub(crate) fn counter(
    table: &'static str,
    column: &'static str,
    key: impl fmt::Display,
    value: i64,
) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|error| bad_row(table, column, key, error))
}

/// A counter as a column keeps it. Counters of ours never come near 2⁶³.
pub(crate) fn column(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
