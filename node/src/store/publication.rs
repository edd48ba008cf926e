//! The shelf in SQL.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    clock::from_millis,
    id::RecordId,
    publication::{Content, Kind},
    wire,
};
use shouwang_serving::store::{Batch, Conn, StoreError, Tx};

use super::row::{Damaged, Place, sqlite, stored};
use crate::shelf::{Edition, EntryRef, Item, Standing, StandingName};

#[derive(sqlx::FromRow)]
struct PublicationRow {
    record: Vec<u8>,
    state: String,
    content: Vec<u8>,
    revision: i64,
    created_ms: i64,
    updated_ms: i64,
    published_ms: Option<i64>,
    entry_seq: Option<i64>,
    entry_hash: Option<Vec<u8>>,
}

impl TryFrom<PublicationRow> for Item {
    type Error = Damaged;

    fn try_from(row: PublicationRow) -> Result<Self, Damaged> {
        let shown = hex::encode(&row.record);
        let place = Place { table: "publication", row: &shown };
        let record = <[u8; 16]>::try_from(row.record.as_slice())
            .map_err(|_| place.damaged("record", "is not 16 bytes"))?;
        let content = wire::Publication::decode(row.content.as_slice())
            .map_err(|error| place.damaged("content", error))?;
        let content = Content::from_wire(content).map_err(|refusal| place.damaged("content", refusal))?;
        let edition = match (row.published_ms, row.entry_seq, row.entry_hash) {
            (Some(published), Some(seq), Some(hash)) => Some(Edition {
                revision: place.count("revision", row.revision)?,
                published: from_millis(published),
                entry: EntryRef {
                    seq: place.count("entry_seq", seq)?,
                    hash: place.hash("entry_hash", &hash)?,
                },
            }),
            _ => None,
        };
        let standing = match (row.state.as_str(), edition) {
            ("draft", None) => Standing::Draft,
            ("published", Some(edition)) => Standing::Published(edition),
            ("withdrawn", Some(edition)) => Standing::Withdrawn(edition),
            (state, _) => return Err(place.damaged("state", format!("{state} does not fit its entry"))),
        };
        Ok(Self {
            record: RecordId::from_bytes(record),
            content,
            standing,
            created: from_millis(row.created_ms),
            updated: from_millis(row.updated_ms),
        })
    }
}

fn items(rows: Vec<PublicationRow>) -> Result<Vec<Item>, StoreError> {
    rows.into_iter().map(|row| Item::try_from(row).map_err(StoreError::from)).collect()
}

/// The publications with these records or these external ids.
pub(super) async fn publications_find(
    conn: &mut Conn,
    records: &BTreeSet<RecordId>,
    external_ids: &BTreeSet<&str>,
) -> Result<Vec<Item>, StoreError> {
    let mut found = BTreeMap::new();
    if !records.is_empty() {
        let ids: Vec<String> = records.iter().map(|record| hex::encode(record.as_bytes())).collect();
        let rows: Vec<PublicationRow> = sqlx::query_as(
            "select record, state, content, revision, created_ms, updated_ms, published_ms, entry_seq, entry_hash
             from publication where record in (select unhex(value) from json_each($1))",
        )
        .bind(serde_json::json!(ids).to_string())
        .fetch_all(sqlite(conn)?)
        .await?;
        found.extend(items(rows)?.into_iter().map(|item| (item.record, item)));
    }
    if !external_ids.is_empty() {
        let rows: Vec<PublicationRow> = sqlx::query_as(
            "select record, state, content, revision, created_ms, updated_ms, published_ms, entry_seq, entry_hash
             from publication where external_id in (select value from json_each($1))",
        )
        .bind(serde_json::json!(external_ids).to_string())
        .fetch_all(sqlite(conn)?)
        .await?;
        found.extend(items(rows)?.into_iter().map(|item| (item.record, item)));
    }
    Ok(found.into_values().collect())
}

/// One publication by its record.
pub(super) async fn publication_find(conn: &mut Conn, record: RecordId) -> Result<Option<Item>, StoreError> {
    Ok(publications_find(conn, &BTreeSet::from([record]), &BTreeSet::new()).await?.pop())
}

/// One publication by its owner's number.
pub(super) async fn publication_by_external_id(
    conn: &mut Conn,
    external_id: &str,
) -> Result<Option<Item>, StoreError> {
    Ok(publications_find(conn, &BTreeSet::new(), &BTreeSet::from([external_id])).await?.pop())
}

/// Writes publications as they are now.
pub(super) async fn publications_put(tx: &mut Tx, changed: &[&Item]) -> Result<(), StoreError> {
    let entry = |item: &Item| item.standing.edition().map(|edition| edition.entry);
    let column = |part: fn(&Item) -> i64| changed.iter().map(|item| part(item)).collect::<Vec<_>>();
    Batch::into("publication")
        .column("record", changed.iter().map(|item| item.record.as_bytes().to_vec()).collect::<Vec<_>>())
        .column("external_id", changed.iter().map(|item| item.content.external_id.clone()).collect::<Vec<_>>())
        .column("kind", changed.iter().map(|item| item.content.kind().code().to_owned()).collect::<Vec<_>>())
        .column("state", changed.iter().map(|item| item.standing.name().code().to_owned()).collect::<Vec<_>>())
        .column("content", changed.iter().map(|item| item.content.to_wire().encode_to_vec()).collect::<Vec<_>>())
        .column("revision", column(|item| stored(item.standing.revision())))
        .column("created_ms", column(|item| item.created.as_millisecond()))
        .column("updated_ms", column(|item| item.updated.as_millisecond()))
        .column(
            "published_ms",
            changed
                .iter()
                .map(|item| item.standing.edition().map(|edition| edition.published.as_millisecond()))
                .collect::<Vec<_>>(),
        )
        .column("entry_seq", changed.iter().map(|item| entry(item).map(|at| stored(at.seq))).collect::<Vec<_>>())
        .column("entry_hash", changed.iter().map(|item| entry(item).map(|at| at.hash.to_vec())).collect::<Vec<_>>())
        .then(
            "on conflict (record) do update set external_id = excluded.external_id, kind = excluded.kind,
             state = excluded.state, content = excluded.content, revision = excluded.revision,
             created_ms = excluded.created_ms, updated_ms = excluded.updated_ms,
             published_ms = excluded.published_ms, entry_seq = excluded.entry_seq, entry_hash = excluded.entry_hash",
        )
        .run(tx)
        .await?;
    Ok(())
}

