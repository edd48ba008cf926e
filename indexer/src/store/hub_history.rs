//! The hub's own log over the years: which life of the hub wrote which part of it, and what of it nobody needs any more.

use shouwang_serving::on;

use super::{Conn, StoreError, Tx, bad_row, column, counter, mutual_aid::ledger::intake_position};

/// Random bytes of one life of the hub; zeros before there were any.
pub type Era = [u8; 16];

/// Begins a life: lines appended from now on belong to it.
///
/// # Errors
/// What the store said.
pub async fn era_begin(tx: &mut Tx, era: Era) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "insert into hub_era (first_position, id) select position + 1, $1 from hub_log_head where true
         on conflict (first_position) do update set id = excluded.id")
        .bind(era.to_vec()).execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// What a follower of the log must know about the place where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The life that wrote the line at its position.
    pub era: Era,
    /// Removals up to here may be gone.
    pub removals_gone: u64,
}

/// The history at a position of the log.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn history_at(conn: &mut Conn, position: u64) -> Result<History, StoreError> {
    let era: Option<Vec<u8>> = on!(conn, c => sqlx::query_scalar(
        "select id from hub_era where first_position <= $1 order by first_position desc limit 1")
        .bind(column(position)).fetch_optional(&mut *c).await?);
    let gone: i64 = on!(conn, c => sqlx::query_scalar("select removals_gone from hub_log_head").fetch_one(&mut *c).await?);
    Ok(History {
        era: match era {
            None => Era::default(),
            Some(id) => id.try_into().map_err(|_| bad_row("hub_era", "id", position, "is not 16 bytes"))?,
        },
        removals_gone: counter("hub_log_head", "removals_gone", 1, gone)?,
    })
}

/// How many of the newest lines are kept whatever they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Lines that a later line of the same record has overtaken.
    pub overtaken: u64,
    /// Removals.
    pub removals: u64,
}

impl Default for Kept {
    fn default() -> Self {
        Self { overtaken: 10_000, removals: 1_000_000 }
    }
}

/// Positions looked at in one transaction: a few hundredths of a second, so that nobody waits long for the writer.
const WINDOW: u64 = 10_000;

/// What one look has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Lines that went.
    pub gone: u64,
    /// Where the next look begins; none: there is nothing more to look at.
    pub next: Option<u64>,
}

/// Removes lines that no follower needs, among some thousand after a position; looks have to go from 0 on, because a
/// removal goes after what it removes. A line that puts an entry which is not shown any more was overtaken: when what is
/// shown changes, a later line says so in the same transaction. A removal has to stay until every follower has passed it;
/// `followed` is how far the index is.
///
/// # Errors
/// What the store said.
pub async fn hub_log_compact(
    tx: &mut Tx,
    kept: Kept,
    followed: u64,
    after: u64,
) -> Result<Compacted, StoreError> {
    let head = super::hub_log::hub_log_head(tx).await?;
    let (end, last) = (after + WINDOW, head.saturating_sub(kept.overtaken));
    let overtaken = on!(tx, c => sqlx::query(
        "delete from hub_log where position in (
           select h.position from hub_log h
           left join record r on r.member_id = h.member_id and r.record = h.record
           where h.position > $1 and h.position <= $2
             and (h.change = 'put' and (r.shown_seq is null or r.shown_seq <> h.seq)
                  or h.change = 'remove' and r.shown_seq is not null))")
        .bind(column(after)).bind(column(end.min(last))).execute(&mut *c).await?.rows_affected());
    let passed = intake_position(tx).await?.min(followed).min(head.saturating_sub(kept.removals));
    let gone: Vec<i64> = on!(tx, c => sqlx::query_scalar(
        "delete from hub_log where position > $1 and position <= $2 and change = 'remove' returning position")
        .bind(column(after)).bind(column(end.min(last).min(passed))).fetch_all(&mut *c).await?);
    if let Some(newest) = gone.iter().max() {
        on!(tx, c => sqlx::query(
            "update hub_log_head set removals_gone = $1 where removals_gone < $1")
            .bind(*newest).execute(&mut *c).await?.rows_affected());
    }
    Ok(Compacted { gone: overtaken + gone.len() as u64, next: (end < last).then_some(end) })
}
