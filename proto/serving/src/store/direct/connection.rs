//! A connection, and how a query of `sqlx` runs on it.

use super::arguments::DirectArguments;
use super::error::translate;
use super::value::{DirectColumn, DirectRow, DirectType};
use super::{Direct, Nothing};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _, stream};
use rusqlite::types::{ToSql, Value};
use rusqlite::{Connection, OpenFlags, Statement};
use sqlx::{Describe, Either, Execute, Executor, SqlStr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Statements that stay prepared. The rooms have a few hundred, and each [`Batch`](crate::store::Batch) seven.
const PREPARED: usize = 512;
/// Instructions of SQLite's machine between two looks at the clock: some ten microseconds.
const LOOK_EVERY: i32 = 2_000;
/// No deadline.
const NEVER: u64 = u64::MAX;

/// A setting of a connection: name and value.
pub(in crate::store) type Pragma<'a> = (&'a str, &'a str);

/// A connection to a SQLite file whose statements run in the calling thread.
#[derive(Debug)]
pub struct DirectConnection {
    raw: Connection,
    deadline: Deadline,
}

/// When SQLite gives up the statement it is at.
#[derive(Clone, Debug)]
struct Deadline {
    since: Instant,
    /// Milliseconds after `since`.
    at: Arc<AtomicU64>,
}

impl Deadline {
    fn set(&self, limit: Option<Duration>) {
        let millis = limit.map_or(NEVER, |limit| {
            u64::try_from((self.since.elapsed() + limit).as_millis()).unwrap_or(NEVER)
        });
        self.at.store(millis, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        let at = self.at.load(Ordering::Relaxed);
        at != NEVER && self.since.elapsed().as_millis() >= u128::from(at)
    }
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectDone {
    changed: u64,
}

impl DirectDone {
    /// Rows that were inserted, updated or deleted.
    #[must_use]
    pub fn rows_affected(&self) -> u64 {
        self.changed
    }
}

impl Extend<Self> for DirectDone {
    fn extend<T: IntoIterator<Item = Self>>(&mut self, more: T) {
        self.changed += more.into_iter().map(|done| done.changed).sum::<u64>();
    }
}

/// Which rows of a statement somebody wants. It runs to its end unless the first one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    None,
    First,
    All,
}

impl DirectConnection {
    /// Opens a file that exists.
    ///
    /// # Errors
    /// What SQLite said.
    pub(in crate::store) fn open(
        path: &Path,
        read_only: bool,
        busy: Duration,
        pragmas: &[Pragma<'_>],
    ) -> Result<Self, sqlx::Error> {
        let access =
            if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        // One thread at a time has the connection, so SQLite's own lock on it is of no use.
        let raw =
            Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(translate)?;
        raw.busy_timeout(busy).map_err(translate)?;
        for (name, value) in pragmas {
            raw.pragma_update(None, name, value).map_err(translate)?;
        }
        raw.set_prepared_statement_cache_capacity(PREPARED);
        let deadline = Deadline { since: Instant::now(), at: Arc::new(AtomicU64::new(NEVER)) };
        let watch = deadline.clone();
        raw.progress_handler(LOOK_EVERY, Some(move || watch.is_over())).map_err(translate)?;
        Ok(Self { raw, deadline })
    }

    /// From now on a statement that still runs after `limit` ends with an error (SQLite's INTERRUPT); `None` takes the
    /// limit away. What the disk takes for one write or fsync is not part of it.
    pub(in crate::store) fn limit(&mut self, limit: Option<Duration>) {
        self.deadline.set(limit);
    }

    /// Runs a statement without parameters and forgets its rows.
    ///
    /// # Errors
    /// What SQLite said.
    pub(in crate::store) fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        self.execute_with(sql, std::iter::empty::<Value>()).map(drop)
    }

    /// Runs a statement whose parameters are all `?`; answers how many rows it touched.
    ///
    /// # Errors
    /// What SQLite said.
    pub(in crate::store) fn execute_with<V: ToSql>(
        &mut self,
        sql: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<u64, sqlx::Error> {
        let mut statement = self.raw.prepare_cached(sql).map_err(translate)?;
        for (value, place) in values.into_iter().zip(1_usize..) {
            statement.raw_bind_parameter(place, value).map_err(translate)?;
        }
        let (_, done) = step(&self.raw, &mut statement, Want::None).map_err(translate)?;
        Ok(done.changed)
    }

    fn carry_out<'q>(
        &mut self,
        mut query: impl Execute<'q, Direct>,
        want: Want,
    ) -> Result<(Vec<DirectRow>, DirectDone), sqlx::Error> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?.unwrap_or_default();
        let keep = query.persistent();
        let sql = query.sql();
        if keep {
            let mut statement = self.raw.prepare_cached(sql.as_str()).map_err(translate)?;
            bind(&mut statement, &arguments)?;
            step(&self.raw, &mut statement, want).map_err(translate)
        } else {
            let mut statement = self.raw.prepare(sql.as_str()).map_err(translate)?;
            bind(&mut statement, &arguments)?;
            step(&self.raw, &mut statement, want).map_err(translate)
        }
    }
}

/// Gives each parameter its value: `$3` and `?3` the third, `?` the next one. SQLite numbers `$3` by where it stands
/// first, not by the number in its name.
fn bind(statement: &mut Statement<'_>, arguments: &DirectArguments) -> Result<(), sqlx::Error> {
    let mut next = 0;
    for place in 1..=statement.parameter_count() {
        let number: usize = match statement.parameter_name(place) {
            Some(name) => name.get(1..).and_then(|number| number.parse().ok()).unwrap_or(0),
            None => {
                next += 1;
                next
            }
        };
        let value = number.checked_sub(1).and_then(|at| arguments.values().get(at)).ok_or_else(|| {
            sqlx::Error::InvalidArgument(format!("parameter {place} of the statement has no value"))
        })?;
        statement.raw_bind_parameter(place, value).map_err(translate)?;
    }
    Ok(())
}

fn step(
    raw: &Connection,
    statement: &mut Statement<'_>,
    want: Want,
) -> rusqlite::Result<(Vec<DirectRow>, DirectDone)> {
    let changes = !statement.readonly();
    let columns: Arc<[DirectColumn]> = if want == Want::None {
        Arc::default()
    } else {
        let names = statement.column_names().into_iter().enumerate();
        names.map(|(ordinal, name)| DirectColumn { ordinal, name: name.to_owned() }).collect()
    };
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if want == Want::None {
            continue;
        }
        let values = (0..columns.len()).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
        found.push(DirectRow { columns: Arc::clone(&columns), values });
        if want == Want::First {
            break;
        }
    }
    drop(rows);
    // A statement that only looks leaves the number of the one before.
    Ok((found, DirectDone { changed: if changes { raw.changes() } else { 0 } }))
}

