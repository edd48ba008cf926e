//! A log that was written twice. What the hub has instead of own entries is laid beside the log page by page (the branch);
//! when a person has seen what differs, one transaction makes it the log and writes again on top of it what is missing.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    clock::World,
    log::{chain::Position, sealed::SealedEntry},
    refusal::Refusal,
};
use shouwang_serving::store::{Conn, StoreError, Tx};
use tonic::Code;

use super::{
    Gate, NodeStore, RestoreError, Wake,
    attachment::{attachments_name, attachments_rename},
    branch::{self, Branch},
    kept,
    log::{BRANCH, TipCache, appended, entries_insert, position_find, tip_find},
    pen::{Author, Sheet},
    publication::{numbers_free, publications_delete, publications_put},
    restore::follow,
};
use crate::shelf::{Item, Mended, Standing, Step, mend};

/// A fork as it is found.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkView {
    /// Names exactly these two branches.
    pub name: String,
    /// The last entry that both have.
    pub common: Position,
    /// The newest own entry.
    pub own: Position,
    /// The newest entry at the hub.
    pub hub: Position,
    /// What becomes of every record, the own ones in the order in which they were written.
    pub mended: Vec<Mended>,
}

/// What came of a wish to end a fork.
#[derive(Clone, Debug, PartialEq)]
pub enum ForkEnded {
    /// It was ended now: what was found, and the newest entry; and the answer, as it is kept.
    Now(Box<ForkView>, Position, Vec<u8>),
    /// It was ended before, with this answer.
    Before(Vec<u8>),
}

fn not_forked() -> Refusal {
    Refusal::precondition(
        "NOT_FORKED",
        "this node's log and the hub's copy have not parted; if publishing is held, the link to the hub goes on by itself \
         （本节点日志与枢纽副本没有分叉）",
    )
}

fn changed() -> Refusal {
    Refusal::new(
        Code::Aborted,
        "FORK_CHANGED",
        "this is not the fork that was shown last: look again （分叉已变化，请重新查看）",
    )
}

/// What is found; a refusal when there is none.
async fn view(conn: &mut Conn) -> Result<ForkView, StoreError> {
    let own = position_find(conn).await?;
    let Some(Branch { common, end }) = branch::branch_find(conn).await? else {
        return Err(not_forked().into());
    };
    if common.seq == own.seq || common.seq == end.seq {
        return Err(not_forked().into());
    }
    let digest = Sha256::new()
        .chain_update(b"shouwang fork")
        .chain_update(own.hash.to_vec())
        .chain_update(end.hash.to_vec())
        .finalize();
    let name = format!("forks/{}", hex::encode(&digest[..16]));
    let mended = mend(branch::parted(conn, common.seq).await?);
    Ok(ForkView { name, common, own, hub: end, mended })
}

impl NodeStore {
    /// Begins to lay the hub's branch beside the log, from the entry on that both have.
    ///
    /// # Errors
    /// NOT_FORKED when publishing is not held; what the store said.
    pub async fn branch_begin(&self, common: u64) -> Result<(), StoreError> {
        let pen = self.pen.clone();
        self.store
            .write(async move |tx| {
                if !matches!(pen.gate(), Gate::Held(_)) {
                    return Err(not_forked().into());
                }
                branch::branch_begin(tx, common).await
            })
            .await
    }

    /// Lays the next entries beside the log, each checked: signed by this node, following the one before.
    ///
    /// # Errors
    /// [`RestoreError`]; nothing of the page is kept then.
    pub async fn branch_add(&self, entries: Vec<SealedEntry>) -> Result<(), RestoreError> {
        let author = self.pen.author().cloned().ok_or(RestoreError::NotOurs)?;
        let added = self
            .store
            .write(async move |tx| {
                let Some(Branch { end, .. }) = branch::branch_find(tx).await? else {
                    return Err(changed().into());
                };
                let mut position = end;
                for entry in &entries {
                    match follow(&author, position, entry) {
                        Ok(next) => position = next,
                        Err(error) => return Ok(Err(error)),
                    }
                }
                entries_insert(tx, BRANCH, &entries).await?;
                Ok(Ok(()))
            })
            .await;
        added.map_err(RestoreError::Store)?
    }