/// Lets go of the owner's numbers of these publications wherever they stand, so that the shelf can take these as the hub
/// has them: of themselves, which may have changed numbers among each other, and of others, such as a draft that was
/// made anew after a restore. Those keep everything else.
pub(super) async fn numbers_free(tx: &mut Tx, wanted: &[&Item]) -> Result<(), StoreError> {
    let numbers: BTreeSet<&str> =
        wanted.iter().filter_map(|item| item.content.external_id.as_deref()).collect();
    let records: BTreeSet<RecordId> = wanted.iter().map(|item| item.record).collect();
    let ids: Vec<String> = records.iter().map(|record| hex::encode(record.as_bytes())).collect();
    sqlx::query(
        "update publication set external_id = null where record in (select unhex(value) from json_each($1))",
    )
    .bind(serde_json::json!(ids).to_string())
    .execute(sqlite(tx)?)
    .await?;
    let mut others = publications_find(tx, &BTreeSet::new(), &numbers).await?;
    others.retain(|item| !records.contains(&item.record));
    for other in &mut others {
        let number = other.content.external_id.take();
        tracing::warn!(record = %other.record, number, "a number belongs to another publication at the hub");
    }
    let others: Vec<&Item> = others.iter().collect();
    if others.is_empty() { Ok(()) } else { publications_put(tx, &others).await }
}

/// Takes publications off the shelf.
pub(super) async fn publications_delete(tx: &mut Tx, records: &BTreeSet<RecordId>) -> Result<(), StoreError> {
    let ids: Vec<String> = records.iter().map(|record| hex::encode(record.as_bytes())).collect();
    sqlx::query("delete from publication where record in (select unhex(value) from json_each($1))")
        .bind(serde_json::json!(ids).to_string())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Keeps why a publication was withdrawn.
pub(super) async fn withdraw_reason_put(
    tx: &mut Tx,
    record: RecordId,
    reason: &str,
) -> Result<(), StoreError> {
    sqlx::query("update publication set withdraw_reason = $1 where record = $2")
        .bind(reason)
        .bind(record.as_bytes().to_vec())
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// Which publications, and from where.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// Only these kinds; none: all.
    pub kinds: Vec<Kind>,
    /// Only these standings; none: all.
    pub standings: Vec<StandingName>,
    /// The last one of the page before.
    pub after: Option<(Timestamp, RecordId)>,
    /// How many.
    pub limit: u32,
}

/// A page of the shelf, newest change first, and how many publications fit in all.
pub(super) async fn publications_list(
    conn: &mut Conn,
    query: &ListQuery,
) -> Result<(Vec<Item>, u64), StoreError> {
    let kinds = if query.kinds.is_empty() { Kind::ALL.to_vec() } else { query.kinds.clone() };
    let standings =
        if query.standings.is_empty() { StandingName::ALL.to_vec() } else { query.standings.clone() };
    let kinds = serde_json::json!(kinds.into_iter().map(Kind::code).collect::<Vec<_>>()).to_string();
    let standings =
        serde_json::json!(standings.into_iter().map(StandingName::code).collect::<Vec<_>>()).to_string();
    let (before_ms, before_record) = match query.after {
        Some((updated, record)) => (updated.as_millisecond(), record.as_bytes().to_vec()),
        None => (i64::MAX, Vec::new()),
    };
    let rows: Vec<PublicationRow> = sqlx::query_as(
        "select record, state, content, revision, created_ms, updated_ms, published_ms, entry_seq, entry_hash
         from publication where (updated_ms, record) < ($1, $2)
         and state in (select value from json_each($3)) and kind in (select value from json_each($4))
         order by updated_ms desc, record desc limit $5",
    )
    .bind(before_ms)
    .bind(before_record)
    .bind(&standings)
    .bind(&kinds)
    .bind(i64::from(query.limit))
    .fetch_all(sqlite(conn)?)
    .await?;
    let total: i64 = sqlx::query_scalar(
        "select count(*) from publication
         where state in (select value from json_each($1)) and kind in (select value from json_each($2))",
    )
    .bind(&standings)
    .bind(&kinds)
    .fetch_one(sqlite(conn)?)
    .await?;
    Ok((items(rows)?, Place { table: "publication", row: &"count" }.count("count", total)?))
}

/// How many drafts and how many published publications there are.
pub(super) async fn publications_count(conn: &mut Conn) -> Result<(u64, u64), StoreError> {
    let (drafts, published): (i64, i64) = sqlx::query_as(
        "select count(*) filter (where state = 'draft'), count(*) filter (where state = 'published') from publication",
    )
    .fetch_one(sqlite(conn)?)
    .await?;
    let place = Place { table: "publication", row: &"count" };
    Ok((place.count("count", drafts)?, place.count("count", published)?))
}
