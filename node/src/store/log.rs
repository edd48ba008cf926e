//! The log: reading it back, and appending to it.
//!
//! The newest entry is found by `max(seq)`, never from a counter beside it. The digest of the live set is kept with the
//! hash of the entry it belongs to, in the store and in memory alike: when that is not the newest entry — an operation
//! was undone, a commit failed, a restore was cut short — it is of no use and is made anew. A log is a function of its
//! newest hash, so a digest under the right hash is the right digest.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use shouwang_proto::{
    id::RecordId,
    log::{
        Hash,
        chain::Position,
        digest::{Live, StateDigest},
        entry::{EntryKind, Header},
        sealed::SealedEntry,
    },
};
use shouwang_serving::store::{Batch, Conn, StoreError, Tx};

use super::row::{Place, sqlite, stored};

/// Where the log stands and what is live in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tip {
    /// The newest entry.
    pub position: Position,
    /// Digest of the live set.
    pub digest: StateDigest,
}

/// The tip that the last operation left behind, whether or not it was committed.
#[derive(Clone, Debug, Default)]
pub(super) struct TipCache(Arc<Mutex<Option<Tip>>>);

impl TipCache {
    fn take_if_at(&self, hash: Hash) -> Option<Tip> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        cached.filter(|tip| tip.position.hash == hash)
    }

    fn keep(&self, tip: Tip) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tip);
    }

    /// The tip for an operation that will append; give it back with [`appended`].
    pub(super) async fn load(&self, conn: &mut Conn) -> Result<Tip, StoreError> {
        let position = position_find(conn).await?;
        match self.take_if_at(position.hash) {
            Some(tip) => Ok(tip),
            None => Ok(Tip { digest: digest_at(conn, position.hash).await?, position }),
        }
    }
}

/// The newest entry.
pub(super) async fn position_find(conn: &mut Conn) -> Result<Position, StoreError> {
    let row: Option<(i64, i64, Vec<u8>)> =
        sqlx::query_as("select epoch, seq, entry_hash from log_entry order by seq desc limit 1")
            .fetch_optional(sqlite(conn)?)
            .await?;
    let Some((epoch, seq, hash)) = row else { return Ok(Position::default()) };
    let place = Place { table: "log_entry", row: &seq };
    Ok(Position {
        epoch: place.count("epoch", epoch)?,
        seq: place.count("seq", seq)?,
        hash: place.hash("entry_hash", &hash)?,
    })
}

/// The tip, for reading.
pub(super) async fn tip_find(conn: &mut Conn) -> Result<Tip, StoreError> {
    let position = position_find(conn).await?;
    Ok(Tip { digest: digest_at(conn, position.hash).await?, position })
}

async fn digest_at(conn: &mut Conn, hash: Hash) -> Result<StateDigest, StoreError> {
    let stored: Option<Vec<u8>> = sqlx::query_scalar("select sums from digest where entry_hash = $1")
        .bind(hash.to_vec())
        .fetch_optional(sqlite(conn)?)
        .await?;
    match stored.as_deref().and_then(StateDigest::from_bytes) {
        Some(digest) => Ok(digest),
        None => digest_rebuild(conn).await,
    }
}

/// Makes the digest anew from the log. True when it was another one.
pub(super) async fn digest_anew(tx: &mut Tx, cache: &TipCache) -> Result<bool, StoreError> {
    let position = position_find(tx).await?;
    let (kept, digest) = (digest_at(tx, position.hash).await?, digest_rebuild(tx).await?);
    let was_wrong = kept != digest;
    let tip = Tip { position, digest };
    if was_wrong {
        digest_put(tx, &tip).await?;
    }
    cache.keep(tip);
    Ok(was_wrong)
}

/// Headers read at once when the digest is made anew.
const REBUILD_PAGE: i64 = 4096;

/// The digest from all headers of the log.
async fn digest_rebuild(conn: &mut Conn) -> Result<StateDigest, StoreError> {
    let mut live: BTreeMap<RecordId, Live> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page: Vec<(i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "select seq, header, entry_hash from log_entry where seq > $1 order by seq limit $2",
        )
        .bind(after)
        .bind(REBUILD_PAGE)
        .fetch_all(sqlite(conn)?)
        .await?;
        let Some((newest, _, _)) = page.last() else { break };
        after = *newest;
        for (seq, header, hash) in page {
            let place = Place { table: "log_entry", row: &seq };
            let header = Header::decode(&header).map_err(|error| place.damaged("header", error))?;
            match header.kind {
                EntryKind::Put => {
                    let put = Live::of_put(&header, place.hash("entry_hash", &hash)?);
                    put.map(|put| live.insert(header.record, put));
                }
                EntryKind::Withdraw | EntryKind::Redact => {
                    live.remove(&header.record);
                }
                EntryKind::Key | EntryKind::EpochBegin => {}
            }
        }
    }
    let mut digest = StateDigest::default();
    live.values().for_each(|live| digest.insert(live));
    Ok(digest)
}

