//! The catalog: what the hub has of each record, and above all what readers see. It is the truth; the index is derived
//! from it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use shouwang_proto::{
    clock::from_millis,
    id::{GroupId, MemberId, PublicationName, RecordId},
    log::{Hash, digest::Live, entry::Collection, sealed::SealedEntry},
    publication::Kind,
};
use shouwang_serving::{
    on,
    store::{Batch, Engine},
};

use super::{
    Conn, StoreError, Tx, bad_row, column, counter,
    log::{EntryBytes, read_hash},
};
use crate::link::apply::{RecordState, Shown};

/// The state of one record as its row has it.
#[derive(sqlx::FromRow)]
struct StateRow {
    record: String,
    revision: i64,
    live_collection: Option<i64>,
    live_revision: Option<i64>,
    live_entry: Option<Vec<u8>>,
    #[sqlx(flatten)]
    shown: ShownRow,
    quarantined: bool,
}

/// The columns of what is shown: all set or none, as a CHECK says.
#[derive(sqlx::FromRow)]
struct ShownRow {
    shown_seq: Option<i64>,
    shown_revision: Option<i64>,
    shown_entry: Option<Vec<u8>>,
    kind: Option<String>,
    audience: Option<String>,
    published_ms: Option<i64>,
    has_files: Option<bool>,
}

impl ShownRow {
    fn check(self, key: &str) -> Result<Option<Shown>, StoreError> {
        let Self {
            shown_seq: Some(seq),
            shown_revision: Some(revision),
            shown_entry: Some(entry),
            kind: Some(kind),
            audience: Some(audience),
            published_ms: Some(published_ms),
            has_files: Some(has_files),
        } = self
        else {
            return Ok(None);
        };
        let audience: BTreeSet<GroupId> =
            serde_json::from_str(&audience).map_err(|error| bad_row("record", "audience", key, error))?;
        Ok(Some(Shown {
            seq: counter("record", "shown_seq", key, seq)?,
            entry: read_hash("record", "shown_entry", key, &entry)?,
            revision: counter("record", "shown_revision", key, revision)?,
            kind: kind.parse().map_err(|error| bad_row("record", "kind", key, error))?,
            audience,
            published_ms,
            has_files,
        }))
    }
}

impl StateRow {
    fn check(self) -> Result<(RecordId, RecordState), StoreError> {
        let Self { record: key, revision, live_collection, live_revision, live_entry, shown, quarantined } =
            self;
        let record: RecordId = key.parse().map_err(|error| bad_row("record", "record", &key, error))?;
        let live = match (live_collection, live_revision, live_entry) {
            (Some(collection), Some(revision), Some(entry)) => Some(Live {
                collection: [Collection::Log, Collection::Publication]
                    .into_iter()
                    .find(|known| i64::from(known.code()) == collection)
                    .ok_or_else(|| bad_row("record", "live_collection", &key, "is unknown"))?,
                record,
                revision: counter("record", "live_revision", &key, revision)?,
                entry: read_hash("record", "live_entry", &key, &entry)?,
            }),
            _ => None,
        };
        let revision = counter("record", "revision", &key, revision)?;
        Ok((record, RecordState { live, revision, shown: shown.check(&key)?, quarantined }))
    }
}

/// What the hub has of these records of a member; records it has nothing of are missing.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn record_states(
    conn: &mut Conn,
    member: &MemberId,
    records: &BTreeSet<RecordId>,
) -> Result<BTreeMap<RecordId, RecordState>, StoreError> {
    let ids: Vec<String> = records.iter().map(RecordId::to_string).collect();
    let rows: Vec<StateRow> =
        match conn.engine() {
            Engine::Sqlite(c) => {
                let ids = serde_json::to_string(&ids).unwrap_or_default();
                sqlx::query_as(
                "select r.record, r.revision, r.live_collection, r.live_revision, r.live_entry, r.shown_seq,
                        r.shown_revision, r.shown_entry, r.kind, r.audience, r.published_ms, r.has_files,
                        q.seq is not null as quarantined
                 from record r left join quarantine q on q.member_id = r.member_id and q.record = r.record
                 where r.member_id = $1 and r.record in (select value from json_each($2))",
            )
            .bind(member.as_str())
            .bind(ids)
            .fetch_all(c)
            .await?
            }
            // One look at the key for each record. Left to itself the planner, which knows nothing of a table that has
            // just grown, reads everything that the member has.
            Engine::Postgres(c) => sqlx::query_as(
                "select r.record, r.revision, r.live_collection, r.live_revision, r.live_entry, r.shown_seq,
                        r.shown_revision, r.shown_entry, r.kind, r.audience, r.published_ms, r.has_files,
                        exists (select 1 from quarantine q where q.member_id = $1 and q.record = r.record)
                          as quarantined
                 from unnest($2::text[]) as asked (record) cross join lateral
                   (select * from record where member_id = $1 and record = asked.record offset 0) r",
            )
            .bind(member.as_str())
            .bind(ids)
            .fetch_all(c)
            .await?,
        };
    rows.into_iter().map(StateRow::check).collect()
}

