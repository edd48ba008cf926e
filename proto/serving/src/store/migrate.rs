//! Brings the schema up to date, never without a copy and never downwards.

use super::{Migrations, OpenError, backup};
use crate::durable::beside;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{PgConnection, SqliteConnection};
use std::path::{Path, PathBuf};

/// What a database still needs.
#[derive(Debug, PartialEq, Eq)]
enum Need {
    /// Nothing.
    Nothing,
    /// Migrations on an empty database.
    Everything,
    /// Migrations on a database with content, last migrated to this version.
    From(i64),
}

/// Checks and migrates the SQLite file behind `conn`, which must be its only user.
pub(super) async fn run_sqlite(
    conn: &mut SqliteConnection,
    migrations: &Migrations,
    path: &Path,
) -> Result<(), OpenError> {
    let need = need(conn, migrations.sqlite).await?;
    if let Need::From(version) = need {
        backup::copy(conn, &copy_path(path, version), true).await.map_err(OpenError::Copy)?;
    }
    if need != Need::Nothing {
        migrations.sqlite.run(&mut *conn).await?;
    }
    check_sqlite(conn).await
}

/// Checks and migrates a database on a server.
pub(super) async fn run_postgres(conn: &mut PgConnection, migrations: &Migrations) -> Result<(), OpenError> {
    if need(conn, migrations.postgres).await? != Need::Nothing {
        migrations.postgres.run(&mut *conn).await?;
    }
    Ok(())
}

/// Where the copy of a database goes before it leaves version `version`.
fn copy_path(path: &Path, version: i64) -> PathBuf {
    beside(path, &format!(".version-{version}.copy"))
}

async fn need<C: Migrate>(conn: &mut C, migrator: &Migrator) -> Result<Need, OpenError> {
    conn.ensure_migrations_table(&migrator.table_name).await?;
    let applied = conn.list_applied_migrations(&migrator.table_name).await?;
    let newest = applied.iter().map(|migration| migration.version).max();
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some(found) = newest.filter(|found| *found > known) {
        return Err(OpenError::Newer { found, known });
    }
    // Also when nothing is pending `run` would compare checksums; do it here so that `Nothing` is the truth.
    let changed = migrator.iter().find(|migration| {
        applied.iter().any(|old| old.version == migration.version && old.checksum != migration.checksum)
    });
    if let Some(migration) = changed {
        return Err(sqlx::migrate::MigrateError::VersionMismatch(migration.version).into());
    }
    let pending = migrator
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration())
        .any(|migration| applied.iter().all(|old| old.version != migration.version));
    Ok(match (pending, newest) {
        (false, _) => Need::Nothing,
        (true, None) => Need::Everything,
        (true, Some(version)) => Need::From(version),
    })
}

/// A migration may have switched foreign keys off to rebuild a table; what it left behind must still be sound.
async fn check_sqlite(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let broken = sqlx::query("pragma foreign_key_check").fetch_optional(conn).await?;
    match broken {
        None => Ok(()),
        Some(_) => Err(OpenError::Unsafe("rows point at rows that do not exist".to_owned())),
    }
}
