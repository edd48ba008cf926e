//! SQLite on the thread that asks: `sqlx`'s queries over a `rusqlite` connection.
//!
//! # Why
//! `sqlx`'s own driver keeps every SQLite connection on a thread of its own, so each statement is a message there, a
//! message back and two wake-ups. A store has a thread for each connection already, and a small statement takes less
//! time than the way to it and back. Here a statement runs in the call, and the SQL of the rooms stays as it is:
//! [`Direct`] is a database to `sqlx`, with the same `query`, `query_as`, `query_scalar` and `FromRow`.
//!
//! # What differs
//! - A statement blocks its thread, which is the store's own and has nothing else to do. The deadline of an operation
//!   ends it from within (see [`DirectConnection::limit`]).
//! - `fetch` reads all rows before it gives the first: whoever may meet many of them asks in pages.
//! - One statement per query, as many values as it has parameters, and text that is UTF-8; anything else is an error.
//! - Neither pools nor `sqlx`'s transactions: [`Nothing`] stands for them, and no value of it exists.

mod arguments;
mod connection;
mod error;
mod nothing;
mod types;
mod value;

pub use arguments::DirectArguments;
pub use connection::{DirectConnection, DirectDone};
pub use nothing::Nothing;
pub use value::{DirectColumn, DirectRow, DirectType, DirectValue, DirectValueRef};

pub(super) use connection::Pragma;

use rusqlite::types::Value;

/// SQLite in this process and on this thread, as a database of `sqlx`.
#[derive(Debug)]
pub struct Direct;

impl sqlx::Database for Direct {
    type Connection = Nothing;
    type TransactionManager = Nothing;
    type Row = DirectRow;
    type QueryResult = DirectDone;
    type Column = DirectColumn;
    type TypeInfo = DirectType;
    type Value = DirectValue;
    type ValueRef<'r> = DirectValueRef<'r>;
    type Arguments = DirectArguments;
    type ArgumentBuffer = Vec<Value>;
    type Statement = Nothing;
    const NAME: &'static str = "SQLite";
    const URL_SCHEMES: &'static [&'static str] = &[];
}