/// Writes the states of these records.
///
/// # Errors
/// What the store said.
pub async fn records_put(
    tx: &mut Tx,
    member: &MemberId,
    records: &BTreeMap<RecordId, RecordState>,
) -> Result<(), StoreError> {
    let states = || records.values();
    let shown = || states().map(|state| state.shown.as_ref());
    let audience = |shown: &Shown| serde_json::to_string(&shown.audience).unwrap_or_default();
    let live = || states().map(|state| state.live.as_ref());
    Batch::into("record")
        .column("member_id", vec![member.to_string(); records.len()])
        .column("record", records.keys().map(RecordId::to_string).collect::<Vec<_>>())
        .column("revision", states().map(|state| column(state.revision)).collect::<Vec<_>>())
        .column("live_collection", live().map(|live| Some(i64::from(live?.collection.code()))).collect::<Vec<_>>())
        .column("live_revision", live().map(|live| Some(column(live?.revision))).collect::<Vec<_>>())
        .column("live_entry", live().map(|live| Some(live?.entry.to_vec())).collect::<Vec<_>>())
        .column("shown_seq", shown().map(|shown| Some(column(shown?.seq))).collect::<Vec<_>>())
        .column("shown_revision", shown().map(|shown| Some(column(shown?.revision))).collect::<Vec<_>>())
        .column("shown_entry", shown().map(|shown| Some(shown?.entry.to_vec())).collect::<Vec<_>>())
        .column("kind", shown().map(|shown| Some(shown?.kind.code().to_owned())).collect::<Vec<_>>())
        .column("audience", shown().map(|shown| Some(audience(shown?))).collect::<Vec<_>>())
        .column("published_ms", shown().map(|shown| Some(shown?.published_ms)).collect::<Vec<_>>())
        .column("has_files", shown().map(|shown| Some(shown?.has_files)).collect::<Vec<_>>())
        .then(
            "on conflict (member_id, record) do update set revision = excluded.revision,
             live_collection = excluded.live_collection, live_revision = excluded.live_revision,
             live_entry = excluded.live_entry, shown_seq = excluded.shown_seq,
             shown_revision = excluded.shown_revision, shown_entry = excluded.shown_entry, kind = excluded.kind,
             audience = excluded.audience, published_ms = excluded.published_ms, has_files = excluded.has_files",
        )
        .run(tx)
        .await?;
    Ok(())
}

/// A publication that readers may see, if their scope allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRow {
    /// Its name.
    pub name: PublicationName,
    /// Where in the owner's log it was put.
    pub seq: u64,
    /// Hash of that entry.
    pub entry: Hash,
    /// Its revision.
    pub revision: u64,
    /// Its kind.
    pub kind: Kind,
    /// Who may see it.
    pub audience: BTreeSet<GroupId>,
    /// When its owner published this revision.
    pub published: Timestamp,
    /// The whole entry; its payload is an encoded `RecordPayload`, checked against its hash when it was read.
    pub sealed: SealedEntry,
}

impl CatalogRow {
    /// The encoded `RecordPayload`.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        self.sealed.payload()
    }
}

#[derive(sqlx::FromRow)]
struct FoundRow {
    member_id: String,
    record: String,
    #[sqlx(flatten)]
    shown: ShownRow,
    #[sqlx(flatten)]
    bytes: EntryBytes,
}

impl FoundRow {
    fn check(self) -> Result<Option<CatalogRow>, StoreError> {
        let Self { member_id, record, shown, bytes } = self;
        let key = format!("{member_id}/{record}");
        let member: MemberId =
            member_id.parse().map_err(|error| bad_row("record", "member_id", &key, error))?;
        let record = record.parse().map_err(|error| bad_row("record", "record", &key, error))?;
        let Some(Shown { seq, entry, revision, kind, audience, published_ms, has_files: _ }) =
            shown.check(&key)?
        else {
            return Ok(None);
        };
        let sealed = bytes.open(&member, seq)?;
        if sealed.hash() != entry || sealed.payload().is_empty() {
            return Err(bad_row("log_entry", "payload", &key, "is not the one that was shown"));
        }
        let published = from_millis(published_ms);
        let name = PublicationName { member, record };
        Ok(Some(CatalogRow { name, seq, entry, revision, kind, audience, published, sealed }))
    }
}

