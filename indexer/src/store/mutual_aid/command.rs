//! The first answer to every command: a command that comes again changes nothing and gets it again.

use jiff::Timestamp;
use shouwang_serving::on;

use super::super::{Conn, StoreError, Tx, bad_row};
use shouwang_proto::mutual_aid::id::CommandId;

/// A command that was decided before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredCommand {
    /// SHA-256 of what was asked.
    pub content: [u8; 32],
    /// True: the answer is a refusal, as JSON; false: the encoded answer.
    pub refused: bool,
    /// The answer.
    pub answer: Vec<u8>,
}

/// The first answer to a command; none when it is new.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn command_find(
    conn: &mut Conn,
    sender: &str,
    id: CommandId,
) -> Result<Option<AnsweredCommand>, StoreError> {
    let row: Option<(Vec<u8>, bool, Vec<u8>)> = on!(conn, c => sqlx::query_as(
        "select content, refused, answer from aid_command where sender = $1 and id = $2")
        .bind(sender).bind(id.to_string()).fetch_optional(&mut *c).await?);
    let Some((content, refused, answer)) = row else { return Ok(None) };
    let content = content.try_into().map_err(|_| bad_row("aid_command", "content", id, "is not 32 bytes"))?;
    Ok(Some(AnsweredCommand { content, refused, answer }))
}

/// Keeps the first answer to a command.
///
/// # Errors
/// What the store said; a second answer breaks the primary key.
pub async fn command_add(
    tx: &mut Tx,
    sender: &str,
    id: CommandId,
    answered: &AnsweredCommand,
    now: Timestamp,
) -> Result<(), StoreError> {
    let AnsweredCommand { content, refused, answer } = answered;
    on!(tx, c => sqlx::query(
        "insert into aid_command (sender, id, content, refused, answer, at_ms) values ($1, $2, $3, $4, $5, $6)")
        .bind(sender).bind(id.to_string()).bind(content.to_vec()).bind(*refused).bind(answer)
        .bind(now.as_millisecond()).execute(&mut *c).await?.rows_affected());
    Ok(())
}
