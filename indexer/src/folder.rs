//! The hub's folder: which file is where.

use std::path::{Path, PathBuf};

use shouwang_serving::{
    data_folder::{self, FolderError},
    durable,
};

/// A hub's folder, held by this process alone until it is dropped.
#[derive(Debug)]
pub struct DataFolder(data_folder::DataFolder);

impl DataFolder {
    /// Makes the folder if it is missing and takes it for this process.
    ///
    /// # Errors
    /// When others may enter it or its keys, or another hub holds it. The message says what to do.
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        let folder = data_folder::DataFolder::take(path)?;
        let keys = path.join("keys");
        let made = durable::make_folder(&keys).and_then(|()| durable::check_private(&keys, "700"));
        made.map_err(|source| FolderError::System { path: keys, source })?;
        Ok(Self(folder))
    }

    /// The authority's root and key.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.0.path().join("keys/authority.pem")
    }

    /// The hub's own certificate and key.
    #[must_use]
    pub fn identity_file(&self) -> PathBuf {
        self.0.path().join("keys/hub.pem")
    }

    /// The root certificate, for people who want to trust the hub.
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.0.path().join("root.pem")
    }

    /// The operator's token that was made last at the hub's machine.
    #[must_use]
    pub fn operator_file(&self) -> PathBuf {
        Self::operator_file_in(self.0.path())
    }

    /// The same, in a folder that a running hub may hold.
    #[must_use]
    pub fn operator_file_in(data: &Path) -> PathBuf {
        data.join("operator.token")
    }

    /// Where the index is. Deleting it is safe.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.0.path().join("index")
    }

    /// Where attachments are.
    #[must_use]
    pub fn attachments(&self) -> PathBuf {
        self.0.path().join("attachments")
    }

    /// Tells others where the hub listens, in one step.
    ///
    /// # Errors
    /// What the system said.
    pub fn ready(&self, ready: &serde_json::Value) -> std::io::Result<()> {
        self.0.ready(&ready.to_string())
    }

    /// Takes that back.
    pub fn not_ready(&self) {
        self.0.not_ready();
    }
}
