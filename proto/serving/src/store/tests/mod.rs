//! The store on both engines.

mod cancelled;
mod direct;
mod gathering;
mod lifecycle;
mod reading;
mod schema;
mod writing;

use super::{Migrations, Store, StoreError, StoreOptions, trial};
use crate::on;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use tempfile::TempDir;

/// Writes the same tests for both engines.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::store::tests::Bed::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::store::tests::Bed::postgres()).await;
            })+
        }
    };
}
pub(super) use on_both_engines;

/// An empty database of one engine.
pub(super) struct Bed {
    pub(super) url: String,
    pub(super) folder: TempDir,
}

impl Bed {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("t.db").display()), folder }
    }

    pub(super) fn postgres() -> Self {
        Self { url: trial::postgres_url(), folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub(super) async fn open(&self) -> Store {
        self.open_with(StoreOptions::default()).await
    }

    pub(super) async fn open_with(&self, options: StoreOptions) -> Store {
        Store::open(&self.url, &migrations(1), options).await.unwrap()
    }
}

const SQLITE: [&str; 2] = [
    "create table item (id text primary key, n integer not null check (n >= 0), body blob, \
     weight real, flag integer) strict; \
     create table part (item text not null references item (id), k integer not null, primary key (item, k)) strict;",
    "alter table item add column note text not null default 'none';",
];
const POSTGRES: [&str; 2] = [
    "create table item (id text collate \"C\" primary key, n bigint not null check (n >= 0), body bytea, \
     weight double precision, flag boolean); \
     create table part (item text collate \"C\" not null references item (id), k bigint not null, \
     primary key (item, k));",
    "alter table item add column note text not null default 'none';",
];

/// The first `steps` migrations.
pub(super) fn migrations(steps: usize) -> Migrations {
    Migrations { sqlite: migrator(&SQLITE[..steps]), postgres: migrator(&POSTGRES[..steps]) }
}

pub(super) fn migrator(steps: &[&'static str]) -> &'static Migrator {
    let migrations = steps.iter().zip(1..).map(|(sql, version)| {
        Migration::new(version, "step".into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Box::leak(Box::new(Migrator::with_migrations(migrations.collect())))
}

pub(super) async fn insert(store: &Store, id: impl Into<String>, n: i64) -> Result<u64, StoreError> {
    let id = id.into();
    store
        .write(async move |tx| {
            Ok(on!(tx, c => sqlx::query("insert into item (id, n) values ($1, $2)")
                .bind(id).bind(n).execute(&mut *c).await?.rows_affected()))
        })
        .await
}

/// All ids, in order.
pub(super) async fn ids(store: &Store) -> Vec<String> {
    store
        .read(async |conn| {
            Ok(on!(conn, c => sqlx::query_scalar::<_, String>("select id from item order by id")
                .fetch_all(&mut *c).await?))
        })
        .await
        .unwrap()
}
