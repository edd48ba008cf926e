//! What can go wrong with a store, sorted by what the caller should do next.

use shouwang_proto::refusal::Refusal;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why an operation has no result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operation itself said no. Nothing of it is in the database; tell the caller.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database cannot be reached, is full, busy, or closed. Worth trying again later.
    ///
    /// After a failed commit the outcome is *unknown*: repeat the operation under the same idempotency key.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A defect: wrong SQL, a value that cannot be decoded, a violated constraint. Not for the eyes of a caller.
    #[error("the store failed")]
    Internal(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether a unique index or a primary key said no.
    ///
    /// On PostgreSQL a statement that failed has already undone its operation; to *continue* after a duplicate
    /// write `on conflict do nothing` and look at the number of rows.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.database().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }

    /// Whether a `CHECK` said no.
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.database().is_some_and(sqlx::error::DatabaseError::is_check_violation)
    }

    fn database(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        match self {
            Self::Internal(error) => error.as_database_error(),
            Self::Refused(_) | Self::Unavailable(_) => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) { Self::Unavailable(error.to_string()) } else { Self::Internal(error) }
    }
}

/// A row holds something that no program of ours writes.
#[derive(Debug, thiserror::Error)]
#[error("{table}.{column} of {key}: {why}")]
struct BadRow {
    table: &'static str,
    column: &'static str,
    key: String,
    why: String,
}

/// The error for a row that cannot be believed; it names table, column and row.
#[must_use]
pub fn bad_row(
    table: &'static str,
    column: &'static str,
    key: impl fmt::Display,
    why: impl fmt::Display,
) -> StoreError {
    let row = BadRow { table, column, key: key.to_string(), why: why.to_string() };
    StoreError::Internal(sqlx::Error::Decode(Box::new(row)))
}

/// Whether the database, and not the statement, is the trouble.
pub(super) fn is_outage(error: &sqlx::Error) -> bool {
    if lost_connection(error) {
        return true;
    }
    let Some(database) = error.as_database_error() else { return false };
    let Some(code) = database.code() else { return false };
    match code.parse::<u32>() {
        // SQLite answers with small numbers; the low byte is the primary code, the rest says where it happened.
        Ok(code) if code < 10_000 => {
            const SQLITE_OUTAGES: [u32; 10] = [5, 6, 8, 9, 10, 11, 13, 14, 15, 26];
            SQLITE_OUTAGES.contains(&(code & 0xff))
        }
        // PostgreSQL answers with five characters. A class of two says enough: connection, resources, operator,
        // I/O; then serialization failure, deadlock and a lock that was not available.
        Ok(_) | Err(_) => {
            ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
                || matches!(code.as_ref(), "40001" | "40P01" | "55P03" | "25006")
        }
    }
}

/// Whether the connection itself is gone, so that a new one may help.
pub(super) fn lost_connection(error: &sqlx::Error) -> bool {
    // A PostgreSQL server that ends a connection says so (57P..) before it hangs up.
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        || matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed
        )
}

/// Gives up waiting for an engine that does not answer.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(limit, work).await.unwrap_or_else(late)
}

/// Why a store did not open. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address names no engine we have.
    #[error("a database address is `sqlite:PATH` or `postgres://…`: {0}")]
    Address(String),
    /// The folder of a SQLite file can be written by others.
    #[error("{path} can be written by other users (mode {mode:o}); run: chmod 700 {path}", path = .path.display())]
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file or folder could not be made or read.
    #[error("cannot use {path}: {source}", path = .path.display())]
    File {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The engine runs with settings under which an acknowledged write could be lost.
    #[error("refusing to run on a database that is not safe: {0}")]
    Unsafe(String),
    /// The database was written by a newer program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: start the newer program, \
         or restore the copy that was made before the upgrade"
    )]
    Newer {
        /// The newest version in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The safety copy before a migration failed; nothing was migrated.
    #[error("no migration without a copy, and the copy failed: {0}")]
    Copy(#[source] BackupError),
    /// A migration failed, or one that ran before was changed since.
    #[error("the schema could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database could not be reached or answered with an error.
    #[error("the database could not be opened: {0}")]
    Engine(#[from] sqlx::Error),
    /// A thread could not be started, or ended early.
    #[error("no thread for the store: {0}")]
    Thread(String),
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target exists. A backup never overwrites.
    #[error("{path} exists already", path = .0.display())]
    Exists(PathBuf),
    /// PostgreSQL has its own tools, which know about its log.
    #[error("this store is on PostgreSQL: back it up with pg_dump or pg_basebackup")]
    NotSqlite,
    /// The copy was made and then found damaged; it was removed.
    #[error("the copy is damaged, so the original may be: {0}")]
    Damaged(String),
    /// A file could not be written.
    #[error("cannot write {path}: {source}", path = .path.display())]
    File {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The engine failed.
    #[error("the database failed while copying: {0}")]
    Engine(#[from] sqlx::Error),
    /// A thread could not be started, or ended early.
    #[error("no thread for the backup: {0}")]
    Thread(String),
}
