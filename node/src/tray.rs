//! Documents that somebody uploaded to look at before they are imported: on disk, for a day, a few at a time.
//!
//! Nothing is promised of them. What was imported is in the store; a document that is gone is uploaded again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use shouwang_proto::publication::Sha256Hex;
use shouwang_serving::durable::{self, Readers};

/// Most documents that lie there; each has at most 16 MiB.
const DOCUMENTS: usize = 16;
/// How long one lies there.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tray {
    root: PathBuf,
    /// One puts at a time, so that two do not make room with the same document.
    turn: Arc<Mutex<()>>,
}

impl Tray {
    /// Opens the folder, making it if there is none.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(root: &Path) -> io::Result<Self> {
        durable::make_folder(root)?;
        Ok(Self { root: root.to_owned(), turn: Arc::default() })
    }

    /// Puts a document there, under the hash of its bytes; the oldest make room. Blocks.
    ///
    /// # Errors
    /// What the system said.
    pub fn put(&self, bytes: &[u8], now: Timestamp) -> io::Result<Sha256Hex> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_room(now)?;
        let hash = hex::encode(Sha256::digest(bytes));
        durable::write(&self.root.join(&hash), bytes, Readers::Owner)?;
        hash.parse().map_err(io::Error::other)
    }

    /// The document with this hash; none when it is not there any more. Blocks.
    ///
    /// # Errors
    /// What the system said.
    pub fn take(&self, hash: &Sha256Hex) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.root.join(hash.as_str())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what lay there for its time, and the oldest until there is room for one more.
    fn make_room(&self, now: Timestamp) -> io::Result<()> {
        let mut there = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let written = Timestamp::try_from(entry.metadata()?.modified()?).unwrap_or(Timestamp::MIN);
            there.push((written, entry.path()));
        }
        there.sort();
        let too_many = (there.len() + 1).saturating_sub(DOCUMENTS);
        for (index, (written, path)) in there.into_iter().enumerate() {
            if index < too_many || now.duration_since(written) > KEPT {
                durable::remove(&path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day and a minute after whatever the disk's clock shows.
    fn tomorrow(path: &Path) -> Timestamp {
        let written = Timestamp::try_from(fs::metadata(path).unwrap().modified().unwrap()).unwrap();
        written + KEPT + SignedDuration::from_mins(1)
    }

    #[test]
    fn a_document_lies_there_for_a_day() {
        let root = tempfile::tempdir().unwrap();
        let tray = Tray::open(root.path()).unwrap();
        let today = Timestamp::UNIX_EPOCH;
        let hash = tray.put(b"one", today).unwrap();
        assert_eq!(tray.put(b"one", today).unwrap(), hash, "the same bytes lie there once");
        assert_eq!(tray.take(&hash).unwrap().as_deref(), Some(&b"one"[..]));
        let later = tray.put(b"two", tomorrow(&root.path().join(hash.as_str()))).unwrap();
        assert_eq!(tray.take(&hash).unwrap(), None);
        assert_eq!(tray.take(&later).unwrap().as_deref(), Some(&b"two"[..]));
    }

    #[test]
    fn there_is_never_more_than_a_few() {
        let root = tempfile::tempdir().unwrap();
        let tray = Tray::open(root.path()).unwrap();
        for number in 0..DOCUMENTS + 5 {
            tray.put(number.to_string().as_bytes(), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), DOCUMENTS);
    }
}