/// Hash of the entry with this number; of the place before the first, zeros; `None` beyond the newest.
pub(super) async fn entry_hash_find(conn: &mut Conn, seq: u64) -> Result<Option<Hash>, StoreError> {
    if seq == 0 {
        return Ok(Some(Hash::ZERO));
    }
    let hash: Option<Vec<u8>> = sqlx::query_scalar("select entry_hash from log_entry where seq = $1")
        .bind(stored(seq))
        .fetch_optional(sqlite(conn)?)
        .await?;
    let place = Place { table: "log_entry", row: &seq };
    hash.map(|hash| place.hash("entry_hash", &hash)).transpose().map_err(StoreError::from)
}

/// Entries for the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSlice {
    /// In order, without a gap.
    pub entries: Vec<SealedEntry>,
    /// Their size together in bytes.
    pub bytes: u64,
    /// True when the next entry exists and was left out because of its size.
    pub cut: bool,
}

/// Seq, header, signature and payload of an entry.
pub(super) type EntryRow = (i64, Vec<u8>, Vec<u8>, Vec<u8>);

/// Entries read at once for the wire, so that a large budget of bytes is not read in vain.
const SLICE_PAGE: usize = 64;

/// The entries after `seq`, as many as fit.
///
/// # Errors
/// A stored entry whose payload is not the one its header names is an error: it must not leave the node.
pub(super) async fn log_after(
    conn: &mut Conn,
    seq: u64,
    most_entries: usize,
    most_bytes: u64,
) -> Result<LogSlice, StoreError> {
    let mut slice = LogSlice::default();
    let mut after = stored(seq);
    while slice.entries.len() < most_entries {
        let wanted = SLICE_PAGE.min(most_entries - slice.entries.len());
        let page: Vec<EntryRow> = sqlx::query_as(
            "select seq, header, signature, payload from log_entry where seq > $1 order by seq limit $2",
        )
        .bind(after)
        .bind(i64::try_from(wanted).unwrap_or(i64::MAX))
        .fetch_all(sqlite(conn)?)
        .await?;
        let ends = page.len() < wanted;
        for (seq, header, signature, payload) in page {
            let size = u64::try_from(header.len() + signature.len() + payload.len()).unwrap_or(u64::MAX);
            if slice.bytes + size > most_bytes {
                slice.cut = true;
                return Ok(slice);
            }
            let place = Place { table: "log_entry", row: &seq };
            let entry = SealedEntry::open(Bytes::from(header), Bytes::from(signature), Bytes::from(payload))
                .map_err(|error| place.damaged("payload", error))?;
            slice.bytes += size;
            slice.entries.push(entry);
            after = seq;
        }
        if ends {
            break;
        }
    }
    Ok(slice)
}

/// Writes new entries and the digest after them, and keeps the tip for the next operation.
pub(super) async fn appended(
    tx: &mut Tx,
    cache: &TipCache,
    tip: Tip,
    entries: &[SealedEntry],
) -> Result<(), StoreError> {
    entries_insert(tx, LOG, entries).await?;
    digest_put(tx, &tip).await?;
    cache.keep(tip);
    Ok(())
}

/// Keeps the digest of the tip.
pub(super) async fn digest_put(tx: &mut Tx, tip: &Tip) -> Result<(), StoreError> {
    sqlx::query("insert or replace into digest (only_row, entry_hash, sums) values (1, $1, $2)")
        .bind(tip.position.hash.to_vec())
        .bind(tip.digest.to_bytes())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// The table of the log.
pub(super) const LOG: &str = "log_entry";
/// The table of the hub's branch beside it.
pub(super) const BRANCH: &str = "branch_entry";

/// Writes entries into one of the two tables, and nothing else.
pub(super) async fn entries_insert(
    tx: &mut Tx,
    table: &'static str,
    entries: &[SealedEntry],
) -> Result<(), StoreError> {
    let each = |part: fn(&SealedEntry) -> Vec<u8>| entries.iter().map(part).collect::<Vec<_>>();
    let number =
        |part: fn(&SealedEntry) -> u64| entries.iter().map(|entry| stored(part(entry))).collect::<Vec<_>>();
    Batch::into(table)
        .column("seq", number(|entry| entry.header().seq))
        .column("epoch", number(|entry| entry.header().epoch))
        .column("entry_hash", each(|entry| entry.hash().to_vec()))
        .column("header", each(|entry| entry.header_bytes().to_vec()))
        .column("signature", each(|entry| entry.signature().to_vec()))
        .column("payload", each(|entry| entry.payload().to_vec()))
        .run(tx)
        .await?;
    Ok(())
}
