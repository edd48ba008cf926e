//! How much of each resource is free. Three fences keep it from being promised twice: the update says what must be true
//! when it is written and counts its rows; a CHECK says what must be true of every row; and a unique index lets one
//! thing be ordered to one place only (see [`assignment`](super::assignment)).

use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::from_millis,
    id::{MemberId, PublicationName},
    mutual_aid::{id::IncidentId, term::Mode},
    refusal::Refusal,
};
use shouwang_serving::{execute, on};
use tonic::Code;

use super::{
    super::{Conn, StoreError, Tx, bad_row, column, counter},
    incident::read,
};
use crate::mutual_aid::machine::ledger::{Book, Ledger, LedgerKey, Terms};

#[derive(sqlx::FromRow)]
struct Raw {
    owner_id: String,
    record: String,
    scope: String,
    mode: String,
    version: i64,
    title: String,
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
    fn check(self) -> Result<Ledger, StoreError> {
        const TABLE: &str = "aid_ledger";
        let key = format!("{}/{}/{}", self.owner_id, self.record, self.scope);
        let incident =
            if self.scope.is_empty() { None } else { Some(read(TABLE, "scope", &key, &self.scope)?) };
        let book = match (read(TABLE, "mode", &key, &self.mode)?, incident) {
            (Mode::Actual, None) => Book::Actual,
            (Mode::Exercise, Some(incident)) => Book::Exercise(incident),
            (Mode::Test, Some(incident)) => Book::Test(incident),
            (Mode::Actual, Some(_)) | (Mode::Exercise | Mode::Test, None) => {
                return Err(bad_row(TABLE, "mode", &key, "does not fit the scope"));
            }
        };
        let resource = PublicationName {
            member: read(TABLE, "owner_id", &key, &self.owner_id)?,
            record: read(TABLE, "record", &key, &self.record)?,
        };
        let ledger = Ledger {
            key: LedgerKey { resource, book },
            version: counter(TABLE, "version", &key, self.version)?,
            terms: Terms {
                title: self.title,
                unit: self.unit,
                serialised: self.serialised,
                pre_authorised: self.pre_authorised,
                quota: counter(TABLE, "quota", &key, self.quota)?,
            },
            held: counter(TABLE, "held", &key, self.held)?,
            committed: counter(TABLE, "committed", &key, self.committed)?,
            deployed: counter(TABLE, "deployed", &key, self.deployed)?,
            consumed: counter(TABLE, "consumed", &key, self.consumed)?,
            damaged: counter(TABLE, "damaged", &key, self.damaged)?,
            epoch: counter(TABLE, "epoch", &key, self.epoch)?,
            confirmed: from_millis(self.confirmed_ms),
        };
        if counter(TABLE, "shortfall", &key, self.shortfall)? != ledger.shortfall() {
            return Err(bad_row(TABLE, "shortfall", &key, "is not what the other columns say"));
        }
        Ok(ledger)
    }
}

/// The book as the column has it: empty for the real one, else the incident whose copy it is.
pub(super) fn scope_text(book: Book) -> String {
    book.incident().map_or_else(String::new, |incident| incident.to_string())
}

/// All that is not free.
fn taken(ledger: &Ledger) -> u64 {
    ledger.in_use().saturating_add(ledger.consumed).saturating_add(ledger.damaged)
}

/// The ledger of one resource.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn ledger_find(conn: &mut Conn, key: &LedgerKey) -> Result<Option<Ledger>, StoreError> {
    let row: Option<Raw> = on!(conn, c => sqlx::query_as(
        "select owner_id, record, scope, mode, version, title, unit, serialised, pre_authorised, quota, held, committed,
         deployed, consumed, damaged, shortfall, epoch, confirmed_ms from aid_ledger
         where owner_id = $1 and record = $2 and scope = $3")
        .bind(key.resource.member.as_str()).bind(key.resource.record.to_string()).bind(scope_text(key.book))
        .fetch_optional(&mut *c).await?);
    row.map(Raw::check).transpose()
}

