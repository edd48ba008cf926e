//! How much of each resource is free. Three fences keep it from being promised twice: the update says what must be true
//! when it is written and counts its rows; a CHECK says what must be true of every row; and a unique index lets one
//! thing be ordered to one place only (see [`assignment`](super::assignment)).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::from_millis,
    id::{MemberId, PublicationName},
    mutual_aid::id::IncidentId,
    refusal::Refusal,
};
use shouwang_serving::{execute, on};
use tonic::Code;

use super::{
    super::{Conn, StoreError, Tx, column, counter},
    incident::read,
};

/// How much of one resource is free, in one ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Which resource.
    pub resource: PublicationName,
    /// The drill or test whose copy this is; none: the real ledger.
    pub scope: Option<IncidentId>,
    /// Counts the changes.
    pub version: u64,
    /// UCUM unit.
    pub unit: String,
    /// One thing that cannot be in two places.
    pub serialised: bool,
    /// May the council send it without asking?
    pub pre_authorised: bool,
    /// What the owner lends.
    pub quota: u64,
    /// Ordered, not confirmed.
    pub held: u64,
    /// Confirmed, not departed.
    pub committed: u64,
    /// Out.
    pub deployed: u64,
    /// Used up since the owner last counted.
    pub consumed: u64,
    /// Damaged since the owner last counted.
    pub damaged: u64,
    /// Number of the newest order.
    pub epoch: u64,
    /// When the owner last said the quota.
    pub confirmed: Timestamp,
}

impl LedgerRow {
    /// All that is not free.
    #[must_use]
    pub fn used(&self) -> u64 {
        let uses = [self.held, self.committed, self.deployed, self.consumed, self.damaged];
        uses.into_iter().fold(0, u64::saturating_add)
    }

    /// What can be ordered.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.quota.saturating_sub(self.used())
    }

    /// What is missing when more is in use than the owner lends.
    #[must_use]
    pub fn shortfall(&self) -> u64 {
        self.used().saturating_sub(self.quota)
    }
}

#[derive(sqlx::FromRow)]
struct Raw {
    owner_id: String,
    record: String,
    scope: String,
    version: i64,
    unit: String,
    serialised: bool,
    pre_authorised: bool,
    quota: i64,
    held: i64,
    committed: i64,
    deployed: i64,
    consumed: i64,
    damaged: i64,
    shortfall: i64,
    epoch: i64,
    confirmed_ms: i64,
}

impl Raw {
    fn check(self) -> Result<LedgerRow, StoreError> {
        const TABLE: &str = "aid_ledger";
        let key = format!("{}/{}/{}", self.owner_id, self.record, self.scope);
        let scope = if self.scope.is_empty() { None } else { Some(read(TABLE, "scope", &key, &self.scope)?) };
        let row = LedgerRow {
            resource: PublicationName {
                member: read(TABLE, "owner_id", &key, &self.owner_id)?,
                record: read(TABLE, "record", &key, &self.record)?,
            },
            scope,
            version: counter(TABLE, "version", &key, self.version)?,
            unit: self.unit,
            serialised: self.serialised,
            pre_authorised: self.pre_authorised,
            quota: counter(TABLE, "quota", &key, self.quota)?,
            held: counter(TABLE, "held", &key, self.held)?,
            committed: counter(TABLE, "committed", &key, self.committed)?,
            deployed: counter(TABLE, "deployed", &key, self.deployed)?,
            consumed: counter(TABLE, "consumed", &key, self.consumed)?,
            damaged: counter(TABLE, "damaged", &key, self.damaged)?,
            epoch: counter(TABLE, "epoch", &key, self.epoch)?,
            confirmed: from_millis(self.confirmed_ms),
        };
        let shortfall = counter(TABLE, "shortfall", &key, self.shortfall)?;
        if shortfall != row.shortfall() {
            return Err(super::super::bad_row(TABLE, "shortfall", &key, "is not what the other columns say"));
        }
        Ok(row)
    }
}

/// The scope as the column has it.
pub(super) fn scope_text(scope: Option<IncidentId>) -> String {
    scope.map_or_else(String::new, |incident| incident.to_string())
}

/// The ledger of one resource.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn ledger_find(
    conn: &mut Conn,
    resource: &PublicationName,
    scope: Option<IncidentId>,
) -> Result<Option<LedgerRow>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select owner_id, record, scope, version, unit, serialised, pre_authorised, quota, held, committed, deployed,
         consumed, damaged, shortfall, epoch, confirmed_ms from aid_ledger
         where owner_id = $1 and record = $2 and scope = $3")
        .bind(resource.member.as_str()).bind(resource.record.to_string()).bind(scope_text(scope))
        .fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// Adds the ledger of a resource that has none in this scope.
