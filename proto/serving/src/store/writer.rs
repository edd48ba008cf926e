//! The one writer: takes what is queued into one transaction, commits, answers.

use super::job::{Held, Verdict, WriteJob};
use super::pace::Pace;
use super::source::{self, Source};
use super::{Engine, StoreError, StoreOptions, Tx, error};
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Where writes wait. Urgent ones go first.
pub(super) struct WriteQueues {
    pub(super) urgent: Receiver<Box<dyn WriteJob>>,
    pub(super) ordinary: Receiver<Box<dyn WriteJob>>,
    pub(super) closing: CancellationToken,
    /// Taken from the queues, and not begun.
    pub(super) gathered: VecDeque<Box<dyn WriteJob>>,
}

impl WriteQueues {
    /// The first write of a group; none once the store is closed and everything queued before was carried out.
    async fn first(&mut self, pace: &Pace, gather: Duration) -> Option<Box<dyn WriteJob>> {
        // What a failed group has left has waited long enough.
        if self.gathered.is_empty() {
            let (first, is_hurried) = self.next().await?;
            self.gathered.push_back(first);
            if !is_hurried {
                self.gather(pace.expected(), gather).await;
            }
        }
        self.waiting()
    }

    /// The next write, and whether nobody may be waited for.
    async fn next(&mut self) -> Option<(Box<dyn WriteJob>, bool)> {
        if !self.closing.is_cancelled() {
            tokio::select! {
                biased;
                Some(job) = self.urgent.recv() => return Some((job, true)),
                Some(job) = self.ordinary.recv() => return Some((job, false)),
                () = self.closing.cancelled() => {}
            }
        }
        self.urgent.close();
        self.ordinary.close();
        let last = match self.urgent.recv().await {
            Some(job) => job,
            None => self.ordinary.recv().await?,
        };
        Some((last, true))
    }

    /// Waits for those who are expected to share the commit, but not long, and not when something urgent comes.
    async fn gather(&mut self, expected: usize, within: Duration) {
        let mut late = pin!(sleep(within));
        while self.gathered.len() < expected && self.urgent.is_empty() {
            tokio::select! {
                biased;
                Some(job) = self.urgent.recv() => return self.gathered.push_front(job),
                Some(job) = self.ordinary.recv() => self.gathered.push_back(job),
                () = self.closing.cancelled() => return,
                () = &mut late => return,
            }
        }
    }

    fn waiting(&mut self) -> Option<Box<dyn WriteJob>> {
        let urgent = self.urgent.try_recv().ok();
        urgent.or_else(|| self.gathered.pop_front()).or_else(|| self.ordinary.try_recv().ok())
    }

    fn waiting_count(&self) -> usize {
        self.urgent.len() + self.gathered.len() + self.ordinary.len()
    }
}

/// A step of the group's transaction.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    /// Keeps what ran since the last savepoint and sets the next one, in one round trip.
    Keep,
    Undo,
    Commit,
}

/// How a group ended.
#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    operations: usize,
    /// Writes that came while it was under way.
    came_meanwhile: usize,
}

/// The owner of the only write connection.
#[derive(Debug)]
pub(super) struct Writer {
    tx: Option<Tx>,
    source: Source,
    options: StoreOptions,
    writable: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn new(tx: Tx, source: Source, options: StoreOptions, writable: Arc<AtomicBool>) -> Self {
        Self { tx: Some(tx), source, options, writable }
    }

    /// Serves until the store is closed.
    pub(super) async fn run(mut self, mut queues: WriteQueues) {
        let mut pace = Pace::default();
        while let Some(first) = queues.first(&pace, self.options.gather).await {
            let Ended { operations, came_meanwhile } = self.group(first, Some(&mut queues)).await;
            pace.ended(operations, came_meanwhile, self.options.group_ops);
        }
        if let Some(tx) = self.tx.take() {
            source::close(tx.into_conn()).await;
        }
    }

    /// One operation in a transaction of its own.
    pub(super) async fn alone(&mut self, job: Box<dyn WriteJob>) {
        self.group(job, None).await;
    }

