//! The threads that search, so that the network's threads never do.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full, or the pool has ended: nothing was done, ask again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many searches are waiting; try again in a moment （搜索繁忙，请稍后再试）")]
pub struct Busy;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// Threads with one bounded queue. Dropping it lets waiting work finish and joins the threads.
pub struct SearchPool {
    shared: Arc<Shared>,
    most_waiting: usize,
    threads: Vec<JoinHandle<()>>,
}

impl SearchPool {
    /// Starts the threads; at most `most_waiting` searches wait for one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(threads: usize, most_waiting: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let threads = (0..threads.max(1))
            .map(|number| {
                let shared = Arc::clone(&shared);
                thread::Builder::new().name(format!("search-{number}")).spawn(move || work(&shared))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { shared, most_waiting, threads })
    }

    /// Runs `job` on one of the threads.
    ///
    /// # Errors
    /// [`Busy`] at once when the queue is full, and when the job panicked.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.ended || queue.jobs.len() >= self.most_waiting {
                return Err(Busy);
            }
            queue.jobs.push_back(Box::new(move || {
                // Whoever asked may have gone while it waited; then nobody needs the answer.
                if !answer.is_closed() {
                    drop(answer.send(job()));
                }
            }));
        }
        self.shared.changed.notify_one();
        answered.await.map_err(|_| Busy)
    }
}

impl Drop for SearchPool {
    fn drop(&mut self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn work(shared: &Shared) {
    loop {
        let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let job = loop {
            if let Some(job) = queue.jobs.pop_front() {
                break job;
            }
            if queue.ended {
                return;
            }
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        drop(queue);
        // A search that panics is a bug of ours; it must not take the thread with it.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("a search panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_and_the_rest_is_answered() {
        let pool = Arc::new(SearchPool::start(1, 1).unwrap());
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let first = pool.run(move || {
            started.send(()).unwrap();
            released.recv().unwrap();
            1
        });
        let mut first = std::pin::pin!(first);
        // Polled once, the first is on its way; then the thread says that it is at it.
        assert!(futures::poll!(&mut first).is_pending());
        has_started.recv().unwrap();
        let mut second = std::pin::pin!(pool.run(|| 2));
        assert!(futures::poll!(&mut second).is_pending());
        assert_eq!(pool.run(|| 3).await, Err(Busy));
        release.send(()).unwrap();
        assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
    }

    #[tokio::test]
    async fn a_panic_costs_one_answer() {
        let pool = SearchPool::start(1, 4).unwrap();
        assert_eq!(pool.run(|| assert_eq!(1, 2, "on purpose")).await, Err(Busy));
        assert_eq!(pool.run(|| 4).await, Ok(4));
    }
}
