//! The hub's own log: every change of what readers see, in the order in which it became durable. The index follows it.

use shouwang_proto::{
    id::{MemberId, RecordId},
    log::{chain::Position, sealed::SealedEntry},
};
use shouwang_serving::{
    on,
    store::{Batch, Engine},
};
use tokio::sync::watch;

use super::{Conn, StoreError, Tx, bad_row, column, counter, log::EntryBytes};
use crate::link::apply::{Change, ChangeKind};

/// Tells how far the hub's log reaches, so that whoever follows it sleeps until there is more. It only hurries: what is
/// there is found by reading.
#[derive(Clone, Debug)]
pub struct HubLogHead(watch::Sender<u64>);

impl HubLogHead {
    /// Begins at a position.
    #[must_use]
    pub fn new(position: u64) -> Self {
        Self(watch::Sender::new(position))
    }

    /// The head now.
    #[must_use]
    pub fn position(&self) -> u64 {
        *self.0.borrow()
    }

    /// Follows the head.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Says that positions up to this one are durable. Never goes back.
    pub fn advance(&self, position: u64) {
        self.0.send_if_modified(|head| {
            let later = position > *head;
            *head = position.max(*head);
            later
        });
    }
}

/// Appends changes and gives the position of the last one. Raising the head first makes writers wait for each other
/// until they commit, so positions become visible in order and without gaps.
///
/// # Errors
/// What the store said.
pub async fn hub_log_append(tx: &mut Tx, member: &MemberId, changes: &[Change]) -> Result<u64, StoreError> {
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let records = changes.iter().map(|change| change.record.to_string()).collect::<Vec<_>>();
    let seqs = changes.iter().map(|change| column(change.seq)).collect::<Vec<_>>();
    let kinds = changes.iter().map(|line| word(line.kind).to_owned()).collect::<Vec<_>>();
    let of_resources = changes.iter().map(|line| line.is_resource).collect::<Vec<_>>();
    let head: i64 = match tx.engine() {
        // One trip to the server instead of two.
        Engine::Postgres(c) => {
            sqlx::query_scalar(
                "with head as (update hub_log_head set position = position + $1 returning position),
                      line as (insert into hub_log (position, member_id, record, seq, change, is_resource)
                               select head.position - $1 + n, $2, record, seq, change, is_resource
                               from head, unnest($3::text[], $4::bigint[], $5::text[], $6::boolean[])
                                    with ordinality as line (record, seq, change, is_resource, n))
                 select position from head",
            )
            .bind(count)
            .bind(member.as_str())
            .bind(records)
            .bind(seqs)
            .bind(kinds)
            .bind(of_resources)
            .fetch_one(c)
            .await?
        }
        Engine::Sqlite(c) => {
            let head: i64 =
                sqlx::query_scalar("update hub_log_head set position = position + $1 returning position")
                    .bind(count)
                    .fetch_one(c)
                    .await?;
            Batch::into("hub_log")
                .column("position", (head - count + 1..=head).collect::<Vec<_>>())
                .column("member_id", vec![member.to_string(); changes.len()])
                .column("record", records)
                .column("seq", seqs)
                .column("change", kinds)
                .column("is_resource", of_resources)
                .run(tx)
                .await?;
            head
        }
    };
    counter("hub_log_head", "position", 1, head)
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Put => "put",
        ChangeKind::Remove => "remove",
    }
}

/// One line of the hub's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubLogRow {
    /// Its position, from 1, without gaps.
    pub position: u64,
    /// Whose record.
    pub member: MemberId,
    /// The record.
    pub record: RecordId,
    /// Where in the member's log the entry is that caused it.
    pub seq: u64,
    /// What changed.
    pub change: HubChange,
}

