//! One connection of either engine, and how one SQL text serves both.

use super::direct::DirectConnection;
use sqlx::PgConnection;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// A connection that may only look. Statements run in one snapshot.
#[derive(Debug)]
pub struct Conn {
    raw: Raw,
}

#[derive(Debug)]
pub(super) enum Raw {
    Sqlite(Box<DirectConnection>),
    Postgres(PgConnection),
}

/// The connection of an operation that writes. Derefs to [`Conn`], so every query function that takes a `&mut Conn`
/// works inside a write too and sees what the operation has done so far.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
}

/// The engine behind a connection; what [`on!`](crate::on) matches on.
#[derive(Debug)]
pub enum Engine<'c> {
    /// A SQLite file.
    Sqlite(&'c mut DirectConnection),
    /// A PostgreSQL server.
    Postgres(&'c mut PgConnection),
}

impl Conn {
    pub(super) fn new(raw: Raw) -> Self {
        Self { raw }
    }

    pub(super) fn into_raw(self) -> Raw {
        self.raw
    }

    /// Ends a statement of SQLite that runs longer than `limit` from now on. PostgreSQL's are waited for only so long.
    pub(super) fn limit(&mut self, limit: Option<Duration>) {
        match &mut self.raw {
            Raw::Sqlite(conn) => conn.limit(limit),
            Raw::Postgres(_) => {}
        }
    }

    /// The engine, for the rare statement that has to differ; [`on!`](crate::on) serves all others.
    pub fn engine(&mut self) -> Engine<'_> {
        match &mut self.raw {
            Raw::Sqlite(conn) => Engine::Sqlite(conn),
            Raw::Postgres(conn) => Engine::Postgres(conn),
        }
    }
}

impl Tx {
    pub(super) fn new(conn: Conn) -> Self {
        Self { conn }
    }

    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Runs one expression on whichever engine a [`Conn`](crate::store::Conn) or [`Tx`](crate::store::Tx) has.
///
/// `on!(conn, c => …)` writes the expression once per engine, with `c: &mut DirectConnection` or
/// `c: &mut PgConnection`. Both arms must have the same type, so await inside:
///
/// ```
/// # use shouwang_serving::{on, store::{Conn, StoreError}};
/// #[derive(sqlx::FromRow)]
/// struct Member { id: String, name: String }
///
/// async fn members(conn: &mut Conn, group: &str) -> Result<Vec<Member>, StoreError> {
///     Ok(on!(conn, c => sqlx::query_as("select id, name from member where circle = $1 order by id")
///         .bind(group).fetch_all(&mut *c).await?))
/// }
/// ```
///
/// For statements without rows, see [`execute!`](crate::execute).
#[macro_export]
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match ($conn).engine() {
            $crate::store::Engine::Sqlite($c) => $body,
            $crate::store::Engine::Postgres($c) => $body,
        }
    };
}

/// Runs one statement and answers the number of rows it touched, as a `u64`: `execute!(tx, "sql", $1, $2, …)`.
///
/// It ends in `?`, so the function around it returns a `Result` that a `sqlx::Error` converts into.
///
/// ```
/// # use shouwang_serving::{execute, store::{StoreError, Tx}};
/// async fn reserve(tx: &mut Tx, resource: &str) -> Result<bool, StoreError> {
///     let sql = "update resource set free = free - 1 where id = $1 and free > 0";
///     Ok(execute!(tx, sql, resource) == 1)
/// }
/// ```
#[macro_export]
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::on!($conn, c => ::sqlx::query($sql)$(.bind($value))*.execute(&mut *c).await?.rows_affected())
    };
}
