//! Opening, migrating, copying.

use super::{Bed, Migrations, Store, StoreOptions, ids, insert, migrations, migrator, on_both_engines};
use crate::on;
use crate::store::{BackupError, OpenError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::os::unix::fs::MetadataExt as _;

on_both_engines!(
    a_newer_schema_is_refused,
    a_migration_that_was_changed_is_refused,
    an_upgrade_keeps_the_data,
    a_migration_that_fails_changes_nothing,
);

async fn open(bed: &Bed, migrations: Migrations) -> Result<Store, OpenError> {
    Store::open(&bed.url, &migrations, StoreOptions::default()).await
}

async fn a_newer_schema_is_refused(bed: Bed) {
    open(&bed, migrations(2)).await.unwrap().close().await;
    let error = open(&bed, migrations(1)).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 2, known: 1 }), "{error}");
    open(&bed, migrations(2)).await.unwrap();
}

async fn a_migration_that_was_changed_is_refused(bed: Bed) {
    open(&bed, migrations(1)).await.unwrap().close().await;
    let changed = migrator(&["create table item (id text primary key)"]);
    let error = open(&bed, Migrations { sqlite: changed, postgres: changed }).await.unwrap_err();
    assert!(matches!(error, OpenError::Migrate(_)), "{error}");
}

async fn an_upgrade_keeps_the_data(bed: Bed) {
    let store = open(&bed, migrations(1)).await.unwrap();
    insert(&store, "a", 1).await.unwrap();
    store.close().await;
    let store = open(&bed, migrations(2)).await.unwrap();
    let note = store.read(async |conn| {
        Ok(on!(conn, c => sqlx::query_scalar::<_, String>("select note from item").fetch_one(&mut *c).await?))
    });
    assert_eq!(note.await.unwrap(), "none");
    store.close().await;

    let copy = bed.folder.path().join("t.db.version-1.copy");
    assert_eq!(copy.exists(), bed.is_sqlite());
    if bed.is_sqlite() {
        assert_eq!(copy.metadata().unwrap().mode() & 0o777, 0o600);
        let mut old = SqliteConnectOptions::new().filename(&copy).read_only(true).connect().await.unwrap();
        let id: String = sqlx::query_scalar("select id from item").fetch_one(&mut old).await.unwrap();
        assert_eq!(id, "a");
        assert!(sqlx::query("select note from item").fetch_one(&mut old).await.is_err(), "from before");
    }
}

async fn a_migration_that_fails_changes_nothing(bed: Bed) {
    let store = open(&bed, migrations(1)).await.unwrap();
    insert(&store, "a", 1).await.unwrap();
    store.close().await;
    let broken = Migrations {
        sqlite: migrator(&[super::SQLITE[0], "drop table part; insert into nowhere values (1);"]),
        postgres: migrator(&[super::POSTGRES[0], "drop table part; insert into nowhere values (1);"]),
    };
    assert!(matches!(open(&bed, broken).await, Err(OpenError::Migrate(_))));
    let store = open(&bed, migrations(2)).await.unwrap();
    assert_eq!(ids(&store).await, ["a"]);
    let parts = store.read(async |conn| {
        Ok(on!(conn, c => sqlx::query_scalar::<_, i64>("select cast(count(*) as bigint) from part")
            .fetch_one(&mut *c).await?))
    });
    assert_eq!(parts.await.unwrap(), 0);
}

#[tokio::test]
async fn a_new_file_is_set_up_for_safety_and_speed() {
    let bed = Bed::sqlite();
    let store = bed.open().await;
    let pragma = |name: &'static str| {
        let store = store.clone();
        async move {
            let value = store.write(async move |tx| match tx.engine() {
                crate::store::Engine::Sqlite(c) => {
                    Ok(sqlx::query_scalar::<_, i64>(name).fetch_one(c).await?)
                }
                crate::store::Engine::Postgres(_) => unreachable!("a SQLite store"),
            });
            value.await.unwrap()
        }
    };
    assert_eq!(pragma("pragma synchronous").await, 2);
    assert_eq!(pragma("pragma page_size").await, 16 * 1024);
    assert_eq!(pragma("pragma cache_size").await, -65_536);
    assert_eq!(pragma("pragma wal_autocheckpoint").await, 1024);
    assert_eq!(pragma("pragma foreign_keys").await, 1);
    assert_eq!(pragma("pragma trusted_schema").await, 0);
    for file in ["t.db", "t.db-wal", "t.db-shm"] {
        let mode = bed.folder.path().join(file).metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_backup_is_whole_private_and_never_overwrites() {
    let bed = Bed::sqlite();
    let store = bed.open().await;
    for n in 0..50 {
        insert(&store, format!("{n:02}"), n).await.unwrap();
    }
    let target = bed.folder.path().join("copy.db");
    let backup = store.backup_to(&target).await.unwrap();
    assert_eq!(backup.bytes, target.metadata().unwrap().len());
    assert_eq!(target.metadata().unwrap().mode() & 0o777, 0o600);
    assert!(matches!(store.backup_to(&target).await, Err(BackupError::Exists(_))));
    insert(&store, "later", 1).await.unwrap();

    let mut copy = SqliteConnectOptions::new().filename(&target).read_only(true).connect().await.unwrap();
    let count: i64 = sqlx::query_scalar("select count(*) from item").fetch_one(&mut copy).await.unwrap();
    assert_eq!(count, 50);
    copy.close().await.unwrap();
    // It opens as a store of its own.
    let url = format!("sqlite:{}", target.display());
    let restored = Store::open(&url, &migrations(1), StoreOptions::default()).await.unwrap();
    assert_eq!(ids(&restored).await.len(), 50);
}

#[tokio::test]
async fn a_damaged_store_gives_no_backup() {
    let bed = Bed::sqlite();
    let store = bed.open().await;
    for n in 0..2000 {
        insert(&store, format!("{n:0500}"), n).await.unwrap();
    }
    store.close().await;
    let file = bed.folder.path().join("t.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let page = 16 * 1024;
    let pages = bytes.len() / page;
    // The heads of all pages after the schema's.
    for n in pages / 2..pages {
        bytes[n * page..n * page + 12].fill(0xff);
    }
    std::fs::write(&file, bytes).unwrap();
    let Ok(store) = open(&bed, migrations(1)).await else { return };
    let target = bed.folder.path().join("copy.db");
    store.backup_to(&target).await.unwrap_err();
    assert!(!target.exists());
    assert!(!bed.folder.path().join("copy.db.part").exists(), "nothing lies around looking like a copy");
}

#[tokio::test]
async fn postgres_has_its_own_backups() {
    let bed = Bed::postgres();
    let store = bed.open().await;
    let target = bed.folder.path().join("copy.db");
    assert!(matches!(store.backup_to(&target).await, Err(BackupError::NotSqlite)));
}
