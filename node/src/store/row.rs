//! A row is believed only after it is checked.

use shouwang_proto::log::Hash;
use shouwang_serving::store::{Conn, DirectConnection, Engine, StoreError};

/// The connection of a node's store, which is always SQLite.
pub(super) fn sqlite(conn: &mut Conn) -> Result<&mut DirectConnection, StoreError> {
    match conn.engine() {
        Engine::Sqlite(conn) => Ok(conn),
        Engine::Postgres(_) => Err(StoreError::Unavailable("a node keeps its store in SQLite".to_owned())),
    }
}

/// A value in the store that cannot be: names table, column and row.
#[derive(Debug, thiserror::Error)]
#[error("{table}.{column} of row {row} is damaged: {why}")]
pub(super) struct Damaged {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) row: String,
    pub(super) why: String,
}

impl From<Damaged> for StoreError {
    fn from(damaged: Damaged) -> Self {
        Self::Internal(sqlx::Error::Decode(Box::new(damaged)))
    }
}

/// Where a value stands, for [`Damaged`].
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'static str,
    pub(super) row: &'a dyn std::fmt::Display,
}

impl Place<'_> {
    pub(super) fn damaged(&self, column: &'static str, why: impl std::fmt::Display) -> Damaged {
        Damaged { table: self.table, column, row: self.row.to_string(), why: why.to_string() }
    }

    pub(super) fn count(&self, column: &'static str, value: i64) -> Result<u64, Damaged> {
        u64::try_from(value).map_err(|_| self.damaged(column, "is negative"))
    }

    pub(super) fn hash(&self, column: &'static str, value: &[u8]) -> Result<Hash, Damaged> {
        Hash::from_slice(value).ok_or_else(|| self.damaged(column, "is not 32 bytes"))
    }
}

/// A counter as SQLite keeps it. Ours stay far below 2⁶³.
pub(super) fn stored(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
