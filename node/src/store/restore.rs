//! Own entries that come back from the hub after this node's disk was restored from a backup.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    clock::from_millis,
    id::RecordId,
    log::{
        chain::{ChainError, Position},
        entry::{EntryKind, Header},
        sealed::SealedEntry,
    },
    publication::{Content, time_from_wire},
    wire,
};
use shouwang_serving::store::{StoreError, Tx};

use super::{
    log::{LOG, TipCache, appended, entries_insert, position_find, tip_find},
    pen::{Author, Sheet},
    publication::{numbers_free, publication_find, publications_put},
};
use crate::shelf::{Edition, EntryRef, Item, Standing};

/// How far a restore has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// More is to come.
    Partly,
    /// Everything is back and a new epoch has begun: the newest entry.
    Complete(Position),
}

/// Why entries from the hub were not taken.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// They are not signed by this node.
    #[error("the hub sent an entry that this node did not sign")]
    NotOurs,
    /// They do not continue the own log: it was written after it was restored.
    #[error("the hub's copy does not continue the own log: {0}")]
    Forked(#[from] ChainError),
    /// The own store failed.
    #[error("the own store failed")]
    Store(#[source] StoreError),
}

/// Appends own entries verbatim; at `until`, begins a new epoch in the same transaction.
pub(super) async fn log_restore(
    tx: &mut Tx,
    author: &Arc<Author>,
    cache: &TipCache,
    entries: &[SealedEntry],
    until: Position,
    now: Timestamp,
    salt: [u8; 16],
) -> Result<Result<Restored, RestoreError>, StoreError> {
    let mut position = position_find(tx).await?;
    for entry in entries {
        match follow(author, position, entry) {
            Ok(next) => position = next,
            Err(error) => return Ok(Err(error)),
        }
    }
    entries_insert(tx, LOG, entries).await?;
    shelf_restore(tx, entries).await?;
    if position.seq < until.seq {
        return Ok(Ok(Restored::Partly));
    }
    // The digest under an older hash is stale now, so this makes it anew from all headers.
    let mut sheet = Sheet::new(Arc::clone(author), now, tip_find(tx).await?);
    sheet.begin_epoch(0, salt);
    let Sheet { tip, entries, .. } = sheet;
    let position = tip.position;
    appended(tx, cache, tip, &entries).await?;
    Ok(Ok(Restored::Complete(position)))
}

pub(super) fn follow(
    author: &Author,
    position: Position,
    entry: &SealedEntry,
) -> Result<Position, RestoreError> {
    let header = entry.header();
    let ours = header.alliance == author.alliance && header.member == author.member;
    if !ours || !entry.verifies(&author.key.public()) {
        return Err(RestoreError::NotOurs);
    }
    Ok(position.follow(header, entry.hash())?)
}

/// Brings the shelf to where the entries leave it.
async fn shelf_restore(tx: &mut Tx, entries: &[SealedEntry]) -> Result<(), StoreError> {
    let mut items: BTreeMap<RecordId, Item> = BTreeMap::new();
    for entry in entries {
        let header = entry.header();
        let written = EntryRef { seq: header.seq, hash: entry.hash() };
        match header.kind {
            EntryKind::Put => match item_of(header, entry.payload(), written) {
                Some(item) => {
                    items.insert(item.record, item);
                }
                None => tracing::warn!(
                    seq = header.seq,
                    record = %header.record,
                    "an own entry came back without content that can be read; it stays in the log alone"
                ),
            },
            EntryKind::Withdraw | EntryKind::Redact => {
                let known = match items.remove(&header.record) {
                    Some(item) => Some(item),
                    None => publication_find(tx, header.record).await?,
                };
                if let Some(mut item) = known
                    && let Some(edition) = item.standing.edition().copied()
                {
                    item.standing = Standing::Withdrawn(Edition { entry: written, ..edition });
                    item.updated = from_millis(header.written_ms);
                    items.insert(item.record, item);
                }
            }
            EntryKind::Key | EntryKind::EpochBegin => {}
        }
    }
    let items: Vec<&Item> = items.values().collect();
    if items.is_empty() {
        return Ok(());
    }
    numbers_free(tx, &items).await?;
    publications_put(tx, &items).await
}

/// The item as a PUT entry leaves it; `None` when the content was destroyed or this version cannot read it.
pub(super) fn item_of(header: &Header, payload: &[u8], entry: EntryRef) -> Option<Item> {
    let publication = wire::RecordPayload::decode(payload).ok()?.publication?;
    let written = from_millis(header.written_ms);
    let created = publication.create_time.as_ref().and_then(time_from_wire).unwrap_or(written);
    Some(Item {
        record: header.record,
        content: Content::from_wire(publication).ok()?,
        standing: Standing::Published(Edition { revision: header.revision, published: written, entry }),
        created,
        updated: written,
    })
}