    /// One transaction. A failure of the engine fails all of its operations; the next group starts afresh.
    async fn group(&mut self, first: Box<dyn WriteJob>, mut queues: Option<&mut WriteQueues>) -> Ended {
        let mut tx = match self.begin().await {
            Ok(tx) => tx,
            Err(error) => {
                self.down("a write could not begin", &error);
                first.fail(&format!("a write could not begin: {error}"));
                return Ended::default();
            }
        };
        let started = Instant::now();
        let mut held = Vec::new();
        let outcome = self.carry_out(&mut tx, first, queues.as_deref_mut(), &mut held).await;
        let outcome = match outcome {
            Ok(()) => self.step(&mut tx, Step::Commit).await,
            Err(error) => Err(error),
        };
        // Before the answers: who has one may be back in the queue at once, and must not be taken for two.
        let came_meanwhile = queues.map_or(0, |queues| queues.waiting_count());
        let operations = held.len();
        metrics::histogram!("shouwang_store_group_operations")
            .record(u32::try_from(operations).unwrap_or(u32::MAX));
        metrics::histogram!("shouwang_store_group_seconds").record(started.elapsed());
        match outcome {
            Ok(()) => {
                self.tx = Some(tx);
                self.writable.store(true, Ordering::Release);
                held.into_iter().for_each(|held| held.settle(Ok(())));
            }
            Err(error) => {
                // The connection may still hold the transaction open: it is not used again.
                drop(tx);
                self.down("a group of writes failed", &error);
                held.into_iter()
                    .for_each(|held| held.settle(Err("the commit failed; the outcome is unknown")));
            }
        }
        Ended { operations, came_meanwhile }
    }

    async fn carry_out(
        &self,
        tx: &mut Tx,
        first: Box<dyn WriteJob>,
        mut queues: Option<&mut WriteQueues>,
        held: &mut Vec<Box<dyn Held>>,
    ) -> Result<(), sqlx::Error> {
        let started = Instant::now();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            tx.limit(Some(self.options.write_limit));
            let mut ran = job.run(tx, self.options.write_limit).await;
            tx.limit(None);
            let kept = match ran.verdict() {
                Verdict::Keep => self.keep(tx, &mut *ran).await,
                Verdict::Undo => self.step(tx, Step::Undo).await,
                Verdict::Abandon => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
            };
            held.push(ran);
            kept?;
            if held.len() < self.options.group_ops && started.elapsed() < self.options.group_time {
                next = queues.as_mut().and_then(|queues| queues.waiting());
            }
        }
        Ok(())
    }

    /// Begins on the connection we have; if that turns out to be dead, on a new one. Nothing has run yet, so trying
    /// twice is safe.
    async fn begin(&mut self) -> Result<Tx, sqlx::Error> {
        if let Some(mut tx) = self.tx.take() {
            match self.step(&mut tx, Step::Begin).await {
                Ok(()) => return Ok(tx),
                Err(error) if error::lost_connection(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let mut tx = Tx::new(self.source.connect_writer().await?);
        self.step(&mut tx, Step::Begin).await?;
        Ok(tx)
    }

    /// Keeps an operation. If the engine says there is nothing to keep (on PostgreSQL a failed statement that the
    /// operation ignored has undone it already), the operation did not happen, whatever it believes.
    async fn keep(&self, tx: &mut Tx, ran: &mut dyn Held) -> Result<(), sqlx::Error> {
        let Err(error) = self.step(tx, Step::Keep).await else { return Ok(()) };
        self.step(tx, Step::Undo).await?;
        ran.overrule(StoreError::from(error));
        Ok(())
    }

    /// A server that stopped answering must not stop the writer for ever.
    async fn step(&self, tx: &mut Tx, what: Step) -> Result<(), sqlx::Error> {
        error::within(self.options.write_limit, step(tx, what)).await
    }

    fn down(&self, what: &'static str, error: &sqlx::Error) {
        metrics::counter!("shouwang_store_failed_groups_total").increment(1);
        // Once per outage, not once per write.
        if self.writable.swap(false, Ordering::AcqRel) {
            tracing::error!(%error, "{what}; the store answers no write until one succeeds");
        }
    }
}

async fn step(tx: &mut Tx, step: Step) -> Result<(), sqlx::Error> {
    match tx.engine() {
        Engine::Sqlite(conn) => {
            let statements: &[&str] = match step {
                // IMMEDIATE takes the write lock now; a lock taken late can fail half-way.
                Step::Begin => &["begin immediate", "savepoint operation"],
                Step::Keep => &["release operation", "savepoint operation"],
                Step::Undo => &["rollback to operation"],
                Step::Commit => &["commit"],
            };
            for sql in statements {
                conn.run(sql)?;
            }
        }
        Engine::Postgres(conn) => {
            let sql = match step {
                Step::Begin => "begin; savepoint operation",
                Step::Keep => "release savepoint operation; savepoint operation",
                Step::Undo => "rollback to savepoint operation",
                Step::Commit => "commit",
            };
            // Not prepared: several statements in one message.
            sqlx::raw_sql(sql).execute(conn).await?;
        }
    }
    Ok(())
}
