//! What each member's offline pack was when it was last made, so that its version rises when it changes.

use jiff::Timestamp;
use shouwang_proto::{
    clock::from_millis,
    id::{MemberId, PublicationName},
};
use shouwang_serving::{execute, on};

use super::super::{Conn, StoreError, Tx, bad_row, catalog, column, counter};

/// Version and time of a pack with this content (SHA-256): those it has, or the next ones if the content is new.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn pack_version(
    tx: &mut Tx,
    member: &MemberId,
    content: [u8; 32],
    now: Timestamp,
) -> Result<(u64, Timestamp), StoreError> {
    execute!(
        tx,
        "insert into aid_pack (member_id, version, created_ms, content) values ($1, 1, $2, $3)
         on conflict (member_id) do update set version = aid_pack.version + 1, created_ms = excluded.created_ms,
         content = excluded.content where aid_pack.content <> excluded.content",
        member.as_str(),
        now.as_millisecond(),
        content.to_vec(),
    );
    let (version, created_ms): (i64, i64) = on!(tx, c => sqlx::query_as(
        "select version, created_ms from aid_pack where member_id = $1")
        .bind(member.as_str()).fetch_one(&mut *c).await?);
    Ok((counter("aid_pack", "version", member, version)?, from_millis(created_ms)))
}

/// All resources that are shown, after one, in the order of their names, at most `limit`: what readers see, with who
/// may see it. What is damaged is left out.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn resources_after(
    conn: &mut Conn,
    after: Option<&PublicationName>,
    limit: u32,
) -> Result<Vec<PublicationName>, StoreError> {
    let (member, record) =
        after.map_or_else(Default::default, |name| (name.member.to_string(), name.record.to_string()));
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(
        "select member_id, record from record where kind = 'resource'
         and (member_id > $1 or (member_id = $1 and record > $2)) order by member_id, record limit $3")
        .bind(member).bind(record).bind(column(u64::from(limit))).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(member, record)| {
            let key = format!("{member}/{record}");
            Ok(PublicationName {
                member: member.parse().map_err(|error| bad_row("record", "member_id", &key, error))?,
                record: record.parse().map_err(|error| bad_row("record", "record", &key, error))?,
            })
        })
        .collect()
}

/// One resource as readers see it; none when it is not shown, is no resource, or its entry is damaged.
///
/// # Errors
/// What the store said.
pub async fn resource_shown(
    conn: &mut Conn,
    name: &PublicationName,
) -> Result<Option<catalog::CatalogRow>, StoreError> {
    match catalog::catalog_find(conn, name).await {
        Ok(found) => Ok(found),
        Err(StoreError::Internal(cause)) => {
            tracing::error!(%name, %cause, "a resource is damaged and left out");
            Ok(None)
        }
        Err(other @ (StoreError::Refused(_) | StoreError::Unavailable(_))) => Err(other),
    }
}
