//! The threads of a store: starting them in order, ending them in order.

use super::conn::Raw;
use super::inline::Inline;
use super::job::{ReadJob, WriteJob};
use super::options::Latency;
use super::reader::{ReadQueue, Reader};
use super::source::Source;
use super::sqlite::{self, SqliteFile};
use super::writer::{WriteQueues, Writer};
use super::{Conn, Engine, Migrations, OpenError, StoreOptions, Tx, migrate, postgres};
use futures::channel::oneshot;
use sqlx::{ConnectOptions as _, Connection as _};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use tokio::sync::mpsc::{Sender, channel};
use tokio_util::sync::CancellationToken;

/// Everything clones of a store share.
#[derive(Debug)]
pub(super) struct Threads {
    pub(super) urgent: Sender<Box<dyn WriteJob>>,
    pub(super) ordinary: Sender<Box<dyn WriteJob>>,
    pub(super) reads: Sender<Box<dyn ReadJob>>,
    pub(super) writable: Arc<AtomicBool>,
    /// In a simulation: then there are no threads, and nothing is queued.
    pub(super) inline: Option<Inline>,
    pub(super) latency: Latency,
    pub(super) source: Source,
    closing: CancellationToken,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts the writer, which migrates, and then the readers; in a simulation no thread at all.
    pub(super) async fn start(
        source: Source,
        migrations: Migrations,
        options: StoreOptions,
    ) -> Result<Self, OpenError> {
        let closing = CancellationToken::new();
        let writable = Arc::new(AtomicBool::new(true));
        let (urgent, urgent_jobs) = channel(options.queue);
        let (ordinary, ordinary_jobs) = channel(options.queue);
        let (reads, read_jobs) = channel(options.queue);
        let inline = options
            .simulated
            .then(|| Inline::open(&source, migrations, &options, Arc::clone(&writable)))
            .transpose()?;
        let threads = Self {
            urgent,
            ordinary,
            reads,
            writable: Arc::clone(&writable),
            inline,
            latency: options.latency.clone(),
            source: source.clone(),
            closing: closing.clone(),
            running: Mutex::default(),
        };
        if threads.inline.is_some() {
            return Ok(threads);
        }
        let queues = WriteQueues {
            urgent: urgent_jobs,
            ordinary: ordinary_jobs,
            closing: closing.clone(),
            gathered: VecDeque::new(),
        };
        let (from, limits) = (source.clone(), options.clone());
        threads
            .spawn("store-writer", async move |ready| match open_writer(&from, &migrations).await {
                Err(error) => report(ready, Err(error)),
                Ok(tx) => {
                    report(ready, Ok(()));
                    Writer::new(tx, from, limits, writable).run(queues).await;
                }
            })?
            .wait()
            .await?;
        let queue = ReadQueue { jobs: Arc::new(tokio::sync::Mutex::new(read_jobs)), closing };
        for _ in 0..options.readers.max(1) {
            let (from, limits, queue) = (source.clone(), options.clone(), queue.clone());
            threads
                .spawn("store-reader", async move |ready| match from.connect_reader().await {
                    Err(error) => report(ready, Err(error.into())),
                    Ok(conn) => {
                        report(ready, Ok(()));
                        Reader::new(conn, from, limits).run(queue).await;
                    }
                })?
                .wait()
                .await?;
        }
        Ok(threads)
    }

    fn spawn<F>(&self, name: &str, body: F) -> Result<Ready, OpenError>
    where
        F: AsyncFnOnce(oneshot::Sender<Result<(), OpenError>>) + Send + 'static,
    {
        let (ready, started) = oneshot::channel();
        let thread = thread(name, async move || body(ready).await)?;
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(Ready(started))
    }

    /// Ends all threads after their queues are empty.
    pub(super) async fn close(&self) {
        let running = self.stop();
        if let Some(inline) = &self.inline {
            return inline.close();
        }
        let join = move || running.into_iter().for_each(|thread| drop(thread.join()));
        let (done, joined) = oneshot::channel();
        // Joining blocks, so a thread waits for the threads.
        match Builder::new().name("store-close".to_owned()).spawn(move || {
            join();
            let _ = done.send(());
        }) {
            Ok(_) => drop(joined.await),
            Err(error) => {
                tracing::warn!(%error, "cannot wait for the store's threads; they end by themselves")
            }
        }
    }

    fn stop(&self) -> Vec<JoinHandle<()>> {
        self.closing.cancel();
        std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        drop(self.stop());
    }
}

struct Ready(oneshot::Receiver<Result<(), OpenError>>);

impl Ready {
    async fn wait(self) -> Result<(), OpenError> {
        self.0.await.unwrap_or_else(|_| Err(OpenError::Thread("it ended before it was ready".to_owned())))
    }
}

/// Whoever opens the store may have given up waiting; then the thread ends with the rest.
fn report(ready: oneshot::Sender<Result<(), OpenError>>, outcome: Result<(), OpenError>) {
    drop(ready.send(outcome));
}

pub(super) async fn open_writer(source: &Source, migrations: &Migrations) -> Result<Tx, OpenError> {
    if let Source::Sqlite(file) = source {
        return open_sqlite(file, migrations).await;
    }
    let mut conn = source.connect_writer().await?;
    if let Engine::Postgres(conn) = conn.engine() {
        postgres::assert_safe(conn).await?;
        migrate::run_postgres(conn, migrations).await?;
    }
    Ok(Tx::new(conn))
}

async fn open_sqlite(file: &SqliteFile, migrations: &Migrations) -> Result<Tx, OpenError> {
    sqlite::prepare(&file.path)?;
    let mut migrating = file.migrating().connect().await?;
    migrate::run_sqlite(&mut migrating, migrations, &file.path).await?;
    let mut conn = file.writer()?;
    // Only now, for the last connection of a file folds its log into it, which takes time after a crash.
    migrating.close().await?;
    file.assert_safe(&mut conn).await?;
    Ok(Tx::new(Conn::new(Raw::Sqlite(Box::new(conn)))))
}

/// A thread with a runtime of its own that runs one future to its end.
fn thread<F>(name: &str, body: F) -> Result<JoinHandle<()>, OpenError>
where
    F: AsyncFnOnce() + Send + 'static,
{
    let failed = |error: io::Error| OpenError::Thread(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(body())).map_err(failed)
}

/// Runs one future on a thread of its own and hands its result back.
pub(super) fn once<F, T>(name: &str, work: F) -> Result<oneshot::Receiver<T>, OpenError>
where
    F: AsyncFnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (done, result) = oneshot::channel();
    thread(name, async move || drop(done.send(work().await)))?;
    Ok(result)
}
