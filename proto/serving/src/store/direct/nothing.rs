//! What `sqlx` can do with a database and a store does not: pools, its own transactions, statements kept by the caller.

use super::value::{DirectColumn, DirectType};
use super::{Direct, DirectArguments};
use log::LevelFilter;
use sqlx::{ColumnIndex, ConnectOptions, Connection, Either, SqlStr, Statement, Transaction};
use sqlx_core::transaction::TransactionManager;
use sqlx_core::{Url, impl_statement_query};
use std::str::FromStr;
use std::time::Duration;

/// Stands where a database of `sqlx` must name a type that [`Direct`] has no use for. There is no value of it, so none
/// of this can be called.
#[derive(Clone, Copy, Debug)]
pub enum Nothing {}

type Done = Result<(), sqlx::Error>;

fn none() -> sqlx::Error {
    sqlx::Error::Configuration("a store opens its connections itself".into())
}

impl Connection for Nothing {
    type Database = Direct;
    type Options = Self;

    async fn close(self) -> Done {
        match self {}
    }

    async fn close_hard(self) -> Done {
        match self {}
    }

    async fn ping(&mut self) -> Done {
        match *self {}
    }

    async fn begin(&mut self) -> Result<Transaction<'_, Direct>, sqlx::Error> {
        match *self {}
    }

    fn shrink_buffers(&mut self) {
        match *self {}
    }

    async fn flush(&mut self) -> Done {
        match *self {}
    }

    fn should_flush(&self) -> bool {
        match *self {}
    }
}

impl FromStr for Nothing {
    type Err = sqlx::Error;

    fn from_str(_: &str) -> Result<Self, sqlx::Error> {
        Err(none())
    }
}

impl ConnectOptions for Nothing {
    type Connection = Self;

    fn from_url(_: &Url) -> Result<Self, sqlx::Error> {
        Err(none())
    }

    async fn connect(&self) -> Result<Self, sqlx::Error> {
        match *self {}
    }

    fn log_statements(self, _: LevelFilter) -> Self {
        match self {}
    }

    fn log_slow_statements(self, _: LevelFilter, _: Duration) -> Self {
        match self {}
    }
}

impl TransactionManager for Nothing {
    type Database = Direct;

    async fn begin(conn: &mut Self, _: Option<SqlStr>) -> Done {
        match *conn {}
    }

    async fn commit(conn: &mut Self) -> Done {
        match *conn {}
    }

    async fn rollback(conn: &mut Self) -> Done {
        match *conn {}
    }

    fn start_rollback(conn: &mut Self) {
        match *conn {}
    }

    fn get_transaction_depth(conn: &Self) -> usize {
        match *conn {}
    }
}

impl ColumnIndex<Nothing> for usize {
    fn index(&self, statement: &Nothing) -> Result<usize, sqlx::Error> {
        match *statement {}
    }
}

impl Statement for Nothing {
    type Database = Direct;

    fn into_sql(self) -> SqlStr {
        match self {}
    }

    fn sql(&self) -> &SqlStr {
        match *self {}
    }

    fn parameters(&self) -> Option<Either<&[DirectType], usize>> {
        match *self {}
    }

    fn columns(&self) -> &[DirectColumn] {
        match *self {}
    }

    impl_statement_query!(DirectArguments);
}
