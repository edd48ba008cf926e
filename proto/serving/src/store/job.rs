//! An operation on its way to a thread of the store, and its answer on the way back.

use super::{Conn, StoreError, Tx};
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// The answer of an operation, on its way to whoever asked.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A write with its type forgotten, so that operations of all kinds share one queue.
pub(super) trait WriteJob: Send {
    /// Runs the operation inside its savepoint. The answer is held back until the commit.
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx, limit: Duration) -> LocalBoxFuture<'t, Box<dyn Held>>;
    /// Answers without having run.
    fn fail(self: Box<Self>, why: &str);
}

/// An operation that ran and waits for its group's commit.
pub(super) trait Held {
    /// What has to happen to the operation's savepoint.
    fn verdict(&self) -> Verdict;
    /// Replaces the answer: the engine did not keep what the operation believed to have done.
    fn overrule(&mut self, error: StoreError);
    /// Sends the answer, or the reason why the whole group failed.
    fn settle(self: Box<Self>, group: Result<(), &str>);
}

/// What has to happen after an operation ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It succeeded: keep its changes.
    Keep,
    /// It refused or failed: undo its changes alone.
    Undo,
    /// It ran out of time: the connection may be in any state.
    Abandon,
}

/// A read with its type forgotten.
pub(super) trait ReadJob: Send {
    /// Whether nobody waits for the answer any more.
    fn unwanted(&self) -> bool;
    /// Runs the read; answers true if the connection may be used again. The answer is held back by `done`, so that
    /// the caller's next step finds the connection free.
    fn run<'c>(self: Box<Self>, conn: &'c mut Conn, limit: Duration) -> LocalBoxFuture<'c, Box<dyn Held>>;
    /// Answers without having run.
    fn fail(self: Box<Self>, why: &str);
}

/// What a caller asked for, together with where the answer goes.
pub(super) struct Job<F, T> {
    pub(super) work: F,
    pub(super) reply: Reply<T>,
}

struct Finished<T> {
    result: Result<T, StoreError>,
    verdict: Verdict,
    reply: Reply<T>,
}

impl<F, T> WriteJob for Job<F, T>
where
    F: AsyncFnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx, limit: Duration) -> LocalBoxFuture<'t, Box<dyn Held>> {
        let Self { work, reply } = *self;
        Box::pin(async move { finish(async move { work(tx).await }, limit, reply).await })
    }

    fn fail(self: Box<Self>, why: &str) {
        answer(self.reply, Err(StoreError::Unavailable(why.to_owned())));
    }
}

impl<F, T> ReadJob for Job<F, T>
where
    F: AsyncFnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    fn unwanted(&self) -> bool {
        self.reply.is_canceled()
    }

    fn run<'c>(self: Box<Self>, conn: &'c mut Conn, limit: Duration) -> LocalBoxFuture<'c, Box<dyn Held>> {
        let Self { work, reply } = *self;
        Box::pin(async move { finish(async move { work(conn).await }, limit, reply).await })
    }

    fn fail(self: Box<Self>, why: &str) {
        answer(self.reply, Err(StoreError::Unavailable(why.to_owned())));
    }
}

/// Runs an operation to its end, its deadline or its panic. A panic must not take the thread with it, for all other
/// callers share it.
async fn finish<T: 'static>(
    work: impl Future<Output = Result<T, StoreError>>,
    limit: Duration,
    reply: Reply<T>,
) -> Box<dyn Held> {
    let (result, verdict) = match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(Ok(value))) => (Ok(value), Verdict::Keep),
        Ok(Ok(Err(error))) => (Err(error), Verdict::Undo),
        Ok(Err(_panic)) => {
            tracing::error!("an operation on the store panicked and was undone");
            (Err(StoreError::Unavailable("the operation panicked".to_owned())), Verdict::Undo)
        }
        Err(_elapsed) => {
            tracing::error!(?limit, "an operation on the store ran out of time");
            (Err(StoreError::Unavailable("the operation ran out of time".to_owned())), Verdict::Abandon)
        }
    };
    Box::new(Finished { result, verdict, reply })
}

impl<T> Held for Finished<T> {
    fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn overrule(&mut self, error: StoreError) {
        self.result = Err(error);
    }

    fn settle(self: Box<Self>, group: Result<(), &str>) {
        let Self { result, reply, .. } = *self;
        match group {
            Ok(()) => answer(reply, result),
            Err(why) => answer(reply, Err(StoreError::Unavailable(why.to_owned()))),
        }
    }
}

fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    // A caller that stopped waiting is no error: its operation was carried out all the same.
    drop(reply.send(result));
}
