//! What one group of writes does to its members.

use super::{Bed, ids, insert, on_both_engines};
use crate::store::{Batch, StoreError, StoreOptions};
use crate::{execute, on};
use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::join_all;
use shouwang_proto::refusal::Refusal;
use std::sync::{Arc, Mutex};
use std::time::Duration;

on_both_engines!(
    a_refusal_undoes_itself_and_nobody_else,
    nobody_is_answered_before_the_commit,
    a_panic_costs_its_own_operation_only,
    a_group_that_fails_tells_everyone_and_the_next_works,
    a_write_out_of_time_is_given_up,
    violations_are_recognised,
    urgent_writes_go_first,
    a_batch_writes_every_type_and_counts,
    a_batch_with_crooked_columns_is_a_defect,
    an_ignored_failure_never_half_applies,
);

/// Occupies the writer until the sender is used, so that what is queued meanwhile shares its group.
fn hold(
    store: &crate::store::Store,
) -> (oneshot::Sender<()>, impl Future<Output = Result<(), StoreError>> + Send) {
    let (open, gate) = oneshot::channel::<()>();
    let store = store.clone();
    let held = async move {
        store
            .write(async move |_| {
                gate.await.unwrap();
                Ok(())
            })
            .await
    };
    (open, held)
}

async fn a_refusal_undoes_itself_and_nobody_else(bed: Bed) {
    let store = bed.open().await;
    let (open, held) = hold(&store);
    let refuse = store.write(async |tx| {
        execute!(tx, "insert into item (id, n) values ('refused', 1)");
        Err::<(), _>(Refusal::precondition("TAKEN", "already taken").into())
    });
    let all = async { tokio::join!(held, insert(&store, "a", 1), refuse, insert(&store, "b", 2)) };
    let mut all = Box::pin(all);
    assert!(all.as_mut().now_or_never().is_none(), "everything is queued behind the held write");
    open.send(()).unwrap();
    let (held, a, refused, b) = all.await;
    held.unwrap();
    assert_eq!((a.unwrap(), b.unwrap()), (1, 1));
    assert!(matches!(refused, Err(StoreError::Refused(refusal)) if refusal.reason == "TAKEN"));
    assert_eq!(ids(&store).await, ["a", "b"]);
}

async fn nobody_is_answered_before_the_commit(bed: Bed) {
    let store = bed.open().await;
    // The first write of the group waits for nothing; the last one holds the group open.
    let (open_first, first) = hold(&store);
    let (open_last, last) = hold(&store);
    let mut first = Box::pin(first);
    let mut early = Box::pin(insert(&store, "early", 1));
    let mut last = Box::pin(last);
    assert!(first.as_mut().now_or_never().is_none());
    assert!(early.as_mut().now_or_never().is_none());
    let (ran, running) = oneshot::channel::<()>();
    let marker = store.write(async move |_| {
        ran.send(()).unwrap();
        Ok(())
    });
    let mut marker = Box::pin(marker);
    assert!(marker.as_mut().now_or_never().is_none());
    assert!(last.as_mut().now_or_never().is_none());
    open_first.send(()).unwrap();
    running.await.unwrap();
    // `early` has run, for what was queued after it is running; the group is still open.
    assert!(early.as_mut().now_or_never().is_none(), "answered before the commit");
    assert_eq!(ids(&store).await, [""; 0], "seen before the commit");
    open_last.send(()).unwrap();
    assert_eq!(early.await.unwrap(), 1);
    assert_eq!(ids(&store).await, ["early"]);
}

async fn a_panic_costs_its_own_operation_only(bed: Bed) {
    let store = bed.open().await;
    let (open, held) = hold(&store);
    let panics = store.write(async |tx| {
        execute!(tx, "insert into item (id, n) values ('panic', 1)");
        assert!(tx.engine_is_missing(), "planted");
        Ok(())
    });
    let mut all =
        Box::pin(async { tokio::join!(held, insert(&store, "a", 1), panics, insert(&store, "b", 1)) });
    assert!(all.as_mut().now_or_never().is_none());
    open.send(()).unwrap();
    let (_, a, panicked, b) = all.await;
    assert_eq!((a.unwrap(), b.unwrap()), (1, 1));
    assert!(matches!(panicked, Err(StoreError::Unavailable(_))));
    assert_eq!(ids(&store).await, ["a", "b"]);
}

impl crate::store::Tx {
    /// Never; keeps the planted panic out of sight of the optimiser and the lints.
    fn engine_is_missing(&mut self) -> bool {
        false
    }
}

async fn a_group_that_fails_tells_everyone_and_the_next_works(bed: Bed) {
    let store = bed.open().await;
    let (open, held) = hold(&store);
    // An operation that ends the transaction pulls the ground from under its group.
    let rogue = store.write(async |tx| {
        execute!(tx, "rollback");
        Ok(())
    });
    let mut all = Box::pin(async {
        tokio::join!(held, insert(&store, "before", 1), rogue, insert(&store, "after", 1))
    });
    assert!(all.as_mut().now_or_never().is_none());
    open.send(()).unwrap();
    let (held, before, rogue, after) = all.await;
    for failed in [held, before.map(drop), rogue] {
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    }
    // It was not in the group that failed, for that ended with the rogue.
    assert_eq!(after.unwrap(), 1);
    assert!(store.is_writable());
    assert_eq!(ids(&store).await, ["after"]);
}

