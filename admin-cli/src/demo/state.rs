//! What a demo remembers between two starts, in `demo.json` of its folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::ports;
use crate::{
    context::write_whole,
    failure::{Failure, Outcome},
    words::words,
};

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remembered {
    /// The hub's port for people. Nodes renew their certificates there.
    pub(crate) people: u16,
    /// The hub's port for nodes. Nodes keep it from joining on.
    pub(crate) nodes: u16,
    /// The hub's port for browsers; 0 in the folder of an earlier version.
    #[serde(default)]
    pub(crate) web: u16,
    /// The nodes' ports for browsers by member id; empty in the folder of an earlier version.
    #[serde(default)]
    pub(crate) node_web: BTreeMap<String, u16>,
    /// The nodes' publishing ports by member id.
    pub(crate) publishing: BTreeMap<String, u16>,
    /// Members whose publications have been imported.
    pub(crate) imported: BTreeSet<String>,
    /// True when the thesaurus has been imported.
    pub(crate) thesaurus: bool,
}

/// A demo's folder, held by this process alone.
pub(crate) struct Folder {
    /// Where it is, from the root.
    pub(crate) path: PathBuf,
    /// What is remembered.
    pub(crate) remembered: Remembered,
    /// True when an earlier demo left it.
    pub(crate) continued: bool,
    _held: Held,
}

/// The folder's lock: it ends with the process, however it ends.
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Not left to the closing of the file: a program that is being started at this moment still has it open.
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "the demo's lock is given back when the process ends");
        }
    }
}

/// Makes a folder that nobody else may enter: keys and tokens lie in it, and servers refuse any other.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

impl Folder {
    /// Opens the folder, or makes it with free ports for these members.
    pub(crate) fn open(path: &Path, members: &[&str]) -> Outcome<Self> {
        make_private(path).map_err(|error| Failure::file(path, &error))?;
        let path = path.canonicalize().map_err(|error| Failure::file(path, &error))?;
        let lock = lock(&path)?;
        let file = path.join("demo.json");
        let kept = match std::fs::read(&file) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|error| Failure::file(&file, &error))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::file(&file, &error)),
        };
        let continued = kept.is_some();
        let remembered = match kept {
            Some(remembered) => remembered,
            None => fresh(members)?,
        };
        let folder = Self { path, remembered, continued, _held: lock };
        folder.save()?;
        Ok(folder)
    }

    /// Writes what is remembered.
    pub(crate) fn save(&self) -> Outcome<()> {
        let file = self.path.join("demo.json");
        let text =
            serde_json::to_vec_pretty(&self.remembered).map_err(|error| Failure::file(&file, &error))?;
        write_whole(&file, &text, 0o644)
    }

    /// The hub's data folder.
    pub(crate) fn hub(&self) -> PathBuf {
        self.path.join("hub")
    }

    /// A node's data folder.
    pub(crate) fn node(&self, member: &str) -> PathBuf {
        self.path.join("nodes").join(member)
    }

    /// The file with the token of a member's people for the hub.
    pub(crate) fn token(&self, member: &str) -> PathBuf {
        self.path.join("tokens").join(format!("{member}.token"))
    }

    /// The invite of a member that may not have reached its node yet.
    pub(crate) fn invite(&self, member: &str) -> PathBuf {
        self.path.join("invites").join(member)
    }

    /// A server's log.
    pub(crate) fn log(&self, server: &str) -> PathBuf {
        self.path.join("logs").join(format!("{server}.log"))
    }

    /// The passwords of the demo's people.
    pub(crate) fn accounts(&self) -> PathBuf {
        self.path.join("accounts.json")
    }

    /// The passwords of the nodes' administrators.
    pub(crate) fn node_accounts(&self) -> PathBuf {
        self.path.join("node_accounts.json")
    }

    /// The contexts for the command line.
    pub(crate) fn contexts(&self) -> PathBuf {
        self.path.join("contexts.toml")
    }
}

fn fresh(members: &[&str]) -> Outcome<Remembered> {
    let mut free = ports::free(members.len() + 3)?.into_iter();
    // `free` gave as many as asked.
    let mut next = || free.next().unwrap_or_default();
    let (people, nodes, web) = (next(), next(), next());
    let publishing = members.iter().map(|member| (*member).to_owned()).zip(free).collect();
    let (node_web, imported) = (BTreeMap::new(), BTreeSet::new());
    Ok(Remembered { people, nodes, web, node_web, publishing, imported, thesaurus: false })
}

fn lock(folder: &Path) -> Outcome<Held> {
    let path = folder.join("demo.lock");
    let failed = |error: io::Error| Failure::file(&path, &error);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Held(file)),
        Err(TryLockError::WouldBlock) => {
            let shown = folder.display();
            Err(Failure::failed(words!(
                "目录 {shown} 上已有一个演示在运行",
                "a demo is already running on {shown}"
            ))
            .hint(words!("结束它，或用 --data 指定别的目录", "end it, or name another folder with --data")))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_remembered_and_held_by_one() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("demo");
        let mut folder = Folder::open(&path, &["a1", "b2"]).unwrap();
        assert!(!folder.continued);
        let ports: BTreeSet<u16> = folder
            .remembered
            .publishing
            .values()
            .copied()
            .chain([folder.remembered.people, folder.remembered.nodes, folder.remembered.web])
            .collect();
        assert_eq!(ports.len(), 5, "each port once");
        assert!(Folder::open(&path, &["a1", "b2"]).is_err(), "it is held");
        folder.remembered.imported.insert("a1".to_owned());
        folder.save().unwrap();
        let before = folder.remembered.clone();
        drop(folder);
        let again = Folder::open(&path, &["a1", "b2"]).unwrap();
        assert!(again.continued);
        assert_eq!(again.remembered, before);
    }
}
