//! Many rows in one statement: `unnest` on PostgreSQL, chunks of `values` on SQLite.

use super::direct::DirectConnection;
use super::{Engine, StoreError, Tx};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use std::fmt::Write as _;

/// Most rows of a SQLite statement; larger ones gain nothing.
const SQLITE_ROWS: usize = 64;

/// An insert of many rows, column by column.
///
/// ```
/// # use shouwang_serving::store::{Batch, StoreError, Tx};
/// async fn remember(tx: &mut Tx, ids: Vec<String>, times: Vec<i64>) -> Result<u64, StoreError> {
///     Batch::into("seen")
///         .column("id", ids)
///         .column("at_ms", times)
///         .then("on conflict (id) do nothing")
///         .run(tx)
///         .await
/// }
/// ```
///
/// One batch must not name the same key twice with `do update`: PostgreSQL refuses that.
#[derive(Clone, Debug)]
#[must_use = "a batch does nothing until it is run"]
pub struct Batch {
    table: &'static str,
    columns: Vec<(&'static str, Column)>,
    tail: &'static str,
}

/// The values of one column, one per row.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// `TEXT`.
    Text(Vec<Option<String>>),
    /// `BIGINT`.
    Integer(Vec<Option<i64>>),
    /// `BYTEA` or `BLOB`.
    Bytes(Vec<Option<Vec<u8>>>),
    /// `DOUBLE PRECISION` or `REAL`.
    Real(Vec<Option<f64>>),
    /// `BOOLEAN`.
    Flag(Vec<Option<bool>>),
}

impl Batch {
    /// A batch for one table.
    pub fn into(table: &'static str) -> Self {
        Self { table, columns: Vec::new(), tail: "" }
    }

    /// Adds a column. All columns must be equally long.
    pub fn column(mut self, name: &'static str, values: impl Into<Column>) -> Self {
        self.columns.push((name, values.into()));
        self
    }

    /// What follows the rows, such as `on conflict (id) do nothing`. No parameters.
    pub fn then(mut self, tail: &'static str) -> Self {
        self.tail = tail;
        self
    }

    /// Inserts the rows and answers how many were inserted or updated.
    ///
    /// # Errors
    /// What the engine said; columns of different lengths are [`StoreError::Internal`].
    pub async fn run(self, tx: &mut Tx) -> Result<u64, StoreError> {
        let rows = self.columns.first().map_or(0, |(_, column)| column.len());
        if self.columns.iter().any(|(_, column)| column.len() != rows) {
            return Err(sqlx::Error::InvalidArgument("columns of different lengths".to_owned()).into());
        }
        if rows == 0 {
            return Ok(0);
        }
        match tx.engine() {
            Engine::Sqlite(conn) => self.run_sqlite(conn, rows),
            Engine::Postgres(conn) => self.run_postgres(conn).await,
        }
    }

    fn run_sqlite(&self, conn: &mut DirectConnection, rows: usize) -> Result<u64, StoreError> {
        let mut affected = 0;
        let mut start = 0;
        while start < rows {
            let chunk = start..start + sqlite_rows(rows - start);
            start = chunk.end;
            let values = chunk.clone().flat_map(|n| self.columns.iter().map(move |(_, column)| column.at(n)));
            affected += conn.execute_with(&self.sqlite_text(chunk.len()), values)?;
        }
        Ok(affected)
    }

    fn sqlite_text(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(","));
        let rows = vec![row.as_str(); rows].join(",");
        format!("insert into {} ({}) values {rows} {}", self.table, self.names(), self.tail)
    }

    async fn run_postgres(self, conn: &mut PgConnection) -> Result<u64, StoreError> {
        let mut sql = format!("insert into {} ({}) select * from unnest(", self.table, self.names());
        for (n, (_, column)) in self.columns.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(sql, "{comma}${}::{}", n + 1, column.postgres_type());
        }
        let _ = write!(sql, ") {}", self.tail);
        // Made of `&'static str`s of the program alone.
        let mut query = sqlx::query::<Postgres>(AssertSqlSafe(sql));
        for (_, column) in self.columns {
            query = match column {
                Column::Text(values) => query.bind(values),
                Column::Integer(values) => query.bind(values),
                Column::Bytes(values) => query.bind(values),
                Column::Real(values) => query.bind(values),
                Column::Flag(values) => query.bind(values),
            };
        }
        Ok(query.execute(conn).await?.rows_affected())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// Rows of the next statement: the largest power of two that fits. So a table needs seven prepared statements for any
/// number of rows; preparing one anew costs more than running it.
fn sqlite_rows(left: usize) -> usize {
    (1 << left.max(1).ilog2()).min(SQLITE_ROWS)
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text[]",
            Self::Integer(_) => "bigint[]",
            Self::Bytes(_) => "bytea[]",
            Self::Real(_) => "double precision[]",
            Self::Flag(_) => "boolean[]",
        }
    }

    /// The value of one row, borrowed.
    fn at(&self, n: usize) -> ToSqlOutput<'_> {
        let value = match self {
            Self::Text(values) => values[n].as_deref().map(|text| ValueRef::Text(text.as_bytes())),
            Self::Integer(values) => values[n].map(ValueRef::Integer),
            Self::Bytes(values) => values[n].as_deref().map(ValueRef::Blob),
            Self::Real(values) => values[n].map(ValueRef::Real),
            Self::Flag(values) => values[n].map(|flag| ValueRef::Integer(flag.into())),
        };
        value.map_or(ToSqlOutput::Owned(Value::Null), ToSqlOutput::Borrowed)
    }
}

/// Both `Vec<T>` and `Vec<Option<T>>` make a column.
macro_rules! column_from {
    ($($variant:ident: $value:ty),+) => { $(
        impl From<Vec<Option<$value>>> for Column {
            fn from(values: Vec<Option<$value>>) -> Self {
                Self::$variant(values)
            }
        }
        impl From<Vec<$value>> for Column {
            fn from(values: Vec<$value>) -> Self {
                Self::$variant(values.into_iter().map(Some).collect())
            }
        }
    )+ };
}

column_from!(Text: String, Integer: i64, Bytes: Vec<u8>, Real: f64, Flag: bool);

#[cfg(test)]
mod tests {
    use super::sqlite_rows;

    #[test]
    fn rows_are_cut_into_few_shapes() {
        let shapes = |mut left: usize| {
            let mut shapes = Vec::new();
            while left > 0 {
                shapes.push(sqlite_rows(left));
                left -= sqlite_rows(left);
            }
            shapes
        };
        assert_eq!(shapes(1), [1]);
        assert_eq!(shapes(63), [32, 16, 8, 4, 2, 1]);
        assert_eq!(shapes(200), [64, 64, 64, 8]);
    }
}