/// What one line of the hub's log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubChange {
    /// This entry is shown from now on. Its payload is an encoded `RecordPayload`, checked against its hash.
    Put(Box<SealedEntry>),
    /// Nothing of the record is shown any more; or the line said otherwise, and its content was destroyed since or
    /// is damaged. A follower that keeps the newest line of each record ends with what is shown.
    Remove,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    position: i64,
    member_id: String,
    record: String,
    seq: i64,
    change: String,
    #[sqlx(flatten)]
    bytes: EntryBytes,
}

impl LineRow {
    fn check(self) -> Result<HubLogRow, StoreError> {
        let Self { position: key, member_id, record, seq, change, bytes } = self;
        let member: MemberId =
            member_id.parse().map_err(|error| bad_row("hub_log", "member_id", key, error))?;
        let record: RecordId = record.parse().map_err(|error| bad_row("hub_log", "record", key, error))?;
        let seq = counter("hub_log", "seq", key, seq)?;
        let change = match change.as_str() {
            "put" => put(bytes, &member, seq),
            "remove" => HubChange::Remove,
            other => return Err(bad_row("hub_log", "change", key, format!("is {other}"))),
        };
        Ok(HubLogRow { position: counter("hub_log", "position", key, key)?, member, record, seq, change })
    }
}

/// A damaged entry must not stop all that comes after it, and must not be shown either.
fn put(bytes: EntryBytes, member: &MemberId, seq: u64) -> HubChange {
    match bytes.open(member, seq) {
        Ok(entry) if entry.payload().is_empty() => HubChange::Remove,
        Ok(entry) => HubChange::Put(Box::new(entry)),
        Err(StoreError::Internal(cause)) => {
            metrics::counter!("shouwang_damaged_entries_total").increment(1);
            tracing::error!(%member, seq, %cause, "a stored entry is damaged and not shown; restore it from its node");
            HubChange::Remove
        }
        Err(StoreError::Refused(_) | StoreError::Unavailable(_)) => HubChange::Remove,
    }
}

/// The lines after a position, in order, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn hub_log_after(conn: &mut Conn, position: u64, limit: u32) -> Result<Vec<HubLogRow>, StoreError> {
    let rows: Vec<LineRow> = on!(conn, c => sqlx::query_as(
        "select h.position, h.member_id, h.record, h.seq, h.change, e.hash, e.header, e.signature, e.payload
         from hub_log h join log_entry e on e.member_id = h.member_id and e.seq = h.seq
         where h.position > $1 order by h.position limit $2")
        .bind(column(position)).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(LineRow::check).collect()
}

/// The same, only the lines of records that are or were mutual-aid resources.
///
/// # Errors
/// As [`hub_log_after`].
pub async fn resource_lines_after(
    conn: &mut Conn,
    position: u64,
    limit: u32,
) -> Result<Vec<HubLogRow>, StoreError> {
    let rows: Vec<LineRow> = on!(conn, c => sqlx::query_as(
        "select h.position, h.member_id, h.record, h.seq, h.change, e.hash, e.header, e.signature, e.payload
         from hub_log h join log_entry e on e.member_id = h.member_id and e.seq = h.seq
         where h.is_resource and h.position > $1 order by h.position limit $2")
        .bind(column(position)).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(LineRow::check).collect()
}

/// The position of the last line; 0 when there is none.
///
/// # Errors
/// What the store said.
pub async fn hub_log_head(conn: &mut Conn) -> Result<u64, StoreError> {
    let head: i64 =
        on!(conn, c => sqlx::query_scalar("select position from hub_log_head").fetch_one(&mut *c).await?);
    counter("hub_log_head", "position", 1, head)
}

impl HubLogRow {
    /// Where in the member's log this line came from; `None` for removals, which carry no entry.
    #[must_use]
    pub fn log_position(&self) -> Option<Position> {
        match &self.change {
            HubChange::Put(entry) => {
                Some(Position { epoch: entry.header().epoch, seq: self.seq, hash: entry.hash() })
            }
            HubChange::Remove => None,
        }
    }
}
