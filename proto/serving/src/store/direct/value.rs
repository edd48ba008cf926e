//! Rows, columns and values.

use super::Direct;
use rusqlite::types::Value;
use sqlx::{Column, ColumnIndex, Row, TypeInfo, ValueRef};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What SQLite stores a value as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectType {
    /// No value.
    Null,
    /// A whole number of 64 bits; also flags.
    Integer,
    /// A floating-point number of 64 bits.
    Real,
    /// Text in UTF-8.
    Text,
    /// Bytes.
    Blob,
}

impl DirectType {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(_) => Self::Integer,
            Value::Real(_) => Self::Real,
            Value::Text(_) => Self::Text,
            Value::Blob(_) => Self::Blob,
        }
    }
}

impl fmt::Display for DirectType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl TypeInfo for DirectType {
    fn is_null(&self) -> bool {
        *self == Self::Null
    }

    fn name(&self) -> &str {
        match self {
            Self::Null => "NULL",
            Self::Integer => "INTEGER",
            Self::Real => "REAL",
            Self::Text => "TEXT",
            Self::Blob => "BLOB",
        }
    }
}

/// A value that is kept apart from its row.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectValue(Value);

/// A value in its row.
#[derive(Clone, Copy, Debug)]
pub struct DirectValueRef<'r>(pub(super) &'r Value);

impl sqlx::Value for DirectValue {
    type Database = Direct;

    fn as_ref(&self) -> DirectValueRef<'_> {
        DirectValueRef(&self.0)
    }

    fn type_info(&self) -> Cow<'_, DirectType> {
        Cow::Owned(DirectType::of(&self.0))
    }

    fn is_null(&self) -> bool {
        self.0 == Value::Null
    }
}

impl<'r> ValueRef<'r> for DirectValueRef<'r> {
    type Database = Direct;

    fn to_owned(&self) -> DirectValue {
        DirectValue(self.0.clone())
    }

    fn type_info(&self) -> Cow<'_, DirectType> {
        Cow::Owned(DirectType::of(self.0))
    }

    fn is_null(&self) -> bool {
        matches!(self.0, Value::Null)
    }
}

/// A column of a result. Its type is that of each value, for SQLite has no other.
#[derive(Debug)]
pub struct DirectColumn {
    pub(super) ordinal: usize,
    pub(super) name: String,
}

impl Column for DirectColumn {
    type Database = Direct;

    fn ordinal(&self) -> usize {
        self.ordinal
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn type_info(&self) -> &DirectType {
        &DirectType::Null
    }
}

/// A row that was read.
#[derive(Debug)]
pub struct DirectRow {
    pub(super) columns: Arc<[DirectColumn]>,
    pub(super) values: Box<[Value]>,
}

impl Row for DirectRow {
    type Database = Direct;

    fn columns(&self) -> &[DirectColumn] {
        &self.columns
    }

    fn try_get_raw<I>(&self, index: I) -> Result<DirectValueRef<'_>, sqlx::Error>
    where
        I: ColumnIndex<Self>,
    {
        Ok(DirectValueRef(&self.values[index.index(self)?]))
    }
}

impl ColumnIndex<DirectRow> for usize {
    fn index(&self, row: &DirectRow) -> Result<usize, sqlx::Error> {
        let len = row.values.len();
        if *self < len { Ok(*self) } else { Err(sqlx::Error::ColumnIndexOutOfBounds { index: *self, len }) }
    }
}

impl ColumnIndex<DirectRow> for str {
    fn index(&self, row: &DirectRow) -> Result<usize, sqlx::Error> {
        let found = row.columns.iter().position(|column| column.name == self);
        found.ok_or_else(|| sqlx::Error::ColumnNotFound(self.to_owned()))
    }
}