/// Adds the ledger of a resource that has none in this book. A second one breaks the primary key.
///
/// # Errors
/// What the store said.
pub async fn ledger_add(tx: &mut Tx, ledger: &Ledger) -> Result<(), StoreError> {
    let LedgerKey { resource, book } = &ledger.key;
    let Terms { title, unit, serialised, pre_authorised, quota } = &ledger.terms;
    on!(tx, c => sqlx::query(
        "insert into aid_ledger (owner_id, record, scope, mode, version, title, unit, serialised, pre_authorised, quota,
         held, committed, deployed, consumed, damaged, shortfall, epoch, confirmed_ms, change_number)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
         (select change_number from aid_counter))")
        .bind(resource.member.as_str()).bind(resource.record.to_string()).bind(scope_text(*book))
        .bind(book.mode().code()).bind(column(ledger.version)).bind(title).bind(unit).bind(*serialised)
        .bind(*pre_authorised).bind(column(*quota)).bind(column(ledger.held)).bind(column(ledger.committed))
        .bind(column(ledger.deployed)).bind(column(ledger.consumed)).bind(column(ledger.damaged))
        .bind(column(ledger.shortfall())).bind(column(ledger.epoch)).bind(ledger.confirmed.as_millisecond())
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Writes how a ledger is now, if it still is as it was when the decision was made (`before`), and if what is newly
/// taken is free at this moment. `booked` lets a team that came of itself be written down although nothing is free, and
/// an owner lend less than is in use: then a shortfall shows.
///
/// # Errors
/// ABORTED (RESOURCE_TAKEN) when it is not; what the store said. Nothing of the operation may stand then.
pub async fn ledger_change(
    tx: &mut Tx,
    before: &Ledger,
    after: &Ledger,
    booked: bool,
) -> Result<(), StoreError> {
    let LedgerKey { resource, book } = &after.key;
    let Terms { title, unit, serialised, pre_authorised, quota } = &after.terms;
    let grown = column(taken(after).saturating_sub(taken(before)));
    let changed = on!(tx, c => sqlx::query(
        "update aid_ledger set version = $5, title = $20, unit = $6, serialised = $7, pre_authorised = $8, quota = $9,
         held = $10, committed = $11, deployed = $12, consumed = $13, damaged = $14, shortfall = $15, epoch = $16,
         confirmed_ms = $17, change_number = (select change_number from aid_counter)
         where owner_id = $1 and record = $2 and scope = $3 and version = $4
           and ($19 or $18 = 0 or quota - held - committed - deployed - consumed - damaged >= $18)")
        .bind(resource.member.as_str()).bind(resource.record.to_string()).bind(scope_text(*book))
        .bind(column(before.version)).bind(column(after.version)).bind(unit).bind(*serialised)
        .bind(*pre_authorised).bind(column(*quota)).bind(column(after.held)).bind(column(after.committed))
        .bind(column(after.deployed)).bind(column(after.consumed)).bind(column(after.damaged))
        .bind(column(after.shortfall())).bind(column(after.epoch)).bind(after.confirmed.as_millisecond())
        .bind(grown).bind(booked).bind(title).execute(&mut *c).await?.rows_affected());
    if changed == 1 {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Aborted,
        "RESOURCE_TAKEN",
        format!("{resource} was taken meanwhile; read its ledger again （资源已被占用，请重新读取台账）"),
    )
    .into())
}

#[derive(sqlx::FromRow)]
struct RawChange {
    #[sqlx(flatten)]
    ledger: Raw,
    change_number: i64,
}

/// The ledgers of one book that a change after this one wrote last (none: all of them), in any order, and the number of
/// the newest of those changes. Numbers rise in the order of commits, because every change takes `aid_lock` first.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn ledgers_changed(
    conn: &mut Conn,
    book: Book,
    after: Option<u64>,
) -> Result<(Vec<Ledger>, Option<u64>), StoreError> {
    let rows: Vec<RawChange> = on!(conn, c => sqlx::query_as(
        "select owner_id, record, scope, mode, version, title, unit, serialised, pre_authorised, quota, held, committed,
         deployed, consumed, damaged, shortfall, epoch, confirmed_ms, change_number from aid_ledger
         where scope = $1 and change_number > $2")
        .bind(scope_text(book)).bind(after.map_or(-1, column)).fetch_all(&mut *c).await?);
    let newest = rows.iter().map(|row| row.change_number).max();
    let newest = newest.map(|number| counter("aid_ledger", "change_number", number, number)).transpose()?;
    let ledgers = rows.into_iter().map(|row| row.ledger.check()).collect::<Result<_, _>>()?;
    Ok((ledgers, newest.max(after)))
}

/// Which ledgers to list.
#[derive(Clone, Debug, Default)]
pub struct LedgerFilter {
    /// The drill whose copies to list; none: the real ones.
    pub incident: Option<IncidentId>,
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

impl LedgerAfter {
    /// Where the list goes on after this one.
    #[must_use]
    pub fn of(ledger: &Ledger) -> Self {
        let PublicationName { member, record } = &ledger.key.resource;
        Self { owner: member.to_string(), record: record.to_string() }
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
) -> Result<Vec<Ledger>, StoreError> {
    let scope = filter.incident.map_or_else(String::new, |incident| incident.to_string());
    let owner = filter.owner.as_ref().map_or("", MemberId::as_str);
    let rows: Vec<Raw> = on!(conn, c => sqlx::query_as(
        "select owner_id, record, scope, mode, version, title, unit, serialised, pre_authorised, quota, held, committed,
         deployed, consumed, damaged, shortfall, epoch, confirmed_ms from aid_ledger
         where scope = $1 and (owner_id > $2 or (owner_id = $2 and record > $3)) and ($4 = '' or owner_id = $4)
           and (not $5 or shortfall > 0) order by owner_id, record limit $6")
        .bind(&scope).bind(&after.owner).bind(&after.record).bind(owner)
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

/// What a program would do that forgot to look.
#[cfg(test)]
pub(crate) async fn ledger_spoil(tx: &mut Tx) -> Result<u64, StoreError> {
    Ok(execute!(tx, "update aid_ledger set held = held + 1"))
}
