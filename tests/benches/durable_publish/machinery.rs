//! What the store's own machinery costs: queue, savepoint for each operation, commit, answer. No work in between.

use std::sync::Arc;

use rusqlite::types::Value;
use shouwang_proto::log::sealed::SealedEntry;
use shouwang_serving::{
    on,
    store::{Migrations, Store, StoreOptions},
};
use shouwang_tests::measure::{
    Scale,
    bare_store::BareStore,
    report::{Goal, Report},
    rounds::Rounds,
};

use crate::{CALLERS, ROUNDS, entries, rate};

static SCHEMA: sqlx::migrate::Migrator = sqlx::migrate!("benches/durable_publish/schema");
const TABLE: &str = include_str!("schema/0001_entry.sql");
const INSERT: &str = "insert into entry (seq, hash, header, signature, payload) values ($1, $2, $3, $4, $5)";

/// Adds the row.
///
/// # Errors
/// What either store said.
pub(crate) async fn compare(scale: Scale, report: &mut Report) -> anyhow::Result<()> {
    let all = Arc::new(entries(&"north".parse()?, scale.of(20_000, 1_000))?);
    let rounds = Rounds::interleave(
        ROUNDS,
        async |_| ours(Arc::clone(&all)).await,
        async |_| bare(Arc::clone(&all)).await,
    )
    .await?;
    report.compare("SQLite: `Store::write`, one record each", "records/s", &rounds, |ratio| {
        Goal::at_least(ratio, 0.7, "×")
    });
    Ok(())
}

async fn ours(all: Arc<Vec<SealedEntry>>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("store/entry.db").display());
    let migrations = Migrations { sqlite: &SCHEMA, postgres: &SCHEMA };
    let store = Store::open(&url, &migrations, StoreOptions::default()).await?;
    let (callers_store, total) = (store.clone(), all.len() as u64);
    let rate = rate(CALLERS, total, move |number| {
        let (store, all) = (callers_store.clone(), Arc::clone(&all));
        async move {
            let write = store.write(async move |tx| {
                let Some(entry) = usize::try_from(number).ok().and_then(|at| all.get(at)) else {
                    return Ok(());
                };
                on!(tx, c => sqlx::query(INSERT)
                    .bind(i64::try_from(number).unwrap_or(i64::MAX))
                    .bind(entry.hash().to_vec())
                    .bind(entry.header_bytes().to_vec())
                    .bind(entry.signature().to_vec())
                    .bind(entry.payload().to_vec())
                    .execute(&mut *c).await?.rows_affected());
                Ok(())
            });
            Ok(write.await?)
        }
    })
    .await?;
    store.close().await;
    Ok(rate)
}

async fn bare(all: Arc<Vec<SealedEntry>>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(BareStore::create(&folder.path().join("entry.db"), TABLE, &[INSERT])?);
    let (callers_store, total) = (Arc::clone(&store), all.len() as u64);
    let rate = rate(CALLERS, total, move |number| {
        let (store, all) = (Arc::clone(&callers_store), Arc::clone(&all));
        async move {
            let entry = &all[usize::try_from(number)?];
            let row = vec![
                Value::Integer(i64::try_from(number)?),
                Value::Blob(entry.hash().to_vec()),
                Value::Blob(entry.header_bytes().to_vec()),
                Value::Blob(entry.signature().to_vec()),
                Value::Blob(entry.payload().to_vec()),
            ];
            store.write(vec![(0, row)]).await
        }
    })
    .await?;
    drop(store);
    Ok(rate)
}
