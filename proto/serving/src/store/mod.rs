//! A database on threads of its own.
//!
//! # Why
//! A client that hangs up drops the future of its handler. With a pool, that drop can happen inside a transaction,
//! and with the driver we use the connection then goes back to the pool with the transaction still open: a later
//! write is acknowledged and rolled back. So **no transaction runs in a handler's future**. One writer thread owns
//! the only write connection, takes whatever is queued into one transaction (one fsync serves up to 256 operations),
//! and answers after the commit. Dropping the caller's future changes nothing about the operation.
//!
//! # How to use it
//! ```
//! use shouwang_serving::{execute, on, store::{Store, StoreError}};
//!
//! async fn rename(store: &Store, id: String, name: String) -> Result<bool, StoreError> {
//!     store.write(async move |tx| {
//!         Ok(execute!(tx, "update member set name = $1 where id = $2", name, id) == 1)
//!     }).await
//! }
//!
//! async fn count(store: &Store) -> Result<i64, StoreError> {
//!     store.read(async |conn| Ok(on!(conn, c =>
//!         sqlx::query_scalar("select cast(count(*) as bigint) from member").fetch_one(&mut *c).await?))).await
//! }
//! ```
//! An operation owns what it needs (`move`), awaits nothing but its connection, and returns `Err` to undo itself:
//! each runs inside a savepoint, so a refusal costs its neighbours nothing. Its changes must be judged by the rows
//! they touched, not by errors ignored on the way: on PostgreSQL a failed statement undoes the operation even if the
//! operation goes on, and it is then answered with an error.
//!
//! # One SQL text for both engines
//! - Parameters are `$1`, `$2`, …; results go through `#[derive(sqlx::FromRow)]` or `query_scalar`.
//! - Ids are `TEXT`, times and counters `BIGINT` (milliseconds), JSON is `TEXT`. Only the migrations differ: on SQLite
//!   tables are `STRICT`, which knows `INTEGER` (also for flags), `REAL`, `TEXT` and `BLOB`; on PostgreSQL they say
//!   `BIGINT`, `BOOLEAN`, `DOUBLE PRECISION`, `TEXT COLLATE "C"` (SQLite compares bytes) and `BYTEA`.
//! - Integers are `i64` in Rust. PostgreSQL's `count` is a bigint but its `sum` is not: `cast(sum(x) as bigint)`.
//! - `insert … on conflict (…) do nothing | do update`, `returning`, `with`, window functions and `exists` work on
//!   both. `like` does not (case), nor `||` with nulls in mind, nor `now()`: times are parameters.
//! - No deferred constraints: one that fires at the commit would fail the whole group.
//! - Many rows at once: [`Batch`].
//!
//! # What is promised
//! `Ok` from [`Store::write`] means durable. An `Err` means not applied, except after a failed commit
//! ([`StoreError::Unavailable`]), where the outcome is unknown. A read sees everything acknowledged before it began,
//! in one snapshot.

mod backup;
mod batch;
mod conn;
mod direct;
mod error;
mod inline;
mod job;
mod migrate;
mod options;
mod pace;
mod postgres;
mod reader;
mod source;
mod sqlite;
#[cfg(test)]
mod tests;
mod threads;
#[cfg(any(test, feature = "trial"))]
pub mod trial;
mod writer;

pub use backup::{Backup, backup};
pub use batch::{Batch, Column};
pub use conn::{Conn, Engine, Tx};
pub use direct::{
    Direct, DirectArguments, DirectColumn, DirectConnection, DirectDone, DirectRow, DirectType, DirectValue,
    DirectValueRef, Nothing,
};
pub use error::{BackupError, OpenError, StoreError, bad_row};
pub use options::{Migrations, StoreOptions};

use futures::channel::oneshot;
use inline::closed;
use job::{Job, ReadJob, WriteJob};
use source::Source;
use sqlx::ConnectOptions;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use threads::Threads;
use tokio::sync::mpsc::Sender;

/// A database on threads of its own. Clones share it; the last one dropped ends the threads.
#[derive(Clone, Debug)]
pub struct Store {
    threads: Arc<Threads>,
}

impl Store {
    /// Opens, checks and migrates the database at `sqlite:PATH` or `postgres://…`.
    ///
    /// A SQLite file is created if it is missing (0600, in a folder of 0700), and copied before a migration to
    /// `FILE.version-N.copy`. A schema newer than `migrations` is refused, as are settings under which an
    /// acknowledged write could be lost.
    ///
    /// # Errors
    /// [`OpenError`], whose message says what to do.
    pub async fn open(url: &str, migrations: &Migrations, options: StoreOptions) -> Result<Self, OpenError> {
        let source = Source::parse(url, &options)?;
        let threads = Threads::start(source, *migrations, options).await?;
        Ok(Self { threads: Arc::new(threads) })
    }

    /// Runs one operation that changes something; answers once it is durable.
    ///
    /// Once this future was polled, dropping it neither cancels nor halves the operation (unless the queue was full
    /// at that moment: then the operation may not have been taken at all).
    ///
    /// # Errors
    /// What the operation returned, or what the engine said; see [`StoreError`].
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.submit_write(&self.threads.ordinary, work).await
    }

    /// As [`write`](Self::write), ahead of every ordinary write: for emergencies and what people do about them.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn write_urgent<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.submit_write(&self.threads.urgent, work).await
    }

    /// Runs one operation that only looks, in one snapshot that holds everything acknowledged before.
    ///
    /// Dropping the future before a reader took the operation cancels it.
    ///
    /// # Errors
    /// What the operation returned, or what the engine said; see [`StoreError`].
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn ReadJob> = Box::new(Job { work, reply });
        match &self.threads.inline {
            Some(inline) => inline.read(job)?,
            None => self.threads.reads.send(job).await.map_err(|_| closed())?,
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn submit_write<T, F>(&self, queue: &Sender<Box<dyn WriteJob>>, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn WriteJob> = Box::new(Job { work, reply });
        let taken = match &self.threads.inline {
            Some(inline) => inline.write(job),
            None => queue.send(job).await.map_err(|_| closed()),
        };
        let answer = match taken {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(closed())),
            Err(error) => Err(error),
        };
        self.threads.latency.pass().await;
        answer
    }

    /// Whether the last group of writes was committed. False from the first failure until the next success: what
    /// a readiness page shows.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.threads.writable.load(Ordering::Acquire)
    }

    /// Copies a SQLite store to `path` while it serves, checks the copy and makes it durable. The copy appears under
    /// its name only when it is whole; an existing file is never overwritten.
    ///
    /// # Errors
    /// [`BackupError`]; on PostgreSQL always [`BackupError::NotSqlite`].
    pub async fn backup_to(&self, path: impl Into<PathBuf>) -> Result<Backup, BackupError> {
        let path = path.into();
        let Source::Sqlite(file) = self.threads.source.clone() else {
            return Err(BackupError::NotSqlite);
        };
        let work = async move || {
            // A connection of its own: neither the writer nor a reader waits for the copy.
            let mut conn = file.copying().connect().await?;
            backup::copy(&mut conn, &path, false).await
        };
        let answer =
            threads::once("store-backup", work).map_err(|error| BackupError::Thread(error.to_string()))?;
        let gone = |_| Err(BackupError::Thread("it ended early".to_owned()));
        if self.threads.inline.is_some() {
            return futures::executor::block_on(answer).unwrap_or_else(gone);
        }
        answer.await.unwrap_or_else(gone)
    }

    /// Takes no further operation, carries out what is queued, closes all connections, and returns when the threads
    /// have ended.
    pub async fn close(&self) {
        self.threads.close().await;
    }
}
