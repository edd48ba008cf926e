//! Backups: one folder with all that a hub cannot get back from its nodes, and the way back from it.
//!
//! The folder holds the checked copy of the database, the keys and the attachments; the index is made anew. It opens
//! the alliance to whoever has it, so it is as private as the hub's own folder.

use std::{
    fs::{self, DirBuilder, File},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::json;
use shouwang_proto::clock::World;
use shouwang_serving::store::StoreOptions;

use crate::{config::HubConfig, council::audit::Deed, folder::DataFolder, store};

/// What a backup holds besides the database.
const KEPT: [&str; 4] = ["keys", "attachments", "root.pem", "operator.token"];

/// Backs a hub up into a new folder, while it serves or while it does not.
///
/// # Errors
/// When the folder exists, the database is not SQLite, or the copy does not prove sound; nothing is left then.
pub async fn backup(config: &HubConfig, to: &Path) -> anyhow::Result<()> {
    let part = new_beside(to)?;
    let made = fill_backup(config, &part).await;
    keep_or_clear(made, &part, to)
}

async fn fill_backup(config: &HubConfig, part: &Path) -> anyhow::Result<()> {
    // First the database: a file that its copy names was on disk before it was named.
    shouwang_serving::store::backup(&config.database_url(), &part.join("hub.db")).await?;
    for name in KEPT {
        copy_if_there(&config.data.join(name), &part.join(name))?;
    }
    if !part.join("keys/authority.pem").exists() {
        bail!("{} holds no hub: keys/authority.pem is missing", config.data.display());
    }
    Ok(())
}

/// Makes a hub's folder from a backup. The hub's epoch is raised: nodes then refuse the hub that was backed up, should
/// it come back, and send again what it had received after the backup. What dispatchers decided after it nobody can send: the
/// board says so until somebody has asked the members.
///
/// # Errors
/// When the folder has something in it, or the backup is not whole; nothing is left then.
pub async fn restore(from: &Path, data: &Path, world: &World) -> anyhow::Result<()> {
    if fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; a backup is restored into a new folder", data.display());
    }
    let part = new_beside(data)?;
    let made = fill_hub(from, &part, world).await;
    keep_or_clear(made, &part, data)
}

async fn fill_hub(from: &Path, part: &Path, world: &World) -> anyhow::Result<()> {
    for needed in ["hub.db", "keys/authority.pem"] {
        if !from.join(needed).is_file() {
            bail!("{} is no backup of a hub: {needed} is missing", from.display());
        }
    }
    for name in KEPT.into_iter().chain(["hub.db"]) {
        copy_if_there(&from.join(name), &part.join(name))?;
    }
    let _folder = DataFolder::take(part)?;
    let config = HubConfig::new(part);
    let store = store::open(&config.database_url(), StoreOptions::default()).await?;
    let (now, incarnation) = (world.now(), world.random());
    let epoch = store
        .write(async move |tx| {
            let epoch = store::hub::hub_epoch_raise(tx, incarnation, now).await?;
            store::mutual_aid::ahead::numbers_go_ahead(tx, now).await?;
            let (actor, subject) = ("hub".to_owned(), "hub".to_owned());
            let deed =
                Deed { at: now, actor, action: "hub.restore", subject, detail: json!({ "epoch": epoch }) };
            store::audit::audit_add(tx, &deed).await?;
            Ok(epoch)
        })
        .await?;
    let whole = store.read(async |conn| store::audit::audit_check(conn).await).await?;
    store.close().await;
    match whole {
        Ok(rows) => tracing::info!(epoch, audit_rows = rows, "restored"),
        Err(number) => bail!("the audit log of this backup is broken at row {number}"),
    }
    Ok(())
}

/// A new private folder beside the place where it shall stand in the end.
fn new_beside(place: &Path) -> anyhow::Result<PathBuf> {
    if place.is_file() || fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} exists already", place.display());
    }
    let mut part = place.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let made = DirBuilder::new().mode(0o700).create(&part);
    made.with_context(|| {
        format!("cannot make the folder {}; is an earlier try still there?", part.display())
    })?;
    Ok(part)
}

/// Gives a finished folder its name; what did not become whole must not lie around looking like it.
fn keep_or_clear(made: anyhow::Result<()>, part: &Path, place: &Path) -> anyhow::Result<()> {
    let named = made.and_then(|()| {
        File::open(part)?.sync_all()?;
        fs::rename(part, place).with_context(|| format!("cannot make {}", place.display()))?;
        Ok(File::open(parent_of(place))?.sync_all()?)
    });
    if named.is_err() && part.exists() {
        fs::remove_dir_all(part).with_context(|| format!("cannot clear {}", part.display()))?;
    }
    named
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Copies a file or a folder with all in it, durably, with its modes. Links are not followed.
fn copy_if_there(from: &Path, to: &Path) -> anyhow::Result<()> {
    let Ok(kind) = fs::symlink_metadata(from) else { return Ok(()) };
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    if kind.is_dir() {
        DirBuilder::new().mode(0o700).create(to).with_context(failed)?;
        for entry in fs::read_dir(from).with_context(failed)? {
            let name = entry.with_context(failed)?.file_name();
            copy_if_there(&from.join(&name), &to.join(&name))?;
        }
        File::open(to).and_then(|folder| folder.sync_all()).with_context(failed)?;
    } else if kind.is_file() {
        fs::copy(from, to).with_context(failed)?;
        File::open(to).and_then(|file| file.sync_all()).with_context(failed)?;
    }
    Ok(())
}
