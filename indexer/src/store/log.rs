//! The members' logs, verbatim, and how far each is durable here.

use bytes::Bytes;
use jiff::Timestamp;
use shouwang_proto::{
    clock::from_millis,
    id::{MemberId, RecordId},
    log::{Hash, chain::Position, digest::StateDigest, sealed::SealedEntry},
};
use shouwang_serving::{on, store::Batch};

use super::{Conn, StoreError, Tx, bad_row, column, counter};
use crate::link::apply::LogState;

/// How far one log is durable here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Position and digest.
    pub log: LogState,
    /// The heads were equal and the digests were not.
    pub diverged: bool,
    /// The newest head that the node told with its entries.
    pub head: Position,
    /// When entries came last; nothing is decided by it.
    pub advanced: Timestamp,
}

#[derive(sqlx::FromRow)]
struct CursorRow {
    member_id: String,
    epoch: i64,
    seq: i64,
    hash: Vec<u8>,
    digest: Vec<u8>,
    diverged: bool,
    head_epoch: i64,
    head_seq: i64,
    head_hash: Vec<u8>,
    advanced_ms: i64,
}

impl CursorRow {
    fn check(self) -> Result<(MemberId, Cursor), StoreError> {
        let id = self.member_id.as_str();
        let member: MemberId =
            id.parse().map_err(|error| bad_row("member_cursor", "member_id", id, error))?;
        let number = |name, value| counter("member_cursor", name, id, value);
        let digest = StateDigest::from_bytes(&self.digest)
            .ok_or_else(|| bad_row("member_cursor", "digest", id, "has another length"))?;
        let position = Position {
            epoch: number("epoch", self.epoch)?,
            seq: number("seq", self.seq)?,
            hash: read_hash("member_cursor", "hash", id, &self.hash)?,
        };
        let head = Position {
            epoch: number("head_epoch", self.head_epoch)?,
            seq: number("head_seq", self.head_seq)?,
            hash: read_hash("member_cursor", "head_hash", id, &self.head_hash)?,
        };
        let log = LogState { position, digest };
        let advanced = from_millis(self.advanced_ms);
        Ok((member, Cursor { log, diverged: self.diverged, head, advanced }))
    }
}

/// Reads a hash out of a row.
pub(super) fn read_hash(
    table: &'static str,
    name: &'static str,
    key: impl std::fmt::Display,
    bytes: &[u8],
) -> Result<Hash, StoreError> {
    Hash::from_slice(bytes).ok_or_else(|| bad_row(table, name, key, "is not 32 bytes"))
}

/// How far one member's log is durable here; `None` when nothing of it came yet.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn cursor_find(conn: &mut Conn, member: &MemberId) -> Result<Option<Cursor>, StoreError> {
    let row: Option<CursorRow> = on!(conn, c => sqlx::query_as(
        "select member_id, epoch, seq, hash, digest, diverged, head_epoch, head_seq, head_hash, advanced_ms
         from member_cursor where member_id = $1")
        .bind(member.as_str()).fetch_optional(&mut *c).await?);
    row.map(|row| row.check().map(|(_, cursor)| cursor)).transpose()
}

