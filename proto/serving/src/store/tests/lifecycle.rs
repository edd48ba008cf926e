//! Closing, and the mode for simulations.

use super::{Bed, Store, StoreError, ids, insert, on_both_engines};
use crate::execute;
use futures::FutureExt as _;
use futures::future::join_all;

on_both_engines!(
    closing_carries_out_what_is_queued_and_takes_nothing_more,
    dropping_the_last_clone_carries_out_what_is_queued,
);

async fn closing_carries_out_what_is_queued_and_takes_nothing_more(bed: Bed) {
    let store = bed.open().await;
    let mut queued: Vec<_> = (0..50).map(|n| Box::pin(insert(&store, format!("{n:02}"), n))).collect();
    for write in &mut queued {
        assert!(write.as_mut().now_or_never().is_none(), "queued");
    }
    store.close().await;
    for write in join_all(queued).await {
        write.unwrap();
    }
    assert!(matches!(insert(&store, "late", 1).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.read(async |_| Ok(())).await, Err(StoreError::Unavailable(_))));
    store.close().await;
    assert_eq!(ids(&bed.open().await).await.len(), 50);
}

async fn dropping_the_last_clone_carries_out_what_is_queued(bed: Bed) {
    let store = bed.open().await;
    let (done, is_done) = futures::channel::oneshot::channel::<()>();
    let mut write = Box::pin(store.write(async move |tx| {
        execute!(tx, "insert into item (id, n) values ('a', 1)");
        drop(done);
        Ok(())
    }));
    assert!(write.as_mut().now_or_never().is_none());
    drop(write);
    drop(store);
    is_done.await.unwrap_err();
    // The transaction is committed after the operation; a second store waits for the first one's lock, or sees it.
    let store = bed.open().await;
    while ids(&store).await.is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A handler's future must be able to move between threads.
#[test]
fn calls_can_move_between_threads() {
    fn is_send<T: Send>(_: fn(&'static Store) -> T) {}
    is_send(|store| insert(store, "a", 1));
    is_send(|store| store.read(async |_| Ok(1)));
    is_send(|store| store.backup_to("x"));
    is_send(Store::close);
}

#[cfg(feature = "simulation")]
mod simulation {
    use super::{Bed, ids, insert};
    use crate::store::{Engine, StoreOptions};

    #[tokio::test(start_paused = true)]
    async fn the_clock_stands_still_while_the_store_works() {
        let bed = Bed::sqlite();
        let start = tokio::time::Instant::now();
        for life in 0..5 {
            let store = bed.open_with(StoreOptions::simulation()).await;
            for n in 0..20 {
                insert(&store, format!("{life}-{n}"), n).await.unwrap();
            }
            assert_eq!(ids(&store).await.len(), (life + 1) * 20);
            let synchronous = store.write(async |tx| match tx.engine() {
                Engine::Sqlite(c) => {
                    Ok(sqlx::query_scalar::<_, i64>("pragma synchronous").fetch_one(c).await?)
                }
                Engine::Postgres(_) => unreachable!("a SQLite store"),
            });
            assert_eq!(synchronous.await.unwrap(), 0);
            // A crash is a drop; the next life opens the same file at once.
            drop(store);
        }
        assert_eq!(start.elapsed(), std::time::Duration::ZERO);
    }

    #[tokio::test]
    async fn built_with_the_feature_a_store_is_still_durable() {
        let store = Bed::sqlite();
        let store = store.open().await;
        let synchronous = store.write(async |tx| match tx.engine() {
            Engine::Sqlite(c) => Ok(sqlx::query_scalar::<_, i64>("pragma synchronous").fetch_one(c).await?),
            Engine::Postgres(_) => unreachable!("a SQLite store"),
        });
        assert_eq!(synchronous.await.unwrap(), 2);
    }
}

/// The server ends all of the store's connections, as a failover does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_costs_no_acknowledged_write_and_heals_by_itself() {
    let bed = Bed::postgres();
    let store = bed.open().await;
    insert(&store, "before", 1).await.unwrap();
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    for round in 0..5 {
        let mut operator = <sqlx::PgConnection as sqlx::Connection>::connect(&bed.url).await.unwrap();
        sqlx::query(cut).execute(&mut operator).await.unwrap();
        // The dead connections are noticed before anything runs on them, so nobody hears of it.
        insert(&store, format!("after {round}"), 1).await.unwrap();
        assert_eq!(ids(&store).await.len(), round + 2);
    }
}
