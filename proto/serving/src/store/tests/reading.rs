//! What reads see.

use super::{Bed, ids, insert, on_both_engines};
use crate::on;
use crate::store::{StoreError, StoreOptions};
use futures::FutureExt as _;
use futures::channel::oneshot;
use std::time::Duration;

on_both_engines!(
    a_read_sees_what_was_acknowledged,
    a_read_is_one_snapshot,
    a_read_cannot_write,
    a_read_that_fails_leaves_the_reader_usable,
    a_read_nobody_waits_for_is_not_run,
);

async fn a_read_sees_what_was_acknowledged(bed: Bed) {
    let store = bed.open().await;
    for n in 0..200 {
        insert(&store, format!("{n:03}"), n).await.unwrap();
        let newest = ids(&store).await.pop();
        assert_eq!(newest, Some(format!("{n:03}")));
    }
}

async fn a_read_is_one_snapshot(bed: Bed) {
    let store = bed.open().await;
    insert(&store, "a", 1).await.unwrap();
    let (looked, has_looked) = oneshot::channel::<()>();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let read = store.read(async move |conn| {
        let count = "select cast(count(*) as bigint) from item";
        let before: i64 = on!(conn, c => sqlx::query_scalar(count).fetch_one(&mut *c).await?);
        looked.send(()).unwrap();
        may_go_on.await.unwrap();
        let after: i64 = on!(conn, c => sqlx::query_scalar(count).fetch_one(&mut *c).await?);
        Ok((before, after))
    });
    let between = async {
        has_looked.await.unwrap();
        insert(&store, "b", 1).await.unwrap();
        go_on.send(()).unwrap();
    };
    let (counts, ()) = tokio::join!(read, between);
    assert_eq!(counts.unwrap(), (1, 1));
    assert_eq!(ids(&store).await, ["a", "b"]);
}

async fn a_read_cannot_write(bed: Bed) {
    let store = bed.open().await;
    let sneaky = store.read(async |conn| {
        Ok(on!(conn, c => sqlx::query("insert into item (id, n) values ('x', 1)").execute(&mut *c).await?
            .rows_affected()))
    });
    assert!(sneaky.await.is_err());
    assert_eq!(ids(&store).await, [""; 0]);
}

async fn a_read_that_fails_leaves_the_reader_usable(bed: Bed) {
    let options =
        StoreOptions { readers: 1, read_limit: Duration::from_millis(100), ..StoreOptions::default() };
    let store = bed.open_with(options).await;
    insert(&store, "a", 1).await.unwrap();
    let wrong = store.read(async |conn| {
        Ok(on!(conn, c => sqlx::query("select nothing from nowhere").execute(&mut *c).await?.rows_affected()))
    });
    assert!(matches!(wrong.await, Err(StoreError::Internal(_))));
    assert_eq!(ids(&store).await, ["a"]);
    let panics = store.read(async |_| Ok([0_u8; 1][usize::MAX.wrapping_add(ids_len())]));
    assert!(panics.await.is_err());
    assert_eq!(ids(&store).await, ["a"]);
    let stuck = store.read(async |_| {
        std::future::pending::<()>().await;
        Ok(())
    });
    assert!(matches!(stuck.await, Err(StoreError::Unavailable(_))));
    assert_eq!(ids(&store).await, ["a"]);
}

/// Not a constant, or the compiler would refuse the planted panic.
fn ids_len() -> usize {
    std::hint::black_box(0)
}

async fn a_read_nobody_waits_for_is_not_run(bed: Bed) {
    let store = bed.open_with(StoreOptions { readers: 1, ..StoreOptions::default() }).await;
    let (open, gate) = oneshot::channel::<()>();
    let mut first = Box::pin(store.read(async move |_| {
        gate.await.unwrap();
        Ok(())
    }));
    assert!(first.as_mut().now_or_never().is_none());
    let (ran, has_run) = oneshot::channel::<()>();
    let mut unwanted = Box::pin(store.read(async move |_| {
        ran.send(()).unwrap();
        Ok(())
    }));
    assert!(unwanted.as_mut().now_or_never().is_none());
    drop(unwanted);
    open.send(()).unwrap();
    first.await.unwrap();
    assert_eq!(ids(&store).await, [""; 0]);
    assert!(has_run.await.is_err(), "the reader dropped it without running it");
}