    /// The fork as it lies there.
    ///
    /// # Errors
    /// NOT_FORKED; what the store said.
    pub async fn fork(&self) -> Result<ForkView, StoreError> {
        self.store.read(async |conn| view(conn).await).await
    }

    /// Own entries that were set aside when this fork was ended, in order.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged entry is one.
    pub async fn parted_entries(&self, fork: &str) -> Result<Vec<SealedEntry>, StoreError> {
        let fork = fork.to_owned();
        self.store.read(async move |conn| branch::parted_entries(conn, &fork).await).await
    }

    /// Ends the fork of this name: the branch becomes the log, own entries are set aside, a new epoch begins, and what the
    /// own branch left is written again where the hub has something else. `response` encodes the answer that a repeated
    /// request shall get. Publishing stays held until the hub agrees.
    ///
    /// # Errors
    /// NOT_FORKED, FORK_CHANGED; what the store said. Nothing is changed then.
    pub async fn fork_end(
        &self,
        name: String,
        world: &World,
        response: impl FnOnce(&ForkView, Position, Timestamp) -> Vec<u8> + Send + 'static,
    ) -> Result<ForkEnded, StoreError> {
        let (pen, cache, grown) = (self.pen.clone(), self.cache.clone(), Arc::clone(&self.grown));
        let (world, now) = (world.clone(), kept(world.now()));
        let (ended, _wake) = self
            .store
            .write(async move |tx| {
                if let Some(answer) = branch::fork_find(tx, &name).await? {
                    return Ok((ForkEnded::Before(answer), None));
                }
                let author = pen.author().cloned().filter(|_| matches!(pen.gate(), Gate::Held(_)));
                let author = author.ok_or_else(not_forked)?;
                let view = view(tx).await?;
                if view.name != name {
                    return Err(changed().into());
                }
                branch::fork_put(tx, &name, now.as_millisecond()).await?;
                branch::log_replace(tx, &name, view.common.seq).await?;
                let head = write_again(tx, &author, &cache, &view, &world, now).await?;
                let answer = response(&view, head, now);
                branch::fork_answer(tx, &name, &answer).await?;
                let wake = Some(Wake { grown, seq: head.seq });
                Ok((ForkEnded::Now(Box::new(view), head, answer), wake))
            })
            .await?;
        Ok(ended)
    }
}

/// On top of the hub's branch: a new epoch, and what the own branch left.
async fn write_again(
    tx: &mut Tx,
    author: &Arc<Author>,
    cache: &TipCache,
    view: &ForkView,
    world: &World,
    now: Timestamp,
) -> Result<Position, StoreError> {
    // The digest under the old hash is stale now, so this makes it anew from all headers.
    let mut sheet = Sheet::new(Arc::clone(author), now, tip_find(tx).await?);
    sheet.begin_epoch(view.own.epoch, world.random());
    let (mut items, mut named, mut gone) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for Mended { parted, step, .. } in &view.mended {
        if step.record() != parted.record {
            gone.insert(parted.record);
        }
        items.push(match step {
            Step::TakeTheirs(item) | Step::KeepAsDraft(item) => item.clone(),
            Step::PutAgain { base, content, revision } => {
                let standing = sheet.put(base, content, *revision, world.random())?;
                named.extend(content.attachments.iter().map(|file| file.sha256.as_str().to_owned()));
                Item { content: (**content).clone(), standing, updated: now, ..base.clone() }
            }
            Step::WithdrawAgain { base, edition } => {
                let standing: Standing = sheet.withdraw(base, edition);
                Item { standing, updated: now, ..base.clone() }
            }
        });
    }
    let Sheet { tip, entries, .. } = sheet;
    let position = tip.position;
    publications_delete(tx, &gone).await?;
    let items: Vec<&Item> = items.iter().collect();
    numbers_free(tx, &items).await?;
    if !items.is_empty() {
        publications_put(tx, &items).await?;
    }
    attachments_rename(tx, view.common.seq).await?;
    attachments_name(tx, &named, position.seq).await?;
    appended(tx, cache, tip, &entries).await?;
    Ok(position)
}
