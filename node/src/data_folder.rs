//! The node's folder: one process at a time, nobody else inside, and a file that says when the node is ready.

use std::{
    fs::{File, TryLockError},
    io,
    net::SocketAddr,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use shouwang_proto::clock::World;
use zeroize::Zeroizing;

use crate::durable_file::{self, Readers};

/// The file that says when the node is ready, and where.
const READY_FILE: &str = "ready.json";
/// The token of the member's own people.
const TOKEN_FILE: &str = "publisher.token";
/// Locked as long as a process works in the folder: two writers of one log would fork it.
const LOCK_FILE: &str = "lock";

/// A folder that this process alone works in.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Takes the folder, making it if there is none (0700).
    ///
    /// # Errors
    /// When others may enter it, when another process works in it, or what the disk said.
    pub fn take(path: &Path) -> anyhow::Result<Self> {
        durable_file::make_folder(path).with_context(|| format!("cannot make {}", path.display()))?;
        let mode = path.metadata()?.mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!("{0} can be entered by other users (mode {mode:o}); run: chmod 700 {0}", path.display());
        }
        let lock_file = path.join(LOCK_FILE);
        let lock = File::options().write(true).create(true).truncate(false).mode(0o600).open(&lock_file)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("another process works in {} （该目录正被另一进程使用）", path.display())
            }
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the folder"),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The token of the member's own people, made at the first start.
    ///
    /// # Errors
    /// When others may read its file, or what the disk said.
    pub fn token(&self, world: &World) -> anyhow::Result<Zeroizing<String>> {
        let path = self.path.join(TOKEN_FILE);
        let stored =
            durable_file::read_secret(&path).with_context(|| format!("cannot use {}", path.display()))?;
        if let Some(stored) = stored {
            let token = std::str::from_utf8(&stored).map(str::trim).unwrap_or_default();
            if token.len() < 32 {
                bail!("{} holds no token; remove it to get a new one", path.display());
            }
            return Ok(Zeroizing::new(token.to_owned()));
        }
        let token = Zeroizing::new(hex::encode(world.random::<32>()));
        durable_file::write(&path, format!("{}\n", token.as_str()).as_bytes(), Readers::Owner)?;
        Ok(token)
    }

    /// Says that the node listens.
    ///
    /// # Errors
    /// What the disk said.
    pub fn ready(&self, publishing: SocketAddr) -> io::Result<()> {
        let ready = serde_json::json!({ "publishing": publishing, "pid": std::process::id() });
        durable_file::write(&self.path.join(READY_FILE), ready.to_string().as_bytes(), Readers::Owner)
    }

    /// Says that it does not any more.
    pub fn not_ready(&self) {
        if let Err(error) = durable_file::remove(&self.path.join(READY_FILE)) {
            tracing::warn!(%error, "{READY_FILE} cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_process_alone_works_in_a_private_folder() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("node");
        let first = DataFolder::take(&path).unwrap();
        assert!(DataFolder::take(&path).unwrap_err().to_string().contains("another process"));
        let token = first.token(&World::system()).unwrap();
        assert_eq!((token.len(), first.token(&World::system()).unwrap()), (64, token.clone()));
        drop(first);
        drop(DataFolder::take(&path).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(DataFolder::take(&path).unwrap_err().to_string().contains("chmod 700"));
    }
}
