//! Files that are whole or not there: written beside their place, made durable, then given their name; and private ones.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its user alone (0600).
    Owner,
    /// Everybody (0644).
    All,
}

/// Makes a folder that only its user may enter (0700), if it is not there.
///
/// # Errors
/// What the system said.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file in one step that survives a crash: whoever reads it sees all of it or what was there before.
///
/// # Errors
/// What the system said.
pub fn write(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let part = beside(path, ".part");
    remove_if_there(&part)?;
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::All => 0o644,
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    sync_folder_of(path)
}

/// Removes a file, if it is there, so that it stays removed.
///
/// # Errors
/// What the system said.
pub fn remove(path: &Path) -> io::Result<()> {
    remove_if_there(path)?;
    sync_folder_of(path)
}

/// Reads a file that nobody but its user may touch; `None` when it is not there.
///
/// # Errors
/// `PermissionDenied`, with what to do, when others may use it; else what the system said.
pub fn read_secret(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    check_mode(path, file.metadata()?.mode(), "600")?;
    let mut content = Zeroizing::new(Vec::new());
    file.read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Refuses a file or folder that others can use; `right` is the mode that it should have, in words for `chmod`.
///
/// # Errors
/// `PermissionDenied`, with what to do; else what the system said.
pub fn check_private(path: &Path, right: &str) -> io::Result<()> {
    check_mode(path, std::fs::metadata(path)?.mode(), right)
}

fn check_mode(path: &Path, mode: u32, right: &str) -> io::Result<()> {
    let mode = mode & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let shown = path.display();
    let words = format!("{shown} is open to other users (mode {mode:o}); run: chmod {right} {shown}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, words))
}

/// The folder a file is in; the current one for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// The same file name with something behind it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// A new name is durable once its folder is.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path)).and_then(|folder| folder.sync_all())
}

/// Removes a file; one that is not there is as good.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("hub.db")), Path::new("."));
        assert_eq!(folder_of(Path::new("/data/hub.db")), Path::new("/data"));
        assert_eq!(beside(Path::new("/data/hub.db"), ".part"), Path::new("/data/hub.db.part"));
        sync_folder_of(Path::new("hub.db")).unwrap();
    }

    #[test]
    fn what_is_not_there_need_not_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "x").unwrap();
        remove_if_there(&path).unwrap();
        remove_if_there(&path).unwrap();
        assert!(!path.exists());
        remove_if_there(folder.path()).unwrap_err();
    }

    #[test]
    fn a_secret_is_private_and_refused_when_it_is_not() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("secret");
        assert!(read_secret(&path).unwrap().is_none());
        write(&path, b"one", Readers::Owner).unwrap();
        write(&path, b"two", Readers::Owner).unwrap();
        assert_eq!(read_secret(&path).unwrap().unwrap().as_slice(), b"two");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = read_secret(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(read_secret(&path).unwrap().is_none());
    }
}
