//! Entries that are stored but not shown.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::from_millis,
    id::{MemberId, RecordId},
    log::chain::Position,
};
use shouwang_serving::{on, store::Batch};

use super::{Conn, StoreError, Tx, bad_row, column, counter, log::read_hash};
use crate::link::apply::Quarantined;

/// An entry that is stored but not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Whose.
    pub member: MemberId,
    /// The record.
    pub record: RecordId,
    /// Where in the member's log.
    pub position: Position,
    /// Stable reason, UPPER_SNAKE.
    pub reason: String,
    /// The reason in words.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
}

/// Where a list of quarantined entries goes on: after this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineAfter {
    since_ms: i64,
    member: MemberId,
    record: RecordId,
}

impl QuarantineRow {
    /// Where the list goes on after this row.
    #[must_use]
    pub fn after(&self) -> QuarantineAfter {
        QuarantineAfter {
            since_ms: self.since.as_millisecond(),
            member: self.member.clone(),
            record: self.record,
        }
    }
}

/// Puts entries in quarantine, each in the place of what was there of its record.
///
/// # Errors
/// What the store said.
pub async fn quarantine_put(
    tx: &mut Tx,
    member: &MemberId,
    entries: &BTreeMap<RecordId, Quarantined>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let all = || entries.values();
    Batch::into("quarantine")
        .column("member_id", vec![member.to_string(); entries.len()])
        .column("record", entries.keys().map(RecordId::to_string).collect::<Vec<_>>())
        .column("epoch", all().map(|kept| column(kept.epoch)).collect::<Vec<_>>())
        .column("seq", all().map(|kept| column(kept.seq)).collect::<Vec<_>>())
        .column("reason", all().map(|kept| kept.poison.reason.code().to_owned()).collect::<Vec<_>>())
        .column("detail", all().map(|kept| kept.poison.detail.clone()).collect::<Vec<_>>())
        .column("since_ms", vec![now.as_millisecond(); entries.len()])
        .then(
            "on conflict (member_id, record) do update set epoch = excluded.epoch, seq = excluded.seq,
             reason = excluded.reason, detail = excluded.detail, since_ms = excluded.since_ms",
        )
        .run(tx)
        .await?;
    Ok(())
}

/// Takes what is there of these records out of quarantine.
///
/// # Errors
/// What the store said.
pub async fn quarantine_clear(
    tx: &mut Tx,
    member: &MemberId,
    records: &BTreeSet<RecordId>,
) -> Result<(), StoreError> {
    for record in records {
        on!(tx, c => sqlx::query("delete from quarantine where member_id = $1 and record = $2")
            .bind(member.as_str()).bind(record.to_string()).execute(&mut *c).await?.rows_affected());
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    member_id: String,
    record: String,
    epoch: i64,
    seq: i64,
    hash: Vec<u8>,
    reason: String,
    detail: String,
    since_ms: i64,
}

impl Row {
    fn check(self) -> Result<QuarantineRow, StoreError> {
        let Self { member_id, record, epoch, seq, hash, reason, detail, since_ms } = self;
        let key = format!("{member_id}/{record}");
        Ok(QuarantineRow {
            member: member_id.parse().map_err(|error| bad_row("quarantine", "member_id", &key, error))?,
            record: record.parse().map_err(|error| bad_row("quarantine", "record", &key, error))?,
            position: Position {
                epoch: counter("quarantine", "epoch", &key, epoch)?,
                seq: counter("quarantine", "seq", &key, seq)?,
                hash: read_hash("log_entry", "hash", &key, &hash)?,
            },
            reason,
            detail,
            since: from_millis(since_ms),
        })
    }
}

/// Entries in quarantine, newest first: of one member or of all, after a row of an earlier page, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn quarantine_list(
    conn: &mut Conn,
    member: Option<&MemberId>,
    after: Option<&QuarantineAfter>,
    limit: u32,
) -> Result<Vec<QuarantineRow>, StoreError> {
    // The first page begins after the end of time; no member's id is before the empty one.
    let (since, after_member, after_record) = after.map_or((i64::MAX, "", String::new()), |after| {
        (after.since_ms, after.member.as_str(), after.record.to_string())
    });
    let member = member.map(MemberId::as_str);
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
        "select q.member_id, q.record, q.epoch, q.seq, e.hash, q.reason, q.detail, q.since_ms
         from quarantine q join log_entry e on e.member_id = q.member_id and e.seq = q.seq
         where ($1 is null or q.member_id = $1)
           and (q.since_ms < $2 or (q.since_ms = $2 and (q.member_id > $3 or (q.member_id = $3 and q.record > $4))))
         order by q.since_ms desc, q.member_id, q.record limit $5")
        .bind(member).bind(since).bind(after_member).bind(&after_record).bind(i64::from(limit))
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(Row::check).collect()
}

/// The records of a member that have an entry in quarantine, after this one, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn quarantine_records(
    conn: &mut Conn,
    member: &MemberId,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<(RecordId, u64)>, StoreError> {
    let after = after.map_or_else(String::new, |record| record.to_string());
    let rows: Vec<(String, i64)> = on!(conn, c => sqlx::query_as(
        "select record, seq from quarantine where member_id = $1 and record > $2 order by record limit $3")
        .bind(member.as_str()).bind(&after).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(record, seq)| {
            let id = record.parse().map_err(|error| bad_row("quarantine", "record", &record, error))?;
            Ok((id, counter("quarantine", "seq", &record, seq)?))
        })
        .collect()
}

/// How many entries of each member are in quarantine; members without any are missing.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn quarantine_counts(conn: &mut Conn) -> Result<BTreeMap<MemberId, u64>, StoreError> {
    let rows: Vec<(String, i64)> = on!(conn, c => sqlx::query_as(
        "select member_id, cast(count(*) as bigint) from quarantine group by member_id").fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(member, count)| {
            let id = member.parse().map_err(|error| bad_row("quarantine", "member_id", &member, error))?;
            Ok((id, counter("quarantine", "count", &member, count)?))
        })
        .collect()
}

/// How many entries of one member are in quarantine.
///
/// # Errors
/// What the store said.
pub async fn quarantine_count(conn: &mut Conn, member: &MemberId) -> Result<u64, StoreError> {
    let count: i64 = on!(conn, c => sqlx::query_scalar(
        "select cast(count(*) as bigint) from quarantine where member_id = $1").bind(member.as_str())
        .fetch_one(&mut *c).await?);
    counter("quarantine", "count", member, count)
}