/// All cursors, by member.
///
/// # Errors
/// As [`cursor_find`].
pub async fn cursor_list(conn: &mut Conn) -> Result<Vec<(MemberId, Cursor)>, StoreError> {
    let rows: Vec<CursorRow> = on!(conn, c => sqlx::query_as(
        "select member_id, epoch, seq, hash, digest, diverged, head_epoch, head_seq, head_hash, advanced_ms
         from member_cursor order by member_id")
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(CursorRow::check).collect()
}

/// How far a member's log is known: epoch and seq, zeros when nothing of it came yet.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn cursor_position(conn: &mut Conn, member: &MemberId) -> Result<(u64, u64), StoreError> {
    let row: Option<(i64, i64)> = on!(conn, c => sqlx::query_as(
        "select epoch, seq from member_cursor where member_id = $1").bind(member.as_str())
        .fetch_optional(&mut *c).await?);
    let (epoch, seq) = row.unwrap_or((0, 0));
    Ok((counter("member_cursor", "epoch", member, epoch)?, counter("member_cursor", "seq", member, seq)?))
}

/// Moves the cursor from where the caller found it. False when it is not there any more: another session moved it, and
/// the caller must undo what it did.
///
/// # Errors
/// What the store said.
pub async fn cursor_advance(
    tx: &mut Tx,
    member: &MemberId,
    from: &Position,
    to: &Cursor,
) -> Result<bool, StoreError> {
    let Cursor { log, diverged, head, advanced } = to;
    let LogState { position, digest } = log;
    let set = "epoch = $2, seq = $3, hash = $4, digest = $5, diverged = $6, head_epoch = $7, head_seq = $8,
               head_hash = $9, advanced_ms = $10";
    let sql = if from.seq == 0 {
        "insert into member_cursor (member_id, epoch, seq, hash, digest, diverged, head_epoch, head_seq, head_hash,
                                    advanced_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (member_id) do nothing".to_owned()
    } else {
        format!("update member_cursor set {set} where member_id = $1 and seq = $11 and hash = $12")
    };
    let rows = on!(tx, c => {
        // Made of the two texts above alone.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(member.as_str()).bind(column(position.epoch)).bind(column(position.seq))
            .bind(position.hash.to_vec()).bind(digest.to_bytes()).bind(*diverged).bind(column(head.epoch))
            .bind(column(head.seq)).bind(head.hash.to_vec()).bind(advanced.as_millisecond());
        if from.seq > 0 {
            query = query.bind(column(from.seq)).bind(from.hash.to_vec());
        }
        query.execute(&mut *c).await?.rows_affected()
    });
    Ok(rows == 1)
}

/// Notes whether the copy differs, outside a batch.
///
/// # Errors
/// What the store said.
pub async fn diverged_set(tx: &mut Tx, member: &MemberId, diverged: bool) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("update member_cursor set diverged = $2 where member_id = $1")
        .bind(member.as_str()).bind(diverged).execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Keeps entries, in order. They must be new.
///
/// # Errors
/// What the store said; a unique violation when an entry is there already.
pub async fn entries_insert(
    tx: &mut Tx,
    member: &MemberId,
    entries: &[SealedEntry],
) -> Result<(), StoreError> {
    let each = |of: fn(&SealedEntry) -> Vec<u8>| entries.iter().map(of).collect::<Vec<Vec<u8>>>();
    let number =
        |of: fn(&SealedEntry) -> u64| entries.iter().map(|entry| column(of(entry))).collect::<Vec<i64>>();
    let text = |of: &dyn Fn(&SealedEntry) -> String| entries.iter().map(of).collect::<Vec<String>>();
    Batch::into("log_entry")
        .column("member_id", text(&|_| member.to_string()))
        .column("seq", number(|entry| entry.header().seq))
        .column("epoch", number(|entry| entry.header().epoch))
        .column("record", text(&|entry| entry.header().record.to_string()))
        .column("hash", each(|entry| entry.hash().to_vec()))
        .column("header", each(|entry| entry.header_bytes().to_vec()))
        .column("signature", each(|entry| entry.signature().to_vec()))
        .column("payload", each(|entry| entry.payload().to_vec()))
        .run(tx)
        .await?;
    Ok(())
}

/// Destroys the payloads of a record's entries before this seq. Their headers stay: the chain still verifies.
///
/// # Errors
/// What the store said.
pub async fn payloads_destroy(
    tx: &mut Tx,
    member: &MemberId,
    record: RecordId,
    before_seq: u64,
) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("update log_entry set payload = $4 where member_id = $1 and record = $2 and seq < $3")
        .bind(member.as_str()).bind(record.to_string()).bind(column(before_seq)).bind(Vec::<u8>::new())
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// The entries after a seq, in order, at most `limit`; `None` in the place of one whose row is damaged.
///
/// # Errors
/// What the store said.
pub async fn entries_examine(
    conn: &mut Conn,
    member: &MemberId,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, Option<SealedEntry>)>, StoreError> {
    let rows: Vec<NumberedEntry> = on!(conn, c => sqlx::query_as(
        "select seq, hash, header, signature, payload from log_entry where member_id = $1 and seq > $2
         order by seq limit $3")
        .bind(member.as_str()).bind(column(after)).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    let examined = rows.into_iter().map(|NumberedEntry { seq, bytes }| {
        let seq = counter("log_entry", "seq", member, seq)?;
        Ok((seq, bytes.open(member, seq).ok()))
    });
    examined.collect()
}

#[derive(sqlx::FromRow)]
struct NumberedEntry {
    seq: i64,
    #[sqlx(flatten)]
    bytes: EntryBytes,
}

/// Puts an entry in the place of its damaged or missing row. Whether it is that entry is the caller's to know.
///
/// # Errors
/// What the store said.
pub async fn entry_replace(tx: &mut Tx, member: &MemberId, entry: &SealedEntry) -> Result<(), StoreError> {
    let header = entry.header();
    on!(tx, c => sqlx::query(
        "insert into log_entry (member_id, seq, epoch, record, hash, header, signature, payload)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (member_id, seq) do update set epoch = excluded.epoch, record = excluded.record,
           hash = excluded.hash, header = excluded.header, signature = excluded.signature, payload = excluded.payload")
        .bind(member.as_str()).bind(column(header.seq)).bind(column(header.epoch)).bind(header.record.to_string())
        .bind(entry.hash().to_vec()).bind(entry.header_bytes().to_vec()).bind(entry.signature().to_vec())
        .bind(entry.payload().to_vec()).execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// The hash of the entry at a seq; zeros at 0; `None` when the hub does not have it.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn entry_hash(conn: &mut Conn, member: &MemberId, seq: u64) -> Result<Option<Hash>, StoreError> {
    if seq == 0 {
        return Ok(Some(Hash::ZERO));
    }
    let row: Option<Vec<u8>> = on!(conn, c => sqlx::query_scalar(
        "select hash from log_entry where member_id = $1 and seq = $2")
        .bind(member.as_str()).bind(column(seq)).fetch_optional(&mut *c).await?);
    row.map(|hash| read_hash("log_entry", "hash", key(member, seq), &hash)).transpose()
}

pub(super) fn key(member: &MemberId, seq: u64) -> String {
    format!("{member}/{seq}")
}

/// The bytes of an entry as a row has them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct EntryBytes {
    pub(super) hash: Vec<u8>,
    pub(super) header: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) payload: Vec<u8>,
}

impl EntryBytes {
    /// Opens the entry, and with that checks it: SQLite finds few flipped bits by itself, so nothing is served or
    /// replayed whose header is not the one of the stored hash, or whose payload is not the one of the header.
    pub(super) fn open(self, member: &MemberId, seq: u64) -> Result<SealedEntry, StoreError> {
        let Self { hash, header, signature, payload } = self;
        let hash = read_hash("log_entry", "hash", key(member, seq), &hash)?;
        let entry = SealedEntry::open(header.into(), signature.into(), Bytes::from(payload))
            .map_err(|error| bad_row("log_entry", "header", key(member, seq), error))?;
        if entry.hash() != hash || entry.header().seq != seq || entry.header().member != *member {
            return Err(bad_row("log_entry", "header", key(member, seq), "is not the one that was stored"));
        }
        Ok(entry)
    }
}

/// One entry, checked against its hashes.
///
/// # Errors
/// What the store said, or that the row was damaged.
pub async fn entry_find(
    conn: &mut Conn,
    member: &MemberId,
    seq: u64,
) -> Result<Option<SealedEntry>, StoreError> {
    let row: Option<EntryBytes> = on!(conn, c => sqlx::query_as(
        "select hash, header, signature, payload from log_entry where member_id = $1 and seq = $2")
        .bind(member.as_str()).bind(column(seq)).fetch_optional(&mut *c).await?);
    row.map(|row| row.open(member, seq)).transpose()
}

/// The entries from this seq on, in order, at most `limit`, checked against their hashes.
///
/// # Errors
/// What the store said, or that a row was damaged.
pub async fn entries_from(
    conn: &mut Conn,
    member: &MemberId,
    seq: u64,
    limit: u32,
) -> Result<Vec<SealedEntry>, StoreError> {
    let rows: Vec<EntryBytes> = on!(conn, c => sqlx::query_as(
        "select hash, header, signature, payload from log_entry where member_id = $1 and seq >= $2
         order by seq limit $3")
        .bind(member.as_str()).bind(column(seq)).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().zip(seq.max(1)..).map(|(row, seq)| row.open(member, seq)).collect()
}
