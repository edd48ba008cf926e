//! The node's folder, and the token of the member's own people in it.

use std::{io, net::SocketAddr, path::Path};

use anyhow::{Context as _, bail};
use shouwang_proto::clock::World;
use shouwang_serving::{
    data_folder::{self, FolderError},
    durable::{self, Readers},
};
use zeroize::Zeroizing;

/// The token of the member's own people.
const TOKEN_FILE: &str = "publisher.token";

/// A folder that this process alone works in.
#[derive(Debug)]
pub struct DataFolder(data_folder::DataFolder);

impl DataFolder {
    /// Takes the folder, making it if there is none (0700).
    ///
    /// # Errors
    /// When others may enter it, when another process works in it, or what the disk said.
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        data_folder::DataFolder::take(path).map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The token of the member's own people, made at the first start.
    ///
    /// # Errors
    /// When others may read its file, or what the disk said.
    pub fn token(&self, world: &World) -> anyhow::Result<Zeroizing<String>> {
        let path = self.path().join(TOKEN_FILE);
        let stored = durable::read_secret(&path).with_context(|| format!("cannot use {}", path.display()))?;
        if let Some(stored) = stored {
            let token = std::str::from_utf8(&stored).map(str::trim).unwrap_or_default();
            if token.len() < 32 {
                bail!("{} holds no token; remove it to get a new one", path.display());
            }
            return Ok(Zeroizing::new(token.to_owned()));
        }
        let token = Zeroizing::new(hex::encode(world.random::<32>()));
        durable::write(&path, format!("{}\n", token.as_str()).as_bytes(), Readers::Owner)?;
        Ok(token)
    }

    /// Says that the node listens, where its pages are, and the link for the first administrator.
    ///
    /// # Errors
    /// What the disk said.
    pub fn ready(&self, publishing: SocketAddr, web: &str, set_up: Option<&str>) -> io::Result<()> {
        let pid = std::process::id();
        let ready = serde_json::json!({ "publishing": publishing, "pid": pid, "web": web, "set_up": set_up });
        self.0.ready(&ready.to_string())
    }

    /// Says that it does not any more.
    pub fn not_ready(&self) {
        self.0.not_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_made_once() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::take(&root.path().join("node")).unwrap();
        let token = folder.token(&World::system()).unwrap();
        assert_eq!((token.len(), folder.token(&World::system()).unwrap()), (64, token.clone()));
    }
}
