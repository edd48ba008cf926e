//! What people have said to have done. The tasks themselves are made from the state and stand nowhere.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shouwang_serving::{execute, on};

use super::super::{Conn, StoreError, Tx, column, counter};

/// The tasks that were done, by name, with the stage of their cause then.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn tasks_done(conn: &mut Conn) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows: Vec<(String, i64)> =
        on!(conn, c => sqlx::query_as("select name, stage from aid_task_done").fetch_all(&mut *c).await?);
    let read = |(name, stage)| counter("aid_task_done", "stage", &name, stage).map(|stage| (name, stage));
    rows.into_iter().map(read).collect()
}

/// Notes that a task was done.
///
/// # Errors
/// What the store said.
pub async fn task_do(tx: &mut Tx, name: &str, stage: u64, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into aid_task_done (name, stage, at_ms) values ($1, $2, $3)
         on conflict (name) do update set stage = excluded.stage, at_ms = excluded.at_ms",
        name,
        column(stage),
        now.as_millisecond(),
    );
    Ok(())
}

/// Notes that a task has to be done once more.
///
/// # Errors
/// What the store said.
pub async fn task_undo(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    execute!(tx, "delete from aid_task_done where name = $1", name);
    Ok(())
}

/// Forgets what was done of tasks that are not open any more; gives how many.
///
/// # Errors
/// What the store said.
pub async fn tasks_forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    Ok(execute!(tx, "delete from aid_task_done where at_ms < $1", before.as_millisecond()))
}
