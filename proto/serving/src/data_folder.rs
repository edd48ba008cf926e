//! A server's folder: one process at a time, nobody else inside, and a file that says when the server is ready.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::durable::{self, Readers};

/// The file that says when the server is ready, and where it listens.
const READY_FILE: &str = "ready.json";
/// Locked as long as a process works in the folder: two writers of one log or database folder would part it.
const LOCK_FILE: &str = "lock";

/// Why a folder cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process holds it.
    #[error("the folder {} is in use by another process; stop that one first （该目录正被另一进程使用）", .0.display())]
    InUse(PathBuf),
    /// Others may enter it; the words say what to do. Or what the system said.
    #[error("cannot use the folder {path}: {source}", path = .path.display())]
    System {
        /// The folder or its lock.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A folder that this process alone works in, until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    lock: File,
}

impl DataFolder {
    /// Takes the folder, making it if there is none (0700). What says that a server is ready is taken away: after a
    /// crash it would lead others to where nobody listens.
    ///
    /// # Errors
    /// [`FolderError`] when others may enter it, when another process works in it, or what the system said.
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        let system = |source| FolderError::System { path: path.to_owned(), source };
        durable::make_folder(path).map_err(system)?;
        durable::check_private(path, "700").map_err(system)?;
        let lock_file = path.join(LOCK_FILE);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock_file);
        let lock = lock.map_err(system)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(FolderError::System { path: lock_file, source }),
        }
        let folder = Self { path: path.to_owned(), lock };
        folder.not_ready();
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells others where the server listens, in one step.
    ///
    /// # Errors
    /// What the system said.
    pub fn ready(&self, what: &str) -> std::io::Result<()> {
        durable::write(&self.path.join(READY_FILE), format!("{what}\n").as_bytes(), Readers::Owner)
    }

    /// Takes that back.
    pub fn not_ready(&self) {
        if let Err(error) = durable::remove(&self.path.join(READY_FILE)) {
            tracing::warn!(%error, "{READY_FILE} cannot be removed");
        }
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // Not left to the closing of the file: a program that is being started at this moment still has it open.
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the folder's lock is given back when the process ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_process_holds_a_folder_and_others_are_kept_out() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("server");
        let folder = DataFolder::take(&path).unwrap();
        assert!(matches!(DataFolder::take(&path), Err(FolderError::InUse(_))));
        folder.ready("{}").unwrap();
        drop(folder);
        drop(DataFolder::take(&path).unwrap());
        assert!(!path.join(READY_FILE).exists());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).unwrap();
        assert!(DataFolder::take(&path).unwrap_err().to_string().contains("chmod 700"));
    }
}
