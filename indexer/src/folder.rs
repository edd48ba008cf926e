//! The hub's folder: whose it is, what may be read by whom, and the files that tell others where the hub is.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// A hub's folder, held by this process alone until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is missing and takes it for this process.
    ///
    /// # Errors
    /// When others may enter it, or another hub holds it. The message says what to do.
    pub fn take(path: &Path) -> anyhow::Result<Self> {
        for folder in [path.to_owned(), path.join("keys")] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.with_context(|| format!("cannot make the folder {}", folder.display()))?;
            check_private(&folder, "700")?;
        }
        let lock_path = path.join("hub.lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_path);
        let lock = lock.with_context(|| format!("cannot use {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => {
                let folder = Self { path: path.to_owned(), _lock: lock };
                // What a crash left behind would lead others to where nobody listens.
                folder.remove_ready();
                Ok(folder)
            }
            Err(TryLockError::WouldBlock) => {
                bail!("the folder {} is in use by another hub process; stop that one first", path.display())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", lock_path.display()))
            }
        }
    }

    /// The authority's root and key.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.path.join("keys/authority.pem")
    }

    /// The hub's own certificate and key.
    #[must_use]
    pub fn identity_file(&self) -> PathBuf {
        self.path.join("keys/hub.pem")
    }

    /// The root certificate, for people who want to trust the hub.
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.path.join("root.pem")
    }

    /// The first operator's token.
    #[must_use]
    pub fn operator_file(&self) -> PathBuf {
        self.path.join("operator.token")
    }

    /// Where the index is. Deleting it is safe.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    /// Where attachments are.
    #[must_use]
    pub fn attachments(&self) -> PathBuf {
        self.path.join("attachments")
    }

    /// Tells others where the hub listens, in one step.
    ///
    /// # Errors
    /// What the system said.
    pub fn write_ready(&self, ready: &serde_json::Value) -> anyhow::Result<()> {
        write_file(&self.path.join("ready.json"), &format!("{ready}\n"), 0o600)
    }

    /// Takes that back.
    pub fn remove_ready(&self) {
        match fs::remove_file(self.path.join("ready.json")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "ready.json could not be removed");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Refuses a file or folder that others can use; `mode` is what it should have.
///
/// # Errors
/// The message says what to do.
pub fn check_private(path: &Path, mode: &str) -> anyhow::Result<()> {
    let found = fs::metadata(path).with_context(|| format!("cannot use {}", path.display()))?.mode() & 0o777;
    if found & 0o077 != 0 {
        let shown = path.display();
        bail!("{shown} is open to other users (mode {found:o}); run: chmod {mode} {shown}");
    }
    Ok(())
}

/// Writes a file with this mode, durably and in one step: whoever reads it sees all of it or what was there before.
///
/// # Errors
/// What the system said.
pub fn write_file(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let write = || {
        match fs::remove_file(&part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_process_holds_a_folder_and_others_are_kept_out() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("hub");
        let folder = DataFolder::take(&path).unwrap();
        let error = DataFolder::take(&path).unwrap_err().to_string();
        assert!(error.contains("another hub process"), "{error}");
        drop(folder);
        drop(DataFolder::take(&path).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let error = DataFolder::take(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 700"), "{error}");
    }

    #[test]
    fn files_are_written_whole_and_private() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("operator.token");
        for text in ["one", "two"] {
            write_file(&path, text, 0o600).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        check_private(&path, "600").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(check_private(&path, "600").unwrap_err().to_string().contains("chmod 600"));
    }
}
