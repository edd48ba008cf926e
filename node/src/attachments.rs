//! Attachments on disk, addressed by their content: `attachments/ab/abcd…`.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    publication::{ATTACHMENT_LIMIT, Sha256Hex},
    refusal::Refusal,
};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tonic::Code;

/// Largest piece on the wire in bytes.
pub const PIECE_LIMIT: usize = 1024 * 1024;

/// The folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AttachmentFolder {
    root: PathBuf,
    /// Shared while a file gets its row, alone while rows and files go.
    turn: Arc<RwLock<()>>,
}

/// Why an attachment was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The caller's mistake.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk's.
    #[error("an attachment cannot be written")]
    Disk(#[from] io::Error),
}

impl AttachmentFolder {
    /// Opens the folder, making it if there is none, and removes what unfinished uploads left behind.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(root: &Path) -> io::Result<Self> {
        let parts = root.join("part");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&parts)?;
        for left in fs::read_dir(&parts)? {
            fs::remove_file(left?.path())?;
        }
        Ok(Self { root: root.to_owned(), turn: Arc::default() })
    }

    /// Begins to take an attachment; `token` is any random number.
    ///
    /// # Errors
    /// What the system said.
    pub fn begin(&self, sha256: Sha256Hex, token: u64) -> Result<Incoming, TakeError> {
        let part = self.root.join("part").join(format!("{token:016x}"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        let folder = self.root.join(&sha256.as_str()[..2]);
        let root = self.root.clone();
        Ok(Incoming { file, part, folder, root, sha256, hasher: Sha256::new(), size: 0 })
    }

    /// Opens a stored attachment.
    ///
    /// # Errors
    /// What the system said; `NotFound` when it is not stored.
    pub fn read(&self, sha256: &Sha256Hex) -> io::Result<Pieces> {
        Ok(Pieces { file: File::open(self.path(sha256))? })
    }

    /// Hold this from [`Incoming::finish`] until the store knows the attachment, so that nobody removes it between.
    pub async fn arriving(&self) -> RwLockReadGuard<'_, ()> {
        self.turn.read().await
    }

    /// Hold this from the moment the store forgets attachments until their files are removed.
    pub async fn clearing(&self) -> RwLockWriteGuard<'_, ()> {
        self.turn.write().await
    }

    /// Attachments whose hash begins with this byte and whose bytes came before this time, by the disk's clock.
    ///
    /// # Errors
    /// What the system said.
    pub fn older(&self, first: u8, before: Timestamp) -> io::Result<BTreeSet<Sha256Hex>> {
        let entries = match fs::read_dir(self.root.join(format!("{first:02x}"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries?,
        };
        let mut older = BTreeSet::new();
        for entry in entries {
            let entry = entry?;
            let came = Timestamp::try_from(entry.metadata()?.modified()?).map_err(io::Error::other)?;
            let hash = entry.file_name().to_str().and_then(|name| name.parse().ok());
            older.extend(hash.filter(|_| came < before));
        }
        Ok(older)
    }

    /// Removes an attachment, if it is there. Power that fails now may bring it back.
    ///
    /// # Errors
    /// What the system said.
    pub fn remove(&self, sha256: &Sha256Hex) -> io::Result<()> {
        match fs::remove_file(self.path(sha256)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn path(&self, sha256: &Sha256Hex) -> PathBuf {
        self.root.join(&sha256.as_str()[..2]).join(sha256.as_str())
    }
}

/// An attachment on its way in. Dropped before its end, it leaves nothing behind.
#[derive(Debug)]
pub struct Incoming {
    file: File,
    part: PathBuf,
    folder: PathBuf,
    root: PathBuf,
    sha256: Sha256Hex,
    hasher: Sha256,
    size: u64,
}

impl Incoming {
    /// Takes the next piece.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (ATTACHMENT_TOO_LARGE) over 32 MiB; what the disk said.
    pub fn piece(&mut self, piece: &[u8]) -> Result<(), TakeError> {
        self.size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if piece.len() > PIECE_LIMIT || self.size > ATTACHMENT_LIMIT {
            return Err(Refusal::new(
                Code::ResourceExhausted,
                "ATTACHMENT_TOO_LARGE",
                "an attachment has at most 32 MiB, sent in pieces of at most 1 MiB （附件最大 32 MiB，每片最大 1 MiB）",
            )
            .into());
        }
        self.hasher.update(piece);
        Ok(self.file.write_all(piece)?)
    }

    /// Checks the hash and makes file and folders durable; answers hash and size.
    ///
    /// # Errors
    /// INVALID_ARGUMENT (HASH_MISMATCH); what the disk said.
    pub fn finish(mut self) -> Result<(Sha256Hex, u64), TakeError> {
        let found = hex::encode(std::mem::take(&mut self.hasher).finalize());
        if found != self.sha256.as_str() {
            return Err(Refusal::new(
                Code::InvalidArgument,
                "HASH_MISMATCH",
                format!("the bytes that came have the SHA-256 {found} （收到的内容与 SHA-256 不符）"),
            )
            .into());
        }
        self.file.sync_all()?;
        if !self.folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            File::open(&self.root)?.sync_all()?;
        }
        fs::rename(&self.part, self.folder.join(self.sha256.as_str()))?;
        File::open(&self.folder)?.sync_all()?;
        Ok((self.sha256.clone(), self.size))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After `finish` it is not there any more, and otherwise the next start removes it.
        drop(fs::remove_file(&self.part));
    }
}

/// A stored attachment, piece by piece.
#[derive(Debug)]
pub struct Pieces {
    file: File,
}

impl Pieces {
    /// The next piece; empty at the end.
    ///
    /// # Errors
    /// What the system said.
    pub fn next_piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE_LIMIT);
        let most = u64::try_from(PIECE_LIMIT).unwrap_or(u64::MAX);
        Read::by_ref(&mut self.file).take(most).read_to_end(&mut piece)?;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(bytes: &[u8]) -> Sha256Hex {
        hex::encode(Sha256::digest(bytes)).parse().unwrap()
    }

    fn parts(root: &Path) -> usize {
        fs::read_dir(root.join("part")).unwrap().count()
    }

    #[test]
    fn an_attachment_survives_and_is_addressed_by_its_content() {
        let root = tempfile::tempdir().unwrap();
        let folder = AttachmentFolder::open(root.path()).unwrap();
        let bytes: Vec<u8> = (0_u8..=255).cycle().take(PIECE_LIMIT + 5).collect();
        for token in [1, 2] {
            let mut incoming = folder.begin(hash_of(&bytes), token).unwrap();
            bytes.chunks(700_000).for_each(|piece| incoming.piece(piece).unwrap());
            assert_eq!(incoming.finish().unwrap().1, bytes.len() as u64);
        }
        let mut pieces = AttachmentFolder::open(root.path()).unwrap().read(&hash_of(&bytes)).unwrap();
        let mut back = pieces.next_piece().unwrap();
        assert_eq!(back.len(), PIECE_LIMIT);
        back.extend(pieces.next_piece().unwrap());
        assert_eq!(back, bytes);
        assert!(pieces.next_piece().unwrap().is_empty());
        assert_eq!(parts(root.path()), 0);
    }

    #[test]
    fn a_wrong_hash_and_too_many_bytes_leave_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let folder = AttachmentFolder::open(root.path()).unwrap();
        let mut incoming = folder.begin(hash_of(b"one"), 1).unwrap();
        incoming.piece(b"two").unwrap();
        let refused = incoming.finish();
        assert!(matches!(&refused, Err(TakeError::Refused(refusal)) if refusal.reason == "HASH_MISMATCH"));
        assert!(folder.read(&hash_of(b"one")).is_err() && folder.read(&hash_of(b"two")).is_err());

        let mut incoming = folder.begin(hash_of(b"one"), 2).unwrap();
        let piece = vec![0; PIECE_LIMIT];
        let taken = (0..40).map(|_| incoming.piece(&piece)).take_while(Result::is_ok).count();
        assert_eq!(taken, 32);
        drop(incoming);
        assert_eq!(parts(root.path()), 0);
    }

    #[test]
    fn an_upload_that_a_crash_cut_short_is_swept_away() {
        let root = tempfile::tempdir().unwrap();
        drop(AttachmentFolder::open(root.path()).unwrap());
        fs::write(root.path().join("part/0000000000000001"), b"half").unwrap();
        AttachmentFolder::open(root.path()).unwrap();
        assert_eq!(parts(root.path()), 0);
    }
}
