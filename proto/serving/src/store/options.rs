//! What an operator or a test may choose about a store.

use std::{fmt, sync::Arc, time::Duration};

/// The two migration folders of one schema; both must define the same tables and columns.
///
/// Build them with `sqlx::migrate!("migrations/sqlite")` in two `static`s.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// For `sqlite:` addresses.
    pub sqlite: &'static sqlx::migrate::Migrator,
    /// For `postgres:` addresses.
    pub postgres: &'static sqlx::migrate::Migrator,
}

/// Limits of a store. The defaults are what the servers run with.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Reader threads, each with a connection of its own. Default 3.
    pub readers: usize,
    /// Most operations that share one commit. Default 256.
    pub group_ops: usize,
    /// A group takes no further operation after running this long, so that a short write (an emergency) never
    /// waits behind a whole backfill. Default 20 ms.
    pub group_time: Duration,
    /// How long a group waits at most for writers that are expected to come, because they came the last time. What is
    /// urgent never waits. Default 8 ms.
    pub gather: Duration,
    /// Most operations that wait for the writer, and for the readers; further callers wait their turn to queue.
    /// Default 1,024.
    pub queue: usize,
    /// Longest run of one write. Beyond it the whole group is given up, because nobody knows what the engine is
    /// still doing. Default 30 s.
    pub write_limit: Duration,
    /// Longest run of one read. Default 30 s. A reader older than this also keeps the SQLite log from shrinking.
    pub read_limit: Duration,
    /// How long SQLite waits for a lock that another process holds. Default 5 s.
    pub busy_timeout: Duration,
    pub(super) simulated: bool,
    pub(super) latency: Latency,
}

/// How long a simulated disk lets a write wait for its answer. The write is durable by then: a crash meanwhile leaves it
/// done and unanswered.
#[derive(Clone, Default)]
pub(super) struct Latency(Option<Arc<dyn Fn() -> Duration + Send + Sync>>);

impl Latency {
    pub(super) async fn pass(&self) {
        if let Some(draw) = &self.0 {
            tokio::time::sleep(draw()).await;
        }
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Latency").field(&self.0.is_some()).finish()
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            readers: 3,
            group_ops: 256,
            group_time: Duration::from_millis(20),
            gather: Duration::from_millis(8),
            queue: 1024,
            write_limit: Duration::from_secs(30),
            read_limit: Duration::from_secs(30),
            busy_timeout: Duration::from_secs(5),
            simulated: false,
            latency: Latency::default(),
        }
    }
}

#[cfg(feature = "simulation")]
impl StoreOptions {
    /// For a deterministic simulation on one thread: every call **blocks its thread** until the answer is there, so
    /// that a paused clock cannot run ahead of the disk, and SQLite does not fsync (a simulated crash is the drop of
    /// a store, never a power cut).
    ///
    /// A value, not the feature alone, decides: cargo unites features over one build, and a server that was built
    /// beside its simulation must still be durable.
    #[must_use]
    pub fn simulation() -> Self {
        Self { readers: 1, simulated: true, ..Self::default() }
    }

    /// As [`StoreOptions::simulation`], with a disk that takes its time: each write is answered so much simulated time
    /// after it became durable. Without this nothing could happen between a commit and its answer, for simulated work
    /// takes no time.
    #[must_use]
    pub fn simulation_with(latency: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { latency: Latency(Some(Arc::new(latency))), ..Self::simulation() }
    }
}
