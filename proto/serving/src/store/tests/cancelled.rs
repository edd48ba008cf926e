//! Callers that hang up. With a connection pool, the same test lost 71 of 2,000 acknowledged writes.

use super::{Bed, on_both_engines};
use crate::store::{Store, StoreError};
use crate::{execute, on};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::task::Poll;
use tokio::task::JoinSet;

on_both_engines!(hanging_up_loses_and_halves_nothing);

const TASKS: usize = 20;
const WRITES_PER_TASK: usize = 100;

async fn hanging_up_loses_and_halves_nothing(bed: Bed) {
    let store = bed.open().await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move { write_and_hang_up(&store, task).await });
    }
    let (mut acknowledged, mut cancelled) = (BTreeSet::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (ids, hung_up) = done.unwrap();
        acknowledged.extend(ids);
        cancelled += hung_up;
    }
    assert!(cancelled >= 800, "only {cancelled} callers hung up");
    assert!(acknowledged.len() >= 800, "only {} were acknowledged", acknowledged.len());
    store.close().await;

    // A new life of the store: what is there now is what is durable.
    let store = bed.open().await;
    let found = store.read(async |conn| {
        let sql = "select item.id, cast(count(part.k) as bigint) from item left join part on part.item = item.id \
                   group by item.id";
        Ok(on!(conn, c => sqlx::query_as::<_, (String, i64)>(sql).fetch_all(&mut *c).await?))
    });
    let found = found.await.unwrap();
    for (id, parts) in &found {
        assert_eq!(*parts, 2, "{id} is half applied");
    }
    let found: BTreeSet<String> = found.into_iter().map(|(id, _)| id).collect();
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

/// About half of the writes are dropped after a few polls, in whatever state they are by then.
async fn write_and_hang_up(store: &Store, task: usize) -> (Vec<String>, usize) {
    let mut random = SmallRng::seed_from_u64(task as u64);
    let (mut acknowledged, mut hung_up) = (Vec::new(), 0);
    for n in 0..WRITES_PER_TASK {
        let id = format!("{task:02}-{n:03}");
        let mut write = Box::pin(three_rows(store, id.clone()));
        if random.random_bool(0.5) {
            let patience = random.random_range(1..6);
            match give_up_after(patience, &mut write).await {
                Some(result) => acknowledged.extend(result.is_ok().then_some(id)),
                None => hung_up += 1,
            }
        } else {
            write.await.unwrap();
            acknowledged.push(id);
        }
    }
    (acknowledged, hung_up)
}

async fn three_rows(store: &Store, id: String) -> Result<(), StoreError> {
    store
        .write(async move |tx| {
            execute!(tx, "insert into item (id, n) values ($1, 0)", &id);
            for k in 0..2_i64 {
                execute!(tx, "insert into part (item, k) values ($1, $2)", &id, k);
            }
            Ok(())
        })
        .await
}

/// Polls `patience` times at most, letting other tasks run in between.
async fn give_up_after<F: Future + Unpin>(patience: usize, work: &mut F) -> Option<F::Output> {
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        match std::pin::Pin::new(&mut *work).poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls >= patience => Poll::Ready(None),
            Poll::Pending => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    })
    .await
}
