//! The bare group commit: one thread, one connection, one transaction for whatever is waiting.
//!
//! The same settings as our store (WAL, `synchronous = FULL`, pages of 16 KiB, 64 MiB of cache) and the same rule for
//! a group (at most 256 operations or 20 ms), and nothing else: no savepoints, no deadlines, no second queue, rusqlite
//! instead of sqlx.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rusqlite::{Connection, params_from_iter, types::Value};
use tokio::sync::oneshot;

/// Most operations of a group; as `StoreOptions::default`.
const GROUP_OPERATIONS: usize = 256;
/// Longest run of a group; as `StoreOptions::default`.
const GROUP_TIME: Duration = Duration::from_millis(20);
/// Operations that may wait; as `StoreOptions::default`.
const QUEUE: usize = 1024;

/// One row: the number of the statement that writes it, and its values.
pub type Row = (usize, Vec<Value>);

struct Operation {
    rows: Vec<Row>,
    done: oneshot::Sender<()>,
}

/// A database behind one thread. Dropping it ends the thread after what is queued.
#[derive(Debug)]
pub struct BareStore {
    queue: Option<SyncSender<Operation>>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

impl BareStore {
    /// Makes a new database with this schema; rows name `statements` by their number.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn create(path: &Path, schema: &str, statements: &'static [&'static str]) -> anyhow::Result<Self> {
        let connection = open(path)?;
        connection.execute_batch(schema)?;
        let (queue, waiting) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("bare-store".to_owned())
            .spawn(move || serve(connection, statements, &waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Writes the rows of one operation; returns when they are durable.
    ///
    /// # Errors
    /// When the thread has ended because of an error.
    pub async fn write(&self, rows: Vec<Row>) -> anyhow::Result<()> {
        let (done, answer) = oneshot::channel();
        let queue = self.queue.as_ref().context("the bare store is closed")?;
        // Fewer callers than places in the queue: this never blocks.
        queue.send(Operation { rows, done }).context("the bare store has ended")?;
        answer.await.context("the bare store lost an operation")
    }

    /// Ends the thread and says what stopped it, if anything did.
    ///
    /// # Errors
    /// What SQLite said.
    pub fn close(mut self) -> anyhow::Result<()> {
        drop(self.queue.take());
        self.thread
            .take()
            .map_or(Ok(()), |thread| thread.join().map_err(|_| anyhow::anyhow!("it panicked"))?)
    }
}

/// Opens a database with the settings of our store.
///
/// # Errors
/// What SQLite said.
pub fn open(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "pragma page_size = 16384; pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536;
         pragma wal_autocheckpoint = 1024; pragma journal_size_limit = 67108864; pragma foreign_keys = on;
         pragma trusted_schema = off; pragma cell_size_check = on;",
    )?;
    Ok(connection)
}

fn serve(
    mut connection: Connection,
    statements: &[&str],
    waiting: &Receiver<Operation>,
) -> anyhow::Result<()> {
    while let Ok(first) = waiting.recv() {
        let started = Instant::now();
        let mut done = Vec::new();
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut next = Some(first);
        while let Some(operation) = next.take() {
            for (statement, values) in operation.rows {
                transaction.prepare_cached(statements[statement])?.execute(params_from_iter(values))?;
            }
            done.push(operation.done);
            if done.len() < GROUP_OPERATIONS && started.elapsed() < GROUP_TIME {
                next = waiting.try_recv().ok();
            }
        }
        transaction.commit()?;
        for done in done {
            // A caller that stopped waiting is of no concern.
            let _ = done.send(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_answered_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bare.db");
        let statements: &[&str] = &["insert into t values (?1, ?2)"];
        let store =
            BareStore::create(&path, "create table t (a integer primary key, b blob) strict", statements)
                .unwrap();
        for number in 0..10 {
            store.write(vec![(0, vec![Value::Integer(number), Value::Blob(vec![1; 4])])]).await.unwrap();
        }
        store.close().unwrap();
        let found: i64 =
            open(&path).unwrap().query_row("select count(*) from t", [], |row| row.get(0)).unwrap();
        assert_eq!(found, 10);
        let store = BareStore::create(&path, "", &["insert into nowhere values (1)"]).unwrap();
        assert!(store.write(vec![(0, vec![])]).await.is_err());
        assert!(store.close().is_err());
    }
}
