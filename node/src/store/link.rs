//! What the node remembers of the hub.

use std::collections::BTreeSet;

use shouwang_proto::log::chain::Position;
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::row::{Place, sqlite, stored};
use crate::hub_link::machine::{HubMemory, HubShown, Incarnation};

/// What the node remembers of the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkMemory {
    /// Starts of this node so far.
    pub boots: u64,
    /// The hubs it has met.
    pub hub: HubMemory,
    /// What the hub last acknowledged; a hint.
    pub durable: Position,
    /// What the hub last said to have in its index; a hint.
    pub searchable: u64,
    /// Why publishing is held.
    pub held: Option<String>,
}

/// One own entry that the hub does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Epoch of the entry.
    pub epoch: u64,
    /// Its sequence number.
    pub seq: u64,
    /// Stable reason.
    pub reason: String,
    /// The reason in words.
    pub detail: String,
}

/// Boots; epoch and incarnation of the hub; epoch, seq and hash of what is durable; searchable; held.
type LinkRow = (i64, i64, Vec<u8>, i64, i64, Vec<u8>, i64, Option<String>);

/// Reads the memory.
pub(super) async fn link_find(conn: &mut Conn) -> Result<LinkMemory, StoreError> {
    let row: LinkRow = sqlx::query_as(
        "select boots, hub_epoch, hub_incarnation, durable_epoch, durable_seq, durable_hash, searchable_seq, held
         from link",
    )
    .fetch_one(sqlite(conn)?)
    .await?;
    let left: Vec<Vec<u8>> =
        sqlx::query_scalar("select incarnation from hub_left").fetch_all(sqlite(conn)?).await?;
    let (boots, hub_epoch, incarnation, epoch, seq, hash, searchable, held) = row;
    let place = Place { table: "link", row: &"1" };
    let read = |bytes: &[u8]| {
        Incarnation::from_slice(bytes).ok_or_else(|| place.damaged("hub_incarnation", "is not 16 bytes"))
    };
    let hub = HubMemory {
        last: HubShown { epoch: place.count("hub_epoch", hub_epoch)?, incarnation: read(&incarnation)? },
        left: left.iter().map(|bytes| read(bytes)).collect::<Result<_, _>>()?,
    };
    Ok(LinkMemory {
        boots: place.count("boots", boots)?,
        hub,
        durable: Position {
            epoch: place.count("durable_epoch", epoch)?,
            seq: place.count("durable_seq", seq)?,
            hash: place.hash("durable_hash", &hash)?,
        },
        searchable: place.count("searchable_seq", searchable)?,
        held,
    })
}

/// Counts a start.
pub(super) async fn boots_advance(tx: &mut Tx) -> Result<(), StoreError> {
    sqlx::query("update link set boots = boots + 1").execute(sqlite(tx)?).await?;
    Ok(())
}

/// Remembers how far the hub has come.
pub(super) async fn durable_put(tx: &mut Tx, durable: Position, searchable: u64) -> Result<(), StoreError> {
    sqlx::query(
        "update link set durable_epoch = $1, durable_seq = $2, durable_hash = $3, searchable_seq = $4",
    )
    .bind(stored(durable.epoch))
    .bind(stored(durable.seq))
    .bind(durable.hash.to_vec())
    .bind(stored(searchable))
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Remembers that a hub has taken the place of the one before. Its epoch never falls. What the one before acknowledged this
/// one has not: to remember that would look as if this one had gone back.
pub(super) async fn hub_put(tx: &mut Tx, hub: HubShown) -> Result<(), StoreError> {
    let incarnation = hub.incarnation.0.to_vec();
    sqlx::query(
        "insert or ignore into hub_left (incarnation)
         select hub_incarnation from link where hub_incarnation <> $1 and hub_incarnation <> zeroblob(16)",
    )
    .bind(incarnation.clone())
    .execute(sqlite(tx)?)
    .await?;
    sqlx::query(
        "update link set hub_epoch = max(hub_epoch, $1), hub_incarnation = $2, durable_epoch = 0, durable_seq = 0,
         durable_hash = zeroblob(32)",
    )
        .bind(stored(hub.epoch))
        .bind(incarnation)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Holds publishing, or lets it go on.
pub(super) async fn held_put(tx: &mut Tx, why: Option<&str>) -> Result<(), StoreError> {
    sqlx::query("update link set held = $1").bind(why).execute(sqlite(tx)?).await?;
    Ok(())
}

/// Keeps what the hub does not show.
pub(super) async fn quarantine_put(tx: &mut Tx, notices: &[Quarantined]) -> Result<(), StoreError> {
    for notice in notices {
        sqlx::query("insert or replace into quarantine (seq, epoch, reason, detail) values ($1, $2, $3, $4)")
            .bind(stored(notice.seq))
            .bind(stored(notice.epoch))
            .bind(&notice.reason)
            .bind(&notice.detail)
            .execute(sqlite(tx)?)
            .await?;
    }
    Ok(())
}

/// The hub shows every entry up to this one again.
pub(super) async fn quarantine_clear(tx: &mut Tx, until: u64) -> Result<(), StoreError> {
    sqlx::query("delete from quarantine where seq <= $1").bind(stored(until)).execute(sqlite(tx)?).await?;
    Ok(())
}

/// Those of these entries that the hub does not show.
pub(super) async fn quarantined_among(conn: &mut Conn, seqs: &[u64]) -> Result<BTreeSet<u64>, StoreError> {
    let rows: Vec<i64> =
        sqlx::query_scalar("select seq from quarantine where seq in (select value from json_each($1))")
            .bind(serde_json::json!(seqs).to_string())
            .fetch_all(sqlite(conn)?)
            .await?;
    Ok(rows.into_iter().filter_map(|seq| u64::try_from(seq).ok()).collect())
}
