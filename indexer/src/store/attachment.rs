//! Which files the publications name, and whose bytes are on disk.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shouwang_proto::{
    id::{MemberId, RecordId},
    publication::Sha256Hex,
};
use shouwang_serving::{on, store::Batch};

use super::{Conn, StoreError, Tx, bad_row, column, counter};

/// Replaces what these records name.
///
/// # Errors
/// What the store said.
pub async fn attachments_name(
    tx: &mut Tx,
    member: &MemberId,
    files: &BTreeMap<RecordId, Vec<(Sha256Hex, u64)>>,
) -> Result<(), StoreError> {
    for record in files.keys() {
        on!(tx, c => sqlx::query("delete from attachment_wanted where member_id = $1 and record = $2")
            .bind(member.as_str()).bind(record.to_string()).execute(&mut *c).await?.rows_affected());
    }
    let named: Vec<(&RecordId, &Sha256Hex, u64)> = files
        .iter()
        .flat_map(|(record, named)| named.iter().map(move |(hash, size)| (record, hash, *size)))
        .collect();
    Batch::into("attachment_wanted")
        .column("member_id", vec![member.to_string(); named.len()])
        .column("record", named.iter().map(|(record, ..)| record.to_string()).collect::<Vec<_>>())
        .column("sha256", named.iter().map(|(_, hash, _)| hash.as_str().to_owned()).collect::<Vec<_>>())
        .column("size_bytes", named.iter().map(|(.., size)| column(*size)).collect::<Vec<_>>())
        .then("on conflict (member_id, record, sha256) do nothing")
        .run(tx)
        .await?;
    Ok(())
}

/// Those of the files that a member's shown publications name and that are not on disk, of these records only.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn attachments_missing(
    conn: &mut Conn,
    member: &MemberId,
    records: &BTreeSet<RecordId>,
) -> Result<BTreeSet<Sha256Hex>, StoreError> {
    let mut missing = BTreeSet::new();
    for record in records {
        let rows: Vec<String> = on!(conn, c => sqlx::query_scalar(
            "select w.sha256 from attachment_wanted w where w.member_id = $1 and w.record = $2
             and not exists (select 1 from attachment a where a.sha256 = w.sha256)")
            .bind(member.as_str()).bind(record.to_string()).fetch_all(&mut *c).await?);
        for row in rows {
            let hash = row.parse().map_err(|error| bad_row("attachment_wanted", "sha256", &row, error))?;
            missing.insert(hash);
        }
    }
    Ok(missing)
}

/// Where a file stands that a member wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// No shown publication of the member names it.
    No,
    /// It is named, with this size in bytes, and its bytes are not there.
    Yes(u64),
    /// Its bytes are there.
    Stored,
}

/// Is this file wanted from this member?
///
/// # Errors
/// What the store said.
pub async fn attachment_wanted(
    conn: &mut Conn,
    member: &MemberId,
    sha256: &Sha256Hex,
) -> Result<Wanted, StoreError> {
    let row: Option<(i64, bool)> = on!(conn, c => sqlx::query_as(
        "select w.size_bytes, a.sha256 is not null from attachment_wanted w
         left join attachment a on a.sha256 = w.sha256 where w.member_id = $1 and w.sha256 = $2 limit 1")
        .bind(member.as_str()).bind(sha256.as_str()).fetch_optional(&mut *c).await?);
    match row {
        None => Ok(Wanted::No),
        Some((_, true)) => Ok(Wanted::Stored),
        Some((size, false)) => {
            Ok(Wanted::Yes(counter("attachment_wanted", "size_bytes", sha256.as_str(), size)?))
        }
    }
}

/// Notes that the bytes of a file are on disk, durably. Noting it again changes nothing.
///
/// # Errors
/// What the store said.
pub async fn attachment_add(
    tx: &mut Tx,
    sha256: &Sha256Hex,
    size_bytes: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "insert into attachment (sha256, size_bytes, stored_ms) values ($1, $2, $3) on conflict (sha256) do nothing")
        .bind(sha256.as_str()).bind(column(size_bytes)).bind(now.as_millisecond())
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Forgets the files among these that no shown publication names any more, and gives them, so that their bytes can be
/// removed.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn attachments_forget(tx: &mut Tx) -> Result<Vec<Sha256Hex>, StoreError> {
    let rows: Vec<String> = on!(tx, c => sqlx::query_scalar(
        "delete from attachment where not exists (select 1 from attachment_wanted w where w.sha256 = attachment.sha256)
         returning sha256").fetch_all(&mut *c).await?);
    rows.iter().map(|row| row.parse().map_err(|error| bad_row("attachment", "sha256", row, error))).collect()
}
