//! SQLite the way we run it: durable, private to its user, and distrustful of the file's own content.

use super::direct::{DirectConnection, Pragma};
use super::{OpenError, StoreOptions};
use crate::durable::folder_of;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Earlier versions can corrupt a database when the log is reset while another connection commits.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];
/// With time-ordered ids, larger pages mean fewer writes per commit. Only new files take it.
const PAGE_BYTES: u32 = 16 * 1024;
/// In a simulation there is little of everything, and every page of a commit is copied and summed.
const SIMULATED_PAGE_BYTES: u32 = 4 * 1024;
/// Pages in the log before it is folded into the file: about 16 MB.
const CHECKPOINT_PAGES: &str = "1024";
/// Page cache of the writer, in KiB (negative is KiB in SQLite's grammar): 64 MiB.
const WRITER_CACHE: &str = "-65536";
/// Page cache of each reader: 16 MiB.
const READER_CACHE: &str = "-16384";
/// What every connection keeps to.
const DISTRUST: [Pragma<'static>; 3] =
    [("foreign_keys", "ON"), ("trusted_schema", "OFF"), ("cell_size_check", "ON")];
/// The log shrinks back to this after a burst: 64 MiB.
const LOG_BYTES: &str = "67108864";

/// A SQLite file and how it is opened.
#[derive(Clone, Debug)]
pub(super) struct SqliteFile {
    pub(super) path: PathBuf,
    busy: Duration,
    simulated: bool,
}

impl SqliteFile {
    pub(super) fn new(path: PathBuf, options: &StoreOptions) -> Self {
        Self { path, busy: options.busy_timeout, simulated: options.simulated }
    }

    /// The connection that writes.
    pub(super) fn writer(&self) -> Result<DirectConnection, sqlx::Error> {
        let pragmas = [
            ("journal_mode", "WAL"),
            ("synchronous", if self.simulated { "OFF" } else { "FULL" }),
            ("cache_size", WRITER_CACHE),
            ("wal_autocheckpoint", CHECKPOINT_PAGES),
            ("journal_size_limit", LOG_BYTES),
        ];
        DirectConnection::open(&self.path, false, self.busy, &[DISTRUST.as_slice(), &pragmas].concat())
    }

    /// A connection that only looks.
    pub(super) fn reader(&self) -> Result<DirectConnection, sqlx::Error> {
        let pragmas = [("cache_size", READER_CACHE)];
        DirectConnection::open(&self.path, true, self.busy, &[DISTRUST.as_slice(), &pragmas].concat())
    }

    /// How `sqlx`'s own driver opens the file to bring its schema up to date.
    pub(super) fn migrating(&self) -> SqliteConnectOptions {
        // FULL, because NORMAL lost acknowledged commits in 8 of 15 power cuts.
        let synchronous = if self.simulated { SqliteSynchronous::Off } else { SqliteSynchronous::Full };
        let page = if self.simulated { SIMULATED_PAGE_BYTES } else { PAGE_BYTES };
        self.shared().page_size(page).journal_mode(SqliteJournalMode::Wal).synchronous(synchronous)
    }

    /// How `sqlx`'s own driver opens the file to copy it.
    pub(super) fn copying(&self) -> SqliteConnectOptions {
        self.shared().read_only(true)
    }

    fn shared(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .foreign_keys(true)
            .busy_timeout(self.busy)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
    }

    /// Refuses what the engine really does if an acknowledged write could be lost that way.
    pub(super) async fn assert_safe(&self, conn: &mut DirectConnection) -> Result<(), OpenError> {
        assert_safe(conn, self.simulated).await
    }
}

/// Makes the folder (0700) and the file (0600), or tightens the file. A folder that others may *write* is refused,
/// for they could put another file in this one's place, and it is not ours to change.
pub(super) fn prepare(path: &Path) -> Result<(), OpenError> {
    let folder = folder_of(path);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::File { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    let mode = folder.metadata().map_err(at(folder))?.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(OpenError::OpenFolder { path: folder.to_owned(), mode });
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(at(path))?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(at(path))
}

/// Asks the engine what it really does, for a pragma that was not understood is silently ignored.
async fn assert_safe(conn: &mut DirectConnection, simulated: bool) -> Result<(), OpenError> {
    let version: String = sqlx::query_scalar("select sqlite_version()").fetch_one(&mut *conn).await?;
    if !is_new_enough(&version) {
        return Err(OpenError::Unsafe(format!("SQLite {version} is older than {OLDEST_SQLITE:?}")));
    }
    let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut *conn).await?;
    if journal != "wal" {
        return Err(OpenError::Unsafe(format!("journal_mode is {journal}, not wal")));
    }
    let synchronous = if simulated { 0 } else { 2 };
    let expected = [
        ("pragma synchronous", synchronous),
        ("pragma foreign_keys", 1),
        ("pragma trusted_schema", 0),
        ("pragma cell_size_check", 1),
    ];
    for (pragma, wanted) in expected {
        let found: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *conn).await?;
        if found != wanted {
            return Err(OpenError::Unsafe(format!("{pragma} is {found}, not {wanted}")));
        }
    }
    Ok(())
}

fn is_new_enough(version: &str) -> bool {
    let numbers: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.as_slice() >= OLDEST_SQLITE.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        for good in ["3.51.3", "3.100.0", "4.0.0", "3.51.3.1"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["3.51.2", "3.9.9", "2.99.99", "", "3.x"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn folder_and_file_are_private() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/hub.db");
        prepare(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);

        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        prepare(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused_with_the_cure() {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), Permissions::from_mode(0o775)).unwrap();
        let error = prepare(&root.path().join("hub.db")).unwrap_err();
        assert!(error.to_string().contains("chmod 700"), "{error}");
        assert!(!root.path().join("hub.db").exists());
    }
}
