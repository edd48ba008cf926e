//! The hub's branch beside the own log, and own entries that were set aside, in SQL.

use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::{
    clock::from_millis,
    id::RecordId,
    log::{
        Hash,
        chain::Position,
        entry::{EntryKind, Header},
        sealed::SealedEntry,
    },
};
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::{
    log::EntryRow,
    publication::publication_find,
    restore::item_of,
    row::{Place, sqlite, stored},
};
use crate::shelf::{Edition, EntryRef, Item, Parted, Standing};

/// The hub's branch as far as it lies beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    /// The last entry that both have.
    pub(super) common: Position,
    /// The newest entry of the branch; `common` when it has none yet.
    pub(super) end: Position,
}

/// Forgets what lay beside the log, and begins after an own entry.
pub(super) async fn branch_begin(tx: &mut Tx, common: u64) -> Result<(), StoreError> {
    sqlx::query("delete from branch_entry").execute(sqlite(tx)?).await?;
    sqlx::query("delete from branch").execute(sqlite(tx)?).await?;
    let hash = super::log::entry_hash_find(tx, common).await?.unwrap_or(Hash::ZERO);
    sqlx::query("insert into branch (only_row, common_seq, common_hash) values (1, $1, $2)")
        .bind(stored(common))
        .bind(hash.to_vec())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// The branch, if one lies there and the own log still has the entry from which it parts.
pub(super) async fn branch_find(conn: &mut Conn) -> Result<Option<Branch>, StoreError> {
    let row: Option<(i64, Vec<u8>, Option<i64>)> = sqlx::query_as(
        "select b.common_seq, b.common_hash, (select epoch from log_entry where seq = b.common_seq) from branch b",
    )
    .fetch_optional(sqlite(conn)?)
    .await?;
    let Some((seq, hash, epoch)) = row else { return Ok(None) };
    let place = Place { table: "branch", row: &"1" };
    let (seq, hash) = (place.count("common_seq", seq)?, place.hash("common_hash", &hash)?);
    if super::log::entry_hash_find(conn, seq).await? != Some(hash) {
        return Ok(None);
    }
    let common = Position { epoch: place.count("common_seq", epoch.unwrap_or(0))?, seq, hash };
    let row: Option<(i64, i64, Vec<u8>)> =
        sqlx::query_as("select epoch, seq, entry_hash from branch_entry order by seq desc limit 1")
            .fetch_optional(sqlite(conn)?)
            .await?;
    let end = match row {
        None => common,
        Some((epoch, seq, hash)) => Position {
            epoch: place.count("epoch", epoch)?,
            seq: place.count("seq", seq)?,
            hash: place.hash("entry_hash", &hash)?,
        },
    };
    Ok(Some(Branch { common, end }))
}

/// The answer that a fork of this name was ended with.
pub(super) async fn fork_find(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let answer = sqlx::query_scalar("select answer from fork where name = $1").bind(name);
    Ok(answer.fetch_optional(sqlite(conn)?).await?)
}

/// Notes that a fork is ended.
pub(super) async fn fork_put(tx: &mut Tx, name: &str, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query("insert into fork (name, resolved_ms, answer) values ($1, $2, x'')")
        .bind(name)
        .bind(now_ms)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Keeps the answer.
pub(super) async fn fork_answer(tx: &mut Tx, name: &str, answer: &[u8]) -> Result<(), StoreError> {
    sqlx::query("update fork set answer = $2 where name = $1")
        .bind(name)
        .bind(answer)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Sets the own entries after `common` aside, and puts the branch in their place.
pub(super) async fn log_replace(tx: &mut Tx, fork: &str, common: u64) -> Result<(), StoreError> {
    sqlx::query(
        "insert into parted_entry (fork, seq, epoch, entry_hash, header, signature, payload)
         select $1, seq, epoch, entry_hash, header, signature, payload from log_entry where seq > $2",
    )
    .bind(fork)
    .bind(stored(common))
    .execute(sqlite(tx)?)
    .await?;
    for sql in ["delete from log_entry where seq > $1", "delete from quarantine where seq > $1"] {
        sqlx::query(sql).bind(stored(common)).execute(sqlite(tx)?).await?;
    }
    for sql in [
        "insert into log_entry (seq, epoch, entry_hash, header, signature, payload)
         select seq, epoch, entry_hash, header, signature, payload from branch_entry order by seq",
        "delete from branch_entry",
        "delete from branch",
    ] {
        sqlx::query(sql).execute(sqlite(tx)?).await?;
    }
    Ok(())
}

/// What was set aside.
pub(super) async fn parted_entries(conn: &mut Conn, fork: &str) -> Result<Vec<SealedEntry>, StoreError> {
    let rows: Vec<EntryRow> = sqlx::query_as(
        "select seq, header, signature, payload from parted_entry where fork = $1 order by seq",
    )
    .bind(fork)
    .fetch_all(sqlite(conn)?)
    .await?;
    let opened = rows.into_iter().map(|(seq, header, signature, payload)| {
        let place = Place { table: "parted_entry", row: &seq };
        let entry = SealedEntry::open(header.into(), signature.into(), payload.into());
        entry.map_err(|error| StoreError::from(place.damaged("payload", error)))
    });
    opened.collect()
}

/// What the newest entries of a record say.
#[derive(Clone, Copy, Debug, Default)]
struct Trail {
    /// The newest PUT, and whether it is in the branch.
    put: Option<(u64, bool)>,
    /// What took it back since.
    back: Option<EntryRef>,
}

/// Headers read at once.
const PAGE: i64 = 4096;

/// Goes through the headers of a table between two seqs, in order.
async fn headers(
    conn: &mut Conn,
    sql: &'static str,
    (mut after, until): (u64, u64),
    mut each: impl FnMut(Header, Hash),
) -> Result<(), StoreError> {
    loop {
        let page: Vec<(i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(sql)
            .bind(stored(after))
            .bind(stored(until))
            .bind(PAGE)
            .fetch_all(sqlite(conn)?)
            .await?;
        let Some((newest, _, _)) = page.last() else { return Ok(()) };
        after = Place { table: "log_entry", row: &"seq" }.count("seq", *newest)?;
        for (seq, header, hash) in page {
            let place = Place { table: "log_entry", row: &seq };
            let header = Header::decode(&header).map_err(|error| place.damaged("header", error))?;
            each(header, place.hash("entry_hash", &hash)?);
        }
    }
}

const OF_LOG: &str =
    "select seq, header, entry_hash from log_entry where seq > $1 and seq <= $2 order by seq limit $3";
const OF_BRANCH: &str =
    "select seq, header, entry_hash from branch_entry where seq > $1 and seq <= $2 order by seq limit $3";
/// Beyond every log.
const END: u64 = u64::MAX;

fn is_of_record(kind: EntryKind) -> bool {
    match kind {
        EntryKind::Put | EntryKind::Withdraw | EntryKind::Redact => true,
        EntryKind::Key | EntryKind::EpochBegin => false,
    }
}

/// Every record that one of the branches has written since `common`: first the own ones in the order in which they were
/// written last, then those of the hub's branch alone.
pub(super) async fn parted(conn: &mut Conn, common: u64) -> Result<Vec<Parted>, StoreError> {
    let mut own: BTreeMap<RecordId, u64> = BTreeMap::new();
    headers(conn, OF_LOG, (common, END), |header, _| {
        if is_of_record(header.kind) {
            own.insert(header.record, header.seq);
        }
    })
    .await?;
    let mut touched: BTreeSet<RecordId> = own.keys().copied().collect();
    headers(conn, OF_BRANCH, (common, END), |header, _| {
        if is_of_record(header.kind) {
            touched.insert(header.record);
        }
    })
    .await?;
    let trails = trails(conn, common, &touched).await?;
    let mut order: Vec<RecordId> = touched.into_iter().collect();
    order.sort_by_key(|record| own.get(record).copied().unwrap_or(u64::MAX));
    let mut parted = Vec::with_capacity(order.len());
    for record in order {
        let shelf = publication_find(conn, record).await?;
        let trail = trails.get(&record).copied().unwrap_or_default();
        let hub = standing(conn, trail, shelf.as_ref()).await?;
        parted.push(Parted { record, hub, own: shelf.filter(|_| own.contains_key(&record)) });
    }
    Ok(parted)
}

/// What the log up to `common` and the branch after it say of these records.
async fn trails(
    conn: &mut Conn,
    common: u64,
    records: &BTreeSet<RecordId>,
) -> Result<BTreeMap<RecordId, Trail>, StoreError> {
    let mut trails: BTreeMap<RecordId, Trail> = BTreeMap::new();
    for (sql, until, in_branch) in [(OF_LOG, common, false), (OF_BRANCH, END, true)] {
        headers(conn, sql, (0, until), |header, hash| {
            if !records.contains(&header.record) {
                return;
            }
            let trail = trails.entry(header.record).or_default();
            match header.kind {
                EntryKind::Put => *trail = Trail { put: Some((header.seq, in_branch)), back: None },
                EntryKind::Withdraw | EntryKind::Redact => {
                    trail.back = Some(EntryRef { seq: header.seq, hash });
                }
                EntryKind::Key | EntryKind::EpochBegin => {}
            }
        })
        .await?;
    }
    Ok(trails)
}

/// The record as its newest entries leave it. A content that was destroyed is as the shelf has it.
async fn standing(conn: &mut Conn, trail: Trail, shelf: Option<&Item>) -> Result<Option<Item>, StoreError> {
    let Some((seq, in_branch)) = trail.put else { return Ok(None) };
    let sql = if in_branch {
        "select header, entry_hash, payload from branch_entry where seq = $1"
    } else {
        "select header, entry_hash, payload from log_entry where seq = $1"
    };
    let (header, hash, payload): (Vec<u8>, Vec<u8>, Vec<u8>) =
        sqlx::query_as(sql).bind(stored(seq)).fetch_one(sqlite(conn)?).await?;
    let place = Place { table: "log_entry", row: &seq };
    let header = Header::decode(&header).map_err(|error| place.damaged("header", error))?;
    let entry = EntryRef { seq, hash: place.hash("entry_hash", &hash)? };
    let written = from_millis(header.written_ms);
    let edition = Edition { revision: header.revision, published: written, entry };
    let known = item_of(&header, &payload, entry).or_else(|| {
        shelf.map(|item| Item { standing: Standing::Published(edition), updated: written, ..item.clone() })
    });
    Ok(known.map(|item| match trail.back {
        None => item,
        Some(entry) => Item { standing: Standing::Withdrawn(Edition { entry, ..edition }), ..item },
    }))
}