/// What readers see under this name; `None` when there is nothing, for whatever reason. The caller checks the scope.
///
/// # Errors
/// What the store said, or that the row or its entry was damaged.
pub async fn catalog_find(conn: &mut Conn, name: &PublicationName) -> Result<Option<CatalogRow>, StoreError> {
    let row: Option<FoundRow> = on!(conn, c => sqlx::query_as(
        "select r.member_id, r.record, r.shown_seq, r.shown_revision, r.shown_entry, r.kind, r.audience,
                r.published_ms, r.has_files, e.hash, e.header, e.signature, e.payload
         from record r join log_entry e on e.member_id = r.member_id and e.seq = r.shown_seq
         where r.member_id = $1 and r.record = $2")
        .bind(name.member.as_str()).bind(name.record.to_string()).fetch_optional(&mut *c).await?);
    row.map_or(Ok(None), FoundRow::check)
}

#[derive(sqlx::FromRow)]
struct ScopeRow {
    member_id: String,
    record: String,
    audience: String,
}

/// Who may see these publications at this moment; those that nobody may see are missing.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn catalog_audiences(
    conn: &mut Conn,
    names: &[PublicationName],
) -> Result<BTreeMap<PublicationName, BTreeSet<GroupId>>, StoreError> {
    let rows: Vec<ScopeRow> = match conn.engine() {
        Engine::Sqlite(c) => {
            let pairs: Vec<[String; 2]> =
                names.iter().map(|name| [name.member.to_string(), name.record.to_string()]).collect();
            // The names are the outer loop: one look by the primary key for each.
            sqlx::query_as(
                "select record.member_id, record.record, record.audience from json_each($1) as name
                 cross join record on record.member_id = name.value ->> 0 and record.record = name.value ->> 1
                 where record.shown_seq is not null",
            )
            .bind(serde_json::to_string(&pairs).unwrap_or_default())
            .fetch_all(c)
            .await?
        }
        Engine::Postgres(c) => {
            let members: Vec<String> = names.iter().map(|name| name.member.to_string()).collect();
            let records: Vec<String> = names.iter().map(|name| name.record.to_string()).collect();
            sqlx::query_as(
                "select record.member_id, record.record, record.audience from unnest($1, $2) as name (member_id, record)
                 join record on record.member_id = name.member_id and record.record = name.record
                 where record.shown_seq is not null",
            )
            .bind(members)
            .bind(records)
            .fetch_all(c)
            .await?
        }
    };
    rows.into_iter()
        .map(|ScopeRow { member_id, record, audience }| {
            let key = format!("{member_id}/{record}");
            let member = member_id.parse().map_err(|error| bad_row("record", "member_id", &key, error))?;
            let record = record.parse().map_err(|error| bad_row("record", "record", &key, error))?;
            let audience = serde_json::from_str(&audience)
                .map_err(|error| bad_row("record", "audience", &key, error))?;
            Ok((PublicationName { member, record }, audience))
        })
        .collect()
}

/// Number of publications that are shown.
///
/// # Errors
/// What the store said.
pub async fn catalog_count(conn: &mut Conn) -> Result<u64, StoreError> {
    let count: i64 = on!(conn, c => sqlx::query_scalar(
        "select cast(count(*) as bigint) from record where shown_seq is not null").fetch_one(&mut *c).await?);
    counter("record", "count", "all", count)
}

/// How many publications that are shown now were first published in each span of time since then: the span's number,
/// the kind, how many. Spans are `length_ms` long and numbered from `start_ms` on. Of active members only.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn catalog_spans(
    conn: &mut Conn,
    start_ms: i64,
    length_ms: i64,
) -> Result<Vec<(u64, Kind, u64)>, StoreError> {
    let rows: Vec<(i64, String, i64)> = on!(conn, c => sqlx::query_as(
        "select (r.published_ms - $1) / $2, r.kind, cast(count(*) as bigint)
         from record r join member m on m.id = r.member_id
         where r.shown_seq is not null and r.published_ms >= $1 and m.state = 'active'
         group by 1, 2")
        .bind(start_ms).bind(length_ms).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|(span, kind, count)| {
            let known = kind.parse::<Kind>().map_err(|error| bad_row("record", "kind", &kind, error))?;
            Ok((counter("record", "span", span, span)?, known, counter("record", "count", span, count)?))
        })
        .collect()
}
