//! A copy of a SQLite store that proves itself before it counts.

use super::source::Source;
use super::{BackupError, StoreOptions};
use crate::durable::{beside, remove_if_there, sync_folder_of};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A backup that was made and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// Copies the SQLite database at `url` to `to` without opening it as a store, so also while another process serves it.
/// The copy is checked and durable when it appears; an existing file is never overwritten.
///
/// # Errors
/// [`BackupError`]; for any other address than `sqlite:PATH` [`BackupError::NotSqlite`].
pub async fn backup(url: &str, to: &Path) -> Result<Backup, BackupError> {
    let Ok(Source::Sqlite(file)) = Source::parse(url, &StoreOptions::default()) else {
        return Err(BackupError::NotSqlite);
    };
    let mut conn = file.copying().connect().await?;
    copy(&mut conn, to, false).await
}

/// Copies the database behind `conn` to `to`, checks the copy, makes it durable, and only then gives it its name.
/// With `replace` an older copy gives way.
pub(super) async fn copy(
    conn: &mut SqliteConnection,
    to: &Path,
    replace: bool,
) -> Result<Backup, BackupError> {
    if !replace && to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let part = beside(to, ".part");
    remove_if_there(&part).map_err(at(&part))?;
    let made = fill(conn, &part).await;
    let bytes = match made {
        Ok(bytes) => bytes,
        Err(error) => {
            // A copy that is not whole must not lie around looking like one.
            drop(remove_if_there(&part));
            return Err(error);
        }
    };
    std::fs::rename(&part, to).map_err(at(to))?;
    sync_folder_of(to).map_err(at(to))?;
    Ok(Backup { path: to.to_owned(), bytes })
}

async fn fill(conn: &mut SqliteConnection, part: &Path) -> Result<u64, BackupError> {
    let Some(name) = part.to_str() else {
        return Err(BackupError::File {
            path: part.to_owned(),
            source: std::io::ErrorKind::InvalidFilename.into(),
        });
    };
    sqlx::query("vacuum into $1").bind(name).execute(&mut *conn).await?;
    let file = File::options().write(true).open(part).map_err(at(part))?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(at(part))?;
    check(part).await?;
    file.sync_all().map_err(at(part))?;
    Ok(file.metadata().map_err(at(part))?.len())
}

async fn check(part: &Path) -> Result<(), BackupError> {
    let mut copy = SqliteConnectOptions::new().filename(part).read_only(true).connect().await?;
    let verdict: Vec<String> = sqlx::query_scalar("pragma integrity_check(5)").fetch_all(&mut copy).await?;
    copy.close().await?;
    if verdict == ["ok"] { Ok(()) } else { Err(BackupError::Damaged(verdict.join("; "))) }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}
