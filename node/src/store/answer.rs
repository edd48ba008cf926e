//! First answers, so that a repeated request gets the same one again.

use shouwang_proto::refusal::Refusal;
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::row::sqlite;

/// A request that may come twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The caller's id for it, a UUID in its usual form.
    pub id: String,
    /// Hash of method and request: the same id with another request is a mistake of the caller.
    pub fingerprint: [u8; 32],
}

/// The first answer to this request, if it was answered before.
pub(super) async fn answer_find(conn: &mut Conn, key: &RequestKey) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("select fingerprint, response from answer where request_id = $1")
            .bind(&key.id)
            .fetch_optional(sqlite(conn)?)
            .await?;
    match row {
        None => Ok(None),
        Some((fingerprint, response)) if fingerprint == key.fingerprint => Ok(Some(response)),
        Some(_) => Err(Refusal::field(
            "request_id",
            "was used for another request; a new request needs a new id （该请求编号已用于其他请求）",
        )
        .into()),
    }
}

/// Keeps the first answer.
pub(super) async fn answer_put(
    tx: &mut Tx,
    key: &RequestKey,
    response: &[u8],
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into answer (request_id, fingerprint, response, answered_ms) values ($1, $2, $3, $4)",
    )
    .bind(&key.id)
    .bind(key.fingerprint.to_vec())
    .bind(response)
    .bind(now_ms)
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Forgets answers given before this time.
pub(super) async fn answers_forget(tx: &mut Tx, before_ms: i64) -> Result<u64, StoreError> {
    let gone =
        sqlx::query("delete from answer where answered_ms < $1").bind(before_ms).execute(sqlite(tx)?).await?;
    Ok(gone.rows_affected())
}