async fn a_write_out_of_time_is_given_up(bed: Bed) {
    let options = StoreOptions { write_limit: Duration::from_millis(300), ..StoreOptions::default() };
    let store = bed.open_with(options).await;
    let stuck = store
        .write(async |tx| {
            execute!(tx, "insert into item (id, n) values ('stuck', 1)");
            std::future::pending::<()>().await;
            Ok(())
        })
        .await;
    assert!(matches!(stuck, Err(StoreError::Unavailable(_))));
    assert!(!store.is_writable(), "the outage shows");
    insert(&store, "next", 1).await.unwrap();
    assert!(store.is_writable());
    assert_eq!(ids(&store).await, ["next"]);
}

async fn violations_are_recognised(bed: Bed) {
    let store = bed.open().await;
    insert(&store, "a", 1).await.unwrap();
    let twice = insert(&store, "a", 1).await.unwrap_err();
    assert!(twice.is_unique_violation() && !twice.is_check_violation(), "{twice:?}");
    let negative = insert(&store, "b", -1).await.unwrap_err();
    assert!(negative.is_check_violation() && !negative.is_unique_violation(), "{negative:?}");
    let orphan = store.write(async |tx| {
        Ok(on!(tx, c => sqlx::query("insert into part (item, k) values ('nobody', 1)").execute(&mut *c).await?
            .rows_affected()))
    });
    assert!(matches!(orphan.await, Err(StoreError::Internal(_))), "foreign keys hold");
}

async fn urgent_writes_go_first(bed: Bed) {
    let store = bed.open_with(StoreOptions { group_ops: 1, ..StoreOptions::default() }).await;
    let (open, held) = hold(&store);
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let order = Arc::clone(&order);
        async move |_: &mut crate::store::Tx| {
            order.lock().unwrap().push(name);
            Ok(())
        }
    };
    let ordinary = join_all([store.write(note("backfill 1")), store.write(note("backfill 2"))]);
    let mut all = Box::pin(async { tokio::join!(held, ordinary, store.write_urgent(note("emergency"))) });
    assert!(all.as_mut().now_or_never().is_none());
    open.send(()).unwrap();
    let (held, ordinary, urgent) = all.await;
    assert!(held.and(urgent).is_ok() && ordinary.into_iter().all(|write| write.is_ok()));
    assert_eq!(*order.lock().unwrap(), ["emergency", "backfill 1", "backfill 2"]);
}

async fn a_batch_writes_every_type_and_counts(bed: Bed) {
    #[derive(Debug, PartialEq, sqlx::FromRow)]
    struct Row {
        id: String,
        n: i64,
        body: Option<Vec<u8>>,
        weight: Option<f64>,
        flag: Option<bool>,
    }
    let wanted: Vec<Row> = (0..1000)
        .map(|n| Row {
            id: format!("救援-{n:04}"),
            n,
            body: (n % 2 == 0).then(|| vec![0, 255, u8::try_from(n % 256).unwrap()]),
            weight: (n % 3 == 0).then_some(n as f64 / 4.0),
            flag: (n % 5 != 0).then_some(n % 7 == 0),
        })
        .collect();
    let batch = |rows: &[Row]| {
        Batch::into("item")
            .column("id", rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>())
            .column("n", rows.iter().map(|row| row.n).collect::<Vec<_>>())
            .column("body", rows.iter().map(|row| row.body.clone()).collect::<Vec<_>>())
            .column("weight", rows.iter().map(|row| row.weight).collect::<Vec<_>>())
            .column("flag", rows.iter().map(|row| row.flag).collect::<Vec<_>>())
            .then("on conflict (id) do nothing")
    };
    let store = bed.open().await;
    for (rows, expected) in [(&wanted[..700], 700), (&wanted[..], 300), (&wanted[..0], 0)] {
        let batch = batch(rows);
        assert_eq!(store.write(async move |tx| batch.run(tx).await).await.unwrap(), expected);
    }
    let found = store.read(async |conn| {
        Ok(on!(conn, c => sqlx::query_as::<_, Row>("select id, n, body, weight, flag from item order by id")
            .fetch_all(&mut *c).await?))
    });
    assert_eq!(found.await.unwrap(), wanted);
    let sum = store.read(async |conn| {
        Ok(on!(conn, c => sqlx::query_scalar::<_, i64>("select cast(sum(n) as bigint) from item")
            .fetch_one(&mut *c).await?))
    });
    assert_eq!(sum.await.unwrap(), 499_500);
}

async fn a_batch_with_crooked_columns_is_a_defect(bed: Bed) {
    let store = bed.open().await;
    let batch = Batch::into("item").column("id", vec!["a".to_owned()]).column("n", vec![1_i64, 2]);
    let outcome = store.write(async move |tx| batch.run(tx).await).await;
    assert!(matches!(outcome, Err(StoreError::Internal(_))));
}

/// The engines differ in what a failed statement does to the rest; in neither may half of an operation remain that
/// was answered as failed, nor may an answered one be gone.
async fn an_ignored_failure_never_half_applies(bed: Bed) {
    let store = bed.open().await;
    insert(&store, "taken", 1).await.unwrap();
    let careless = store.write(async |tx| {
        on!(tx, c => {
            sqlx::query("insert into item (id, n) values ('careless', 1)").execute(&mut *c).await?;
            drop(sqlx::query("insert into item (id, n) values ('taken', 1)").execute(&mut *c).await);
        });
        Ok(())
    });
    let (careless, neighbour) = tokio::join!(careless, insert(&store, "neighbour", 1));
    assert_eq!(neighbour.unwrap(), 1);
    assert_eq!(careless.is_ok(), bed.is_sqlite());
    let there = ids(&store).await.contains(&"careless".to_owned());
    assert_eq!(there, careless.is_ok());
}