///
/// # Errors
/// What the store said.
pub async fn ledger_add(tx: &mut Tx, row: &LedgerRow) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query(
        "insert into aid_ledger (owner_id, record, scope, version, unit, serialised, pre_authorised, quota, held,
         committed, deployed, consumed, damaged, shortfall, epoch, confirmed_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)")
        .bind(row.resource.member.as_str()).bind(row.resource.record.to_string()).bind(scope_text(row.scope))
        .bind(column(row.version)).bind(&row.unit).bind(row.serialised).bind(row.pre_authorised)
        .bind(column(row.quota)).bind(column(row.held)).bind(column(row.committed)).bind(column(row.deployed))
        .bind(column(row.consumed)).bind(column(row.damaged)).bind(column(row.shortfall()))
        .bind(column(row.epoch)).bind(row.confirmed.as_millisecond())
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Writes how a ledger is now, if it still is as it was when the decision was made, and if what is newly taken is free
/// at this moment. `before` is what the decision was made from. `booked` lets a team that came of itself be written
/// down although nothing is free, and an owner lower its quota: then a shortfall shows.
///
/// # Errors
/// ABORTED (RESOURCE_TAKEN) when it is not; what the store said. Nothing of the operation may stand then.
pub async fn ledger_change(
    tx: &mut Tx,
    before: &LedgerRow,
    after: &LedgerRow,
    booked: bool,
) -> Result<(), StoreError> {
    let grown = column(after.used().saturating_sub(before.used()));
    let changed = on!(tx, c => sqlx::query(
        "update aid_ledger set version = $5, unit = $6, serialised = $7, pre_authorised = $8, quota = $9, held = $10,
         committed = $11, deployed = $12, consumed = $13, damaged = $14, shortfall = $15, epoch = $16,
         confirmed_ms = $17
         where owner_id = $1 and record = $2 and scope = $3 and version = $4
           and ($19 or $18 = 0 or quota - held - committed - deployed - consumed - damaged >= $18)")
        .bind(after.resource.member.as_str()).bind(after.resource.record.to_string())
        .bind(scope_text(after.scope)).bind(column(before.version)).bind(column(after.version))
        .bind(&after.unit).bind(after.serialised).bind(after.pre_authorised).bind(column(after.quota))
        .bind(column(after.held)).bind(column(after.committed)).bind(column(after.deployed))
        .bind(column(after.consumed)).bind(column(after.damaged)).bind(column(after.shortfall()))
        .bind(column(after.epoch)).bind(after.confirmed.as_millisecond()).bind(grown).bind(booked)
        .execute(&mut *c).await?.rows_affected());
    if changed == 1 {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Aborted,
        "RESOURCE_TAKEN",
        format!("{} was taken meanwhile; read its ledger again （资源已被占用，请重新读取台账）", after.resource),
    )
    .into())
}

/// All ledgers of one scope, by resource.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn ledgers_of_scope(
    conn: &mut Conn,
    scope: Option<IncidentId>,
) -> Result<Vec<LedgerRow>, StoreError> {
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select owner_id, record, scope, version, unit, serialised, pre_authorised, quota, held, committed, deployed,
         consumed, damaged, shortfall, epoch, confirmed_ms from aid_ledger where scope = $1 order by owner_id, record")
        .bind(scope_text(scope)).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Which ledgers to list.
#[derive(Clone, Debug, Default)]
pub struct LedgerFilter {
    /// The drill whose copies to list; none: the real ones.
    pub scope: Option<IncidentId>,
    /// Only of this owner.
    pub owner: Option<MemberId>,
    /// Only those with a shortfall.
    pub shortfall_only: bool,
}

/// Where a list of ledgers goes on: after this resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerAfter {
    owner: String,
    record: String,
}

impl LedgerRow {
    /// Where the list goes on after this row.
    #[must_use]
    pub fn after(&self) -> LedgerAfter {
        LedgerAfter { owner: self.resource.member.to_string(), record: self.resource.record.to_string() }
    }
}

/// Ledgers, by resource, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn ledgers_list(
    conn: &mut Conn,
    filter: &LedgerFilter,
    after: &LedgerAfter,
    limit: u32,
) -> Result<Vec<LedgerRow>, StoreError> {
    let owner = filter.owner.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select owner_id, record, scope, version, unit, serialised, pre_authorised, quota, held, committed, deployed,
         consumed, damaged, shortfall, epoch, confirmed_ms from aid_ledger
         where scope = $1 and (owner_id > $2 or (owner_id = $2 and record > $3)) and ($4 = '' or owner_id = $4)
           and (not $5 or shortfall > 0) order by owner_id, record limit $6")
        .bind(scope_text(filter.scope)).bind(&after.owner).bind(&after.record).bind(owner)
        .bind(filter.shortfall_only).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(Raw::check).collect()
}

/// Up to where the ledger has followed the hub's log.
///
/// # Errors
/// What the store said.
pub async fn intake_position(conn: &mut Conn) -> Result<u64, StoreError> {
    let position: i64 = on!(conn, c => sqlx::query_scalar("select intake_position from aid_counter")
        .fetch_one(&mut *c).await?);
    counter("aid_counter", "intake_position", 1, position)
}

/// Moves that position; false when another hub has moved it meanwhile.
///
/// # Errors
/// What the store said.
pub async fn intake_advance(tx: &mut Tx, from: u64, to: u64) -> Result<bool, StoreError> {
    let sql = "update aid_counter set intake_position = $2 where one = 1 and intake_position = $1";
    Ok(execute!(tx, sql, column(from), column(to)) == 1)
}
