//! SQLite without a thread between: what its driver promises beyond what both engines do.

use super::Bed;
use crate::store::{Direct, DirectConnection, Engine, Store, StoreError, StoreOptions};
use sqlx::Row as _;
use std::time::Duration;

/// Runs a write on the connection itself.
async fn with<T: Send + 'static>(
    store: &Store,
    work: impl AsyncFnOnce(&mut DirectConnection) -> Result<T, sqlx::Error> + Send + 'static,
) -> Result<T, StoreError> {
    store
        .write(async move |tx| match tx.engine() {
            Engine::Sqlite(conn) => Ok(work(conn).await?),
            Engine::Postgres(_) => unreachable!("a SQLite store"),
        })
        .await
}

#[tokio::test]
async fn a_parameter_is_found_by_its_number() {
    let store = Bed::sqlite().open().await;
    let found = with(&store, async |conn| {
        sqlx::query_as::<Direct, (i64, String, i64, String)>("select $2, $1, $2, $3")
            .bind("one")
            .bind(2_i64)
            .bind("three")
            .fetch_one(conn)
            .await
    });
    assert_eq!(found.await.unwrap(), (2, "one".to_owned(), 2, "three".to_owned()));
    let short = with(&store, async |conn| {
        sqlx::query_scalar::<Direct, i64>("select $1 + $2").bind(1_i64).fetch_one(conn).await
    });
    assert!(matches!(short.await, Err(StoreError::Internal(sqlx::Error::InvalidArgument(_)))));
}

#[tokio::test]
async fn values_keep_their_types() {
    let store = Bed::sqlite().open().await;
    let found = with(&store, async |conn| {
        let row = sqlx::query::<Direct>(
            "select 7 as n, 1.5 as x, '救援' as t, x'00ff' as b, null as none, true as f",
        )
        .fetch_one(conn)
        .await?;
        let wrong = row.try_get::<i64, _>("t").is_err() && row.try_get::<String, _>("b").is_err();
        let lost = row.try_get::<i64, _>("none").is_err() && row.try_get::<i64, _>("missing").is_err();
        let (n, x): (i64, f64) = (row.try_get("n")?, row.try_get(1)?);
        let (t, b): (String, Vec<u8>) = (row.try_get("t")?, row.try_get("b")?);
        let (nothing, f): (Option<String>, bool) = (row.try_get("none")?, row.try_get("f")?);
        Ok((n, x, t, b, nothing, f, wrong && lost))
    });
    let expected = (7, 1.5, "救援".to_owned(), vec![0, 255], None, true, true);
    assert_eq!(found.await.unwrap(), expected);
}

#[tokio::test]
async fn text_that_is_not_utf8_and_two_statements_in_one_are_refused() {
    let store = Bed::sqlite().open().await;
    let torn = with(&store, async |conn| {
        sqlx::query_scalar::<Direct, String>("select cast(x'ff' as text)").fetch_one(conn).await
    });
    assert!(torn.await.is_err());
    let two = with(&store, async |conn| {
        sqlx::query::<Direct>("insert into item (id, n) values ('a', 1); delete from item")
            .execute(conn)
            .await
    });
    assert!(two.await.is_err());
    assert_eq!(super::ids(&store).await, [""; 0]);
}

#[tokio::test]
async fn a_look_counts_no_rows_of_the_write_before() {
    let store = Bed::sqlite().open().await;
    let counts = with(&store, async |conn| {
        let written = sqlx::query::<Direct>("insert into item (id, n) values ('a', 1), ('b', 2)")
            .execute(&mut *conn)
            .await?
            .rows_affected();
        let looked = sqlx::query::<Direct>("select * from item").execute(&mut *conn).await?.rows_affected();
        let kept = sqlx::query::<Direct>("insert into item (id, n) values ('a', 1) on conflict do nothing")
            .execute(&mut *conn)
            .await?
            .rows_affected();
        Ok((written, looked, kept))
    });
    assert_eq!(counts.await.unwrap(), (2, 0, 0));
}

const ENDLESS: &str =
    "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";

/// The thread is inside SQLite, where no timer reaches it.
#[tokio::test]
async fn a_statement_that_would_not_end_is_ended() {
    let limit = Duration::from_millis(300);
    let options =
        StoreOptions { readers: 1, read_limit: limit, write_limit: limit, ..StoreOptions::default() };
    let store = Bed::sqlite().open_with(options).await;
    let read = store.read(async |conn| match conn.engine() {
        Engine::Sqlite(conn) => Ok(sqlx::query_scalar::<Direct, i64>(ENDLESS).fetch_one(conn).await?),
        Engine::Postgres(_) => unreachable!("a SQLite store"),
    });
    assert!(matches!(read.await, Err(StoreError::Unavailable(_))));
    let write = with(&store, async |conn| {
        sqlx::query::<Direct>("insert into item (id, n) values ('a', 1)").execute(&mut *conn).await?;
        sqlx::query_scalar::<Direct, i64>(ENDLESS).fetch_one(conn).await
    });
    assert!(matches!(write.await, Err(StoreError::Unavailable(_))));
    // Reader and writer go on, and nothing of the write is there.
    super::insert(&store, "b", 1).await.unwrap();
    assert_eq!(super::ids(&store).await, ["b"]);
}
