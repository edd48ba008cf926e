//! Groups of terms that mean the same.

use jiff::Timestamp;
use shouwang_serving::on;

use super::{Conn, StoreError, Tx, bad_row, counter};
use crate::council::thesaurus::ThesaurusGroup;

/// The version of the thesaurus; 0 before the hub was founded.
///
/// # Errors
/// What the store said.
pub async fn thesaurus_version(conn: &mut Conn) -> Result<u64, StoreError> {
    let version: Option<i64> = on!(conn, c => sqlx::query_scalar("select thesaurus_version from hub")
        .fetch_optional(&mut *c).await?);
    counter("hub", "thesaurus_version", 1, version.unwrap_or(0))
}

/// All groups, by id.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn thesaurus_read(conn: &mut Conn) -> Result<Vec<ThesaurusGroup>, StoreError> {
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(
        "select id, terms from thesaurus_group order by id").fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(id, terms)| {
            let terms = serde_json::from_str(&terms)
                .map_err(|error| bad_row("thesaurus_group", "terms", &id, error))?;
            let id = id.parse().map_err(|error| bad_row("thesaurus_group", "id", &id, error))?;
            Ok(ThesaurusGroup { id, terms })
        })
        .collect()
}

/// How many groups there are.
///
/// # Errors
/// What the store said.
pub async fn thesaurus_count(conn: &mut Conn) -> Result<u64, StoreError> {
    let count: i64 = on!(conn, c => sqlx::query_scalar("select cast(count(*) as bigint) from thesaurus_group")
        .fetch_one(&mut *c).await?);
    counter("thesaurus_group", "count", "all", count)
}

async fn thesaurus_changed(tx: &mut Tx) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("update hub set thesaurus_version = thesaurus_version + 1")
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Adds a group.
///
/// # Errors
/// What the store said.
pub async fn thesaurus_add(tx: &mut Tx, group: &ThesaurusGroup, now: Timestamp) -> Result<(), StoreError> {
    let terms = serde_json::json!(group.terms).to_string();
    on!(tx, c => sqlx::query("insert into thesaurus_group (id, terms, updated_ms) values ($1, $2, $3)")
        .bind(group.id.to_string()).bind(&terms).bind(now.as_millisecond()).execute(&mut *c).await?.rows_affected());
    thesaurus_changed(tx).await
}

/// Replaces a group; false when there is none with this id.
///
/// # Errors
/// What the store said.
pub async fn thesaurus_replace(
    tx: &mut Tx,
    group: &ThesaurusGroup,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let terms = serde_json::json!(group.terms).to_string();
    let rows = on!(tx, c => sqlx::query("update thesaurus_group set terms = $1, updated_ms = $2 where id = $3")
        .bind(&terms).bind(now.as_millisecond()).bind(group.id.to_string()).execute(&mut *c).await?.rows_affected());
    thesaurus_changed(tx).await?;
    Ok(rows == 1)
}

/// Removes a group; false when there was none with this id.
///
/// # Errors
/// What the store said.
pub async fn thesaurus_delete(tx: &mut Tx, id: uuid::Uuid) -> Result<bool, StoreError> {
    let rows = on!(tx, c => sqlx::query("delete from thesaurus_group where id = $1")
        .bind(id.to_string()).execute(&mut *c).await?.rows_affected());
    thesaurus_changed(tx).await?;
    Ok(rows == 1)
}
