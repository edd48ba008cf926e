//! New databases by copy. To bring an empty one up to date is the same work every time, and more than most lives of a
//! machine do with it; so it is done once for each process, by the servers' own code.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use shouwang_node::store::NodeStore;
use shouwang_serving::store::StoreOptions;

/// An empty database, after it was made for the first time.
type Template = Mutex<Option<Vec<u8>>>;

/// Gives a new hub an empty database, unless it has one.
///
/// # Errors
/// When a file cannot be made.
pub fn lay_hub(disk: &Path) -> anyhow::Result<()> {
    static TEMPLATE: Template = Mutex::new(None);
    lay(&disk.join("hub.db"), &TEMPLATE, async |folder| {
        let url = format!("sqlite:{}", folder.join("hub.db").display());
        shouwang_hub::store::open(&url, StoreOptions::simulation()).await?.close().await;
        Ok(())
    })
}

/// Gives a new node an empty database, unless it has one.
///
/// # Errors
/// When a file cannot be made.
pub fn lay_node(disk: &Path) -> anyhow::Result<()> {
    static TEMPLATE: Template = Mutex::new(None);
    lay(&disk.join("node.db"), &TEMPLATE, async |folder| {
        NodeStore::open(folder, None, StoreOptions::simulation()).await?.close().await;
        Ok(())
    })
}

fn lay(
    file: &Path,
    template: &Template,
    make: impl AsyncFnOnce(&Path) -> anyhow::Result<()> + Send,
) -> anyhow::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let folder = file.parent().context("a file in a folder")?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut known = template.lock().unwrap_or_else(PoisonError::into_inner);
    let empty = match known.take() {
        Some(empty) => empty,
        None => made(file, make)?,
    };
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    new.write_all(&empty)?;
    *known = Some(empty);
    Ok(())
}

/// What a new database of this name looks like. Made on another thread, whose clock runs.
fn made(file: &Path, make: impl AsyncFnOnce(&Path) -> anyhow::Result<()> + Send) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(make(folder.path()))
    };
    let done = std::thread::scope(|scope| scope.spawn(work).join());
    done.map_err(|_| anyhow::anyhow!("no empty database could be made"))??;
    let name = file.file_name().context("a file has a name")?;
    fs::read(folder.path().join(name)).context("the empty database")
}
