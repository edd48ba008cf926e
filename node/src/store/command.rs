//! What people of this node said, in SQL.

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    clock::from_millis,
    refusal::Refusal,
    wire::{self, member_command::Word},
};
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::{
    notice::change_next,
    row::{Damaged, Place, sqlite, stored},
};
use crate::inbox::machine::{Waiting, Wanted};

/// A word of the node's people.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptCommand {
    /// Its place in the order in which words were said.
    pub seq: u64,
    /// What was said.
    pub command: wire::MemberCommand,
    /// When it was written down.
    pub created: Timestamp,
    /// What the hub decided, and when that came.
    pub result: Option<(wire::MemberCommandResult, Timestamp)>,
    /// Number of its newest change.
    pub change: u64,
}

impl KeptCommand {
    /// Did the hub say no?
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.result.as_ref().is_some_and(|(result, _)| result.outcome() == wire::CommandOutcome::Refused)
    }
}

#[derive(sqlx::FromRow)]
struct CommandRow {
    seq: i64,
    content: Vec<u8>,
    created_ms: i64,
    result: Option<Vec<u8>>,
    result_ms: Option<i64>,
    change: i64,
}

impl TryFrom<CommandRow> for KeptCommand {
    type Error = Damaged;

    fn try_from(row: CommandRow) -> Result<Self, Damaged> {
        let place = Place { table: "command", row: &row.seq };
        let command = wire::MemberCommand::decode(row.content.as_slice());
        let result = row.result.map(|result| wire::MemberCommandResult::decode(result.as_slice()));
        let result = result.transpose().map_err(|error| place.damaged("result", error))?;
        Ok(Self {
            seq: place.count("seq", row.seq)?,
            command: command.map_err(|error| place.damaged("content", error))?,
            created: from_millis(row.created_ms),
            result: result.zip(row.result_ms.map(from_millis)),
            change: place.count("change", row.change)?,
        })
    }
}

fn kept(rows: Vec<CommandRow>) -> Result<Vec<KeptCommand>, StoreError> {
    rows.into_iter().map(|row| KeptCommand::try_from(row).map_err(StoreError::from)).collect()
}

/// A word by its id.
pub(super) async fn command_find(conn: &mut Conn, id: &str) -> Result<Option<KeptCommand>, StoreError> {
    let row: Option<CommandRow> = sqlx::query_as(
        "select seq, content, created_ms, result, result_ms, change from command where command_id = $1",
    )
    .bind(id)
    .fetch_optional(sqlite(conn)?)
    .await?;
    row.map(|row| KeptCommand::try_from(row).map_err(StoreError::from)).transpose()
}

/// A word that was said before under this id.
///
/// # Errors
/// A refusal when something else was said under it.
pub(super) async fn command_repeated(
    conn: &mut Conn,
    id: &str,
    fingerprint: [u8; 32],
) -> Result<Option<KeptCommand>, StoreError> {
    let known: Option<Vec<u8>> = sqlx::query_scalar("select fingerprint from command where command_id = $1")
        .bind(id)
        .fetch_optional(sqlite(conn)?)
        .await?;
    match known {
        None => Ok(None),
        Some(known) if known == fingerprint => command_find(conn, id).await,
        Some(_) => Err(Refusal::field(
            "context.request_id",
            "was used for another request; a new request needs a new id （该请求编号已用于其他请求）",
        )
        .into()),
    }
}

/// Writes a new word down.
pub(super) async fn command_insert(
    tx: &mut Tx,
    command: &wire::MemberCommand,
    fingerprint: [u8; 32],
    now_ms: i64,
) -> Result<(), StoreError> {
    let assignment = match &command.word {
        Some(Word::Action(action)) => Some(action.assignment.as_str()),
        Some(Word::Submission(_) | Word::Offer(_) | Word::SeenNotice(_) | Word::SelfDeployment(_)) | None => {
            None
        }
    };
    let change = change_next(tx).await?;
    sqlx::query(
        "insert into command (command_id, fingerprint, content, assignment, created_ms, change)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&command.command_id)
    .bind(fingerprint.to_vec())
    .bind(command.encode_to_vec())
    .bind(assignment)
    .bind(now_ms)
    .bind(change)
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Keeps what the hub decided; the first decision counts.
pub(super) async fn command_result_put(
    tx: &mut Tx,
    result: &wire::MemberCommandResult,
    now_ms: i64,
) -> Result<(), StoreError> {
    let change = change_next(tx).await?;
    sqlx::query(
        "update command set result = $2, result_ms = $3, change = $4 where command_id = $1 and result is null",
    )
    .bind(&result.command_id)
    .bind(result.encode_to_vec())
    .bind(now_ms)
    .bind(change)
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Lets words that were said from this time on wait for a decision again; gives how many.
pub(super) async fn commands_reopen(tx: &mut Tx, since_ms: i64) -> Result<usize, StoreError> {
    let decided: Vec<i64> = sqlx::query_scalar(
        "select seq from command where result is not null and created_ms >= $1 order by seq",
    )
    .bind(since_ms)
    .fetch_all(sqlite(tx)?)
    .await?;
    for seq in &decided {
        let change = change_next(tx).await?;
        sqlx::query("update command set result = null, result_ms = null, change = $2 where seq = $1")
            .bind(seq)
            .bind(change)
            .execute(sqlite(tx)?)
            .await?;
    }
    Ok(decided.len())
}

/// Words that the hub has not decided, in order.
pub(super) async fn commands_waiting(conn: &mut Conn, wanted: Wanted) -> Result<Vec<Waiting>, StoreError> {
    let rows = sqlx::query_as(
        "select seq, content, created_ms, result, result_ms, change from command
         where result is null and seq > $1 order by seq limit $2",
    )
    .bind(stored(wanted.after))
    .bind(i64::try_from(wanted.most).unwrap_or(i64::MAX))
    .fetch_all(sqlite(conn)?)
    .await?;
    Ok(kept(rows)?.into_iter().map(|kept| Waiting { seq: kept.seq, command: kept.command }).collect())
}

/// What was said about an assignment, oldest first.
pub(super) async fn commands_about(
    conn: &mut Conn,
    assignment: &str,
) -> Result<Vec<KeptCommand>, StoreError> {
    let rows = sqlx::query_as(
        "select seq, content, created_ms, result, result_ms, change from command
         where assignment = $1 order by seq",
    )
    .bind(assignment)
    .fetch_all(sqlite(conn)?)
    .await?;
    kept(rows)
}

/// A page of words, newest first, before this place.
pub(super) async fn commands_list(
    conn: &mut Conn,
    before: Option<u64>,
    waiting_only: bool,
    limit: u32,
) -> Result<Vec<KeptCommand>, StoreError> {
    let rows = sqlx::query_as(
        "select seq, content, created_ms, result, result_ms, change from command
         where seq < $1 and ($2 = 0 or result is null) order by seq desc limit $3",
    )
    .bind(before.map_or(i64::MAX, stored))
    .bind(i64::from(waiting_only))
    .bind(i64::from(limit))
    .fetch_all(sqlite(conn)?)
    .await?;
    kept(rows)
}

/// Words that were changed after this change, in the order of their changes.
pub(super) async fn commands_changed(
    conn: &mut Conn,
    after: i64,
    limit: u32,
) -> Result<Vec<KeptCommand>, StoreError> {
    let rows = sqlx::query_as(
        "select seq, content, created_ms, result, result_ms, change from command
         where change > $1 order by change limit $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(sqlite(conn)?)
    .await?;
    kept(rows)
}
