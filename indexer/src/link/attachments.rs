//! Files that belong to publications, by the hash of their bytes. A file is there whole or not at all: it is written
//! under another name, made durable, and renamed.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use shouwang_proto::publication::Sha256Hex;

/// Bytes hashed at once.
const BUFFER: usize = 64 * 1024;

/// Where files are kept. A clone is the same place.
#[derive(Clone, Debug)]
pub struct Attachments {
    folder: PathBuf,
    /// Run slow work on the thread that asks: for a simulation of one thread.
    inline: bool,
}

/// A file that is being written. Dropping it removes what was written.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
    wanted: Sha256Hex,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing under this name.
        drop(fs::remove_file(&self.path));
    }
}

impl Unfinished {
    /// Bytes written so far.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether a file in the making is empty")]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// What the disk said.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Do the bytes have the hash that was said?
    #[must_use]
    pub fn matches(&self) -> bool {
        hex::encode(self.hasher.clone().finalize()) == self.wanted.as_str()
    }
}

impl Attachments {
    /// Opens the folder, makes it if it is missing (0700), and removes what a crash left unfinished. `inline` is for a
    /// simulation of one thread.
    ///
    /// # Errors
    /// What the disk said.
    pub fn open(folder: &Path, inline: bool) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        for found in fs::read_dir(folder)? {
            let path = found?.path();
            if path.extension().is_some_and(|extension| extension == "part") {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { folder: folder.to_owned(), inline })
    }

    /// Where the bytes of a file are, once they are there.
    #[must_use]
    pub fn path(&self, sha256: &Sha256Hex) -> PathBuf {
        let (first, _) = sha256.as_str().split_at(2);
        self.folder.join(first).join(sha256.as_str())
    }

    /// Begins to write a file. `random` keeps two that write the same one apart.
    ///
    /// # Errors
    /// What the disk said.
    pub fn begin(&self, sha256: &Sha256Hex, random: [u8; 8]) -> io::Result<Unfinished> {
        let path = self.folder.join(format!("{}.part", hex::encode(random)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Unfinished { path, file, hasher: Sha256::new(), length: 0, wanted: sha256.clone() })
    }

    /// Keeps a file whose bytes have its hash; durable when this returns.
    ///
    /// # Errors
    /// What the disk said.
    pub async fn keep(&self, file: Unfinished) -> io::Result<()> {
        let place = self.path(&file.wanted);
        self.slowly(move || {
            let folder = place.parent().unwrap_or(Path::new("."));
            file.file.sync_all()?;
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            fs::rename(&file.path, &place)?;
            File::open(folder)?.sync_all()?;
            folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
        })
        .await
    }

    /// Reads a file and checks its bytes against its hash.
    ///
    /// # Errors
    /// What the disk said; `InvalidData` when the bytes are not the ones that were stored.
    pub async fn read(&self, sha256: &Sha256Hex) -> io::Result<Vec<u8>> {
        let (path, wanted) = (self.path(sha256), sha256.clone());
        self.slowly(move || {
            let mut file = File::open(path)?;
            let (mut bytes, mut buffer, mut hasher) = (Vec::new(), vec![0; BUFFER], Sha256::new());
            loop {
                let length = file.read(&mut buffer)?;
                if length == 0 {
                    break;
                }
                hasher.update(&buffer[..length]);
                bytes.extend_from_slice(&buffer[..length]);
            }
            if hex::encode(hasher.finalize()) == wanted.as_str() {
                Ok(bytes)
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the stored bytes do not have their hash"))
            }
        })
        .await
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// What the disk said.
    pub async fn remove(&self, sha256: &Sha256Hex) -> io::Result<()> {
        let path = self.path(sha256);
        self.slowly(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        })
        .await
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        if self.inline {
            return work();
        }
        tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(bytes: &[u8]) -> Sha256Hex {
        hex::encode(Sha256::digest(bytes)).parse().unwrap()
    }

    #[tokio::test]
    async fn a_file_is_there_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let place = Attachments::open(&root.path().join("attachments"), false).unwrap();
        let wanted = hash(b"plan of the yard");
        let mut file = place.begin(&wanted, [1; 8]).unwrap();
        file.append(b"plan of ").unwrap();
        assert!(!file.matches());
        file.append(b"the yard").unwrap();
        assert!(file.matches());
        assert!(!place.path(&wanted).exists());
        place.keep(file).await.unwrap();
        assert_eq!(place.read(&wanted).await.unwrap(), b"plan of the yard");

        fs::write(place.path(&wanted), b"plan of the yarn").unwrap();
        assert_eq!(place.read(&wanted).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        place.remove(&wanted).await.unwrap();
        place.remove(&wanted).await.unwrap();
        assert!(!place.path(&wanted).exists());
    }

    #[test]
    fn what_was_not_finished_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let place = Attachments::open(root.path(), true).unwrap();
        let mut file = place.begin(&hash(b"x"), [1; 8]).unwrap();
        file.append(b"x").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        std::mem::forget(place.begin(&hash(b"x"), [2; 8]).unwrap());
        Attachments::open(root.path(), true).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "a crash left it");
    }
}
