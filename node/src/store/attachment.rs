//! Which attachments are on disk, and which of them the hub still wants.

use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::publication::Sha256Hex;
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::row::{Place, sqlite, stored};

/// Notes that the bytes are on disk. Of bytes that are there again the time is the newer one: nobody takes them for
/// unneeded before they are named.
pub(super) async fn attachment_put(
    tx: &mut Tx,
    sha256: &Sha256Hex,
    size_bytes: u64,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into attachment (sha256, size_bytes, stored_ms) values ($1, $2, $3)
         on conflict (sha256) do update set stored_ms = excluded.stored_ms",
    )
    .bind(sha256.as_str())
    .bind(stored(size_bytes))
    .bind(now_ms)
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Sizes of those of these attachments that are on disk.
pub(super) async fn attachments_find(
    conn: &mut Conn,
    wanted: &BTreeSet<&str>,
) -> Result<BTreeMap<String, u64>, StoreError> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select sha256, size_bytes from attachment where sha256 in (select value from json_each($1))",
    )
    .bind(serde_json::json!(wanted).to_string())
    .fetch_all(sqlite(conn)?)
    .await?;
    rows.into_iter()
        .map(|(sha256, size)| {
            let size = Place { table: "attachment", row: &sha256 }.count("size_bytes", size)?;
            Ok((sha256, size))
        })
        .collect()
}

/// Somebody names these now: the time of an attachment is when it was stored or last named.
pub(super) async fn attachments_touch(
    tx: &mut Tx,
    named: &BTreeMap<String, u64>,
    now_ms: i64,
) -> Result<(), StoreError> {
    if named.is_empty() {
        return Ok(());
    }
    let named: BTreeSet<&String> = named.keys().collect();
    sqlx::query("update attachment set stored_ms = $2 where sha256 in (select value from json_each($1))")
        .bind(serde_json::json!(named).to_string())
        .bind(now_ms)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// The hub will want these once it has the entry `seq`, unless it has their bytes already.
pub(super) async fn attachments_name(
    tx: &mut Tx,
    named: &BTreeSet<String>,
    seq: u64,
) -> Result<(), StoreError> {
    if named.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update attachment set due_seq = coalesce(due_seq, $2)
         where delivered = 0 and sha256 in (select value from json_each($1))",
    )
    .bind(serde_json::json!(named).to_string())
    .bind(stored(seq))
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Entries after this one are no part of the log any more: what was due with them is due when it is named again.
pub(super) async fn attachments_rename(tx: &mut Tx, common: u64) -> Result<(), StoreError> {
    sqlx::query("update attachment set due_seq = null where due_seq > $1")
        .bind(stored(common))
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// The hub says that it does not have these.
pub(super) async fn attachments_missed(
    tx: &mut Tx,
    missing: &[Sha256Hex],
    seq: u64,
) -> Result<(), StoreError> {
    for sha256 in missing {
        let known = sqlx::query("update attachment set delivered = 0, due_seq = $2 where sha256 = $1")
            .bind(sha256.as_str())
            .bind(stored(seq))
            .execute(sqlite(tx)?)
            .await?;
        if known.rows_affected() == 0 {
            tracing::error!(
                sha256 = sha256.as_str(),
                "the hub misses an attachment that this node does not have"
            );
        }
    }
    Ok(())
}

/// An attachment that the hub waits for.
pub(super) async fn attachment_due(
    conn: &mut Conn,
    durable_seq: u64,
) -> Result<Option<Sha256Hex>, StoreError> {
    let due: Option<String> = sqlx::query_scalar(
        "select sha256 from attachment where due_seq <= $1 order by due_seq, sha256 limit 1",
    )
    .bind(stored(durable_seq))
    .fetch_optional(sqlite(conn)?)
    .await?;
    due.map(|due| hash_kept(&due)).transpose()
}

/// A hash as the store keeps it.
pub(super) fn hash_kept(sha256: &str) -> Result<Sha256Hex, StoreError> {
    let damaged = |_| Place { table: "attachment", row: &sha256 }.damaged("sha256", "is no hash");
    Ok(sha256.parse().map_err(damaged)?)
}

/// The hub has the bytes.
pub(super) async fn attachment_delivered(tx: &mut Tx, sha256: &Sha256Hex) -> Result<(), StoreError> {
    sqlx::query("update attachment set delivered = 1, due_seq = null where sha256 = $1")
        .bind(sha256.as_str())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// The hub cannot take the bytes now: ask again only when it asks for them.
pub(super) async fn attachment_set_aside(tx: &mut Tx, sha256: &Sha256Hex) -> Result<(), StoreError> {
    sqlx::query("update attachment set due_seq = null where sha256 = $1")
        .bind(sha256.as_str())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}