impl<'c> Executor<'c> for &'c mut DirectConnection {
    type Database = Direct;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<DirectDone, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Direct>,
    {
        async move { self.carry_out(query, Want::None).map(|(_, done)| done) }.boxed()
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DirectDone, DirectRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Direct>,
    {
        let all = async move {
            let found = match self.carry_out(query, Want::All) {
                Ok((rows, done)) => {
                    let rows = rows.into_iter().map(Either::Right);
                    rows.chain([Either::Left(done)]).map(Ok).collect()
                }
                Err(error) => vec![Err(error)],
            };
            stream::iter(found)
        };
        all.flatten_stream().boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<DirectRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Direct>,
    {
        async move { self.carry_out(query, Want::All).map(|(rows, _)| rows) }.boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DirectRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Direct>,
    {
        async move { self.carry_out(query, Want::First).map(|(rows, _)| rows.into_iter().next()) }.boxed()
    }

    fn prepare_with<'e>(
        self,
        _sql: SqlStr,
        _parameters: &'e [DirectType],
    ) -> BoxFuture<'e, Result<Nothing, sqlx::Error>>
    where
        'c: 'e,
    {
        futures::future::ready(Err(not_kept())).boxed()
    }

    fn describe<'e>(self, _sql: SqlStr) -> BoxFuture<'e, Result<Describe<Direct>, sqlx::Error>>
    where
        'c: 'e,
    {
        futures::future::ready(Err(not_kept())).boxed()
    }
}

/// Every statement is prepared once and kept by the connection.
fn not_kept() -> sqlx::Error {
    sqlx::Error::InvalidArgument("a store's connection keeps its statements itself".to_owned())
}
