//! The readers: each a thread with a connection that may only look.

use super::job::{Held, ReadJob, Verdict};
use super::source::{self, Source};
use super::{Conn, Engine, StoreOptions, error};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

/// Where reads wait; whichever reader is free takes the next one.
#[derive(Clone)]
pub(super) struct ReadQueue {
    pub(super) jobs: Arc<Mutex<Receiver<Box<dyn ReadJob>>>>,
    pub(super) closing: CancellationToken,
}

impl ReadQueue {
    async fn next(&self) -> Option<Box<dyn ReadJob>> {
        let mut jobs = self.jobs.lock().await;
        tokio::select! {
            biased;
            () = self.closing.cancelled() => {
                jobs.close();
                jobs.recv().await
            }
            job = jobs.recv() => job,
        }
    }
}

/// The owner of one read connection.
#[derive(Debug)]
pub(super) struct Reader {
    conn: Option<Conn>,
    source: Source,
    options: StoreOptions,
}

impl Reader {
    pub(super) fn new(conn: Conn, source: Source, options: StoreOptions) -> Self {
        Self { conn: Some(conn), source, options }
    }

    /// Serves until the store is closed.
    pub(super) async fn run(mut self, queue: ReadQueue) {
        while let Some(job) = queue.next().await {
            if !job.unwanted() {
                self.serve(job).await;
            }
        }
        if let Some(conn) = self.conn.take() {
            source::close(conn).await;
        }
    }

    /// One read, in one snapshot.
    pub(super) async fn serve(&mut self, job: Box<dyn ReadJob>) {
        let mut conn = match self.begin().await {
            Ok(conn) => conn,
            Err(error) => {
                return job.fail(&format!("a read could not begin: {error}"));
            }
        };
        conn.limit(Some(self.options.read_limit));
        let held: Box<dyn Held> = job.run(&mut conn, self.options.read_limit).await;
        conn.limit(None);
        // A read that failed or was cut short may have left the connection in any state; a good one ends here.
        let reusable = match held.verdict() {
            Verdict::Keep | Verdict::Undo => {
                error::within(self.options.read_limit, end(&mut conn)).await.is_ok()
            }
            Verdict::Abandon => false,
        };
        if reusable {
            self.conn = Some(conn);
        }
        held.settle(Ok(()));
    }

    async fn begin(&mut self) -> Result<Conn, sqlx::Error> {
        if let Some(mut conn) = self.conn.take() {
            match error::within(self.options.read_limit, begin(&mut conn)).await {
                Ok(()) => return Ok(conn),
                Err(error) if error::lost_connection(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let mut conn = self.source.connect_reader().await?;
        error::within(self.options.read_limit, begin(&mut conn)).await?;
        Ok(conn)
    }
}

/// One snapshot for all statements of a read, so that a list and its total agree.
async fn begin(conn: &mut Conn) -> Result<(), sqlx::Error> {
    match conn.engine() {
        Engine::Sqlite(conn) => conn.run("begin"),
        Engine::Postgres(conn) => {
            sqlx::raw_sql("begin isolation level repeatable read read only").execute(conn).await.map(drop)
        }
    }
}

async fn end(conn: &mut Conn) -> Result<(), sqlx::Error> {
    match conn.engine() {
        Engine::Sqlite(conn) => conn.run("rollback"),
        Engine::Postgres(conn) => sqlx::raw_sql("rollback").execute(conn).await.map(drop),
    }
}
