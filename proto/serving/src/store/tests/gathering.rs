//! For whom a commit waits: the real writer on a clock that only moves when everybody waits.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use futures::{FutureExt as _, executor::block_on, future::LocalBoxFuture};
use tokio::{
    sync::mpsc::{Sender, channel},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Bed, migrations};
use crate::store::{
    StoreError, StoreOptions, Tx,
    job::{Held, Job, Verdict, WriteJob},
    source::Source,
    threads::{once, open_writer},
    writer::{WriteQueues, Writer},
};

type Queue = Sender<Box<dyn WriteJob>>;

/// As the default.
const GATHER: Duration = Duration::from_millis(8);

/// Runs `callers` beside a writer; gives how long they took.
async fn beside_a_writer<F: Future<Output = ()>>(callers: impl FnOnce(Queue, Queue) -> F) -> Duration {
    let bed = Bed::sqlite();
    let options = StoreOptions { gather: GATHER, ..StoreOptions::default() };
    let source = Source::parse(&bed.url, &options).unwrap();
    let from = source.clone();
    // The driver that migrates wants a runtime whose clock runs.
    let opened = once("open", async move || open_writer(&from, &migrations(1)).await).unwrap();
    let tx = block_on(opened).unwrap().unwrap();
    let ((urgent, urgent_jobs), (ordinary, ordinary_jobs)) = (channel(64), channel(64));
    let queues = WriteQueues {
        urgent: urgent_jobs,
        ordinary: ordinary_jobs,
        closing: CancellationToken::new(),
        gathered: VecDeque::new(),
    };
    let writer = Writer::new(tx, source, options, Arc::new(AtomicBool::new(true))).run(queues);
    let began = Instant::now();
    tokio::select! {
        () = writer => panic!("the writer has ended"),
        () = callers(ordinary, urgent) => began.elapsed(),
    }
}

/// Writes nothing, and returns when it is on disk.
async fn write(queue: &Queue) {
    let (reply, answer) = futures::channel::oneshot::channel();
    let work = async |_: &mut Tx| Ok::<_, StoreError>(());
    queue.send(Box::new(Job { work, reply })).await.ok().unwrap();
    answer.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_writes_alone_never_waits() {
    let took = beside_a_writer(async |ordinary, _| {
        for _ in 0..5 {
            write(&ordinary).await;
        }
    });
    assert_eq!(took.await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_came_the_last_time_is_waited_for_but_not_long_and_only_once() {
    let took = beside_a_writer(async |ordinary, _| {
        let began = Instant::now();
        // Both share a commit, so each expects the other.
        tokio::join!(write(&ordinary), write(&ordinary));
        tokio::join!(write(&ordinary), write(&ordinary));
        assert_eq!(began.elapsed(), Duration::ZERO);
        let late = async {
            sleep(Duration::from_millis(3)).await;
            write(&ordinary).await;
        };
        let early = async {
            write(&ordinary).await;
            assert_eq!(began.elapsed(), Duration::from_millis(3), "it shares the late one's commit");
        };
        tokio::join!(early, late);
        // The other one has gone for good.
        write(&ordinary).await;
        assert_eq!(began.elapsed(), Duration::from_millis(3) + GATHER);
        write(&ordinary).await;
        write(&ordinary).await;
    });
    assert_eq!(took.await, Duration::from_millis(3) + GATHER);
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_waits_for_nobody_and_takes_along_who_waits() {
    let took = beside_a_writer(async |ordinary, urgent| {
        for _ in 0..2 {
            tokio::join!(write(&ordinary), write(&ordinary), write(&ordinary));
        }
        write(&urgent).await;
        tokio::join!(write(&ordinary), write(&ordinary), write(&ordinary));
        tokio::join!(write(&ordinary), write(&urgent));
    });
    assert_eq!(took.await, Duration::ZERO);
}

/// A caller that is back in the queue before the writer has looked up from answering, as callers on other processors are.
struct Tireless {
    queue: Queue,
    left: usize,
    done: Sender<()>,
}

impl WriteJob for Tireless {
    fn run<'t>(self: Box<Self>, _: &'t mut Tx, _: Duration) -> LocalBoxFuture<'t, Box<dyn Held>> {
        async move { self as Box<dyn Held> }.boxed_local()
    }

    fn fail(self: Box<Self>, why: &str) {
        panic!("{why}");
    }
}

impl Held for Tireless {
    fn verdict(&self) -> Verdict {
        Verdict::Keep
    }

    fn overrule(&mut self, error: StoreError) {
        panic!("{error}");
    }

    fn settle(mut self: Box<Self>, group: Result<(), &str>) {
        group.unwrap();
        self.left -= 1;
        let (queue, done) = (self.queue.clone(), self.done.clone());
        if self.left > 0 {
            queue.try_send(self).ok().unwrap();
        } else {
            done.try_send(()).unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_back_at_once_is_not_taken_for_two() {
    const CALLERS: usize = 4;
    let took = beside_a_writer(async |queue, _| {
        let (done, mut all_done) = channel(CALLERS);
        for _ in 0..CALLERS {
            let caller = Tireless { queue: queue.clone(), left: 50, done: done.clone() };
            queue.send(Box::new(caller)).await.ok().unwrap();
        }
        for _ in 0..CALLERS {
            all_done.recv().await.unwrap();
        }
    });
    assert_eq!(took.await, Duration::ZERO);
}
