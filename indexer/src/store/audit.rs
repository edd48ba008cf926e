//! The audit log.

use jiff::Timestamp;
use shouwang_proto::clock::from_millis;
use shouwang_serving::on;

use super::{Conn, StoreError, Tx, bad_row, column, counter};
use crate::council::audit::{Deed, row_hash};

/// Makes council work on one database wait for its turn, whichever hub does it. Call it first in a transaction that
/// decides by what it reads.
///
/// # Errors
/// What the store said.
pub async fn council_lock(tx: &mut Tx) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("update hub set audit_number = audit_number").execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// Adds a row behind the last one.
///
/// # Errors
/// What the store said.
pub async fn audit_add(tx: &mut Tx, deed: &Deed) -> Result<(), StoreError> {
    let (number, previous): (i64, Vec<u8>) = on!(tx, c => sqlx::query_as(
        "update hub set audit_number = audit_number + 1 returning audit_number, audit_hash")
        .fetch_one(&mut *c).await?);
    let Deed { at, actor, action, subject, detail } = deed;
    let (at, detail) = (at.as_millisecond(), detail.to_string());
    let number_checked = counter("hub", "audit_number", 1, number)?;
    let hash = row_hash(&previous, number_checked, at, [actor, action, subject, &detail]).to_vec();
    on!(tx, c => sqlx::query(
        "insert into audit (number, at_ms, actor, action, subject, detail, hash) values ($1, $2, $3, $4, $5, $6, $7)")
        .bind(number).bind(at).bind(actor).bind(*action).bind(subject).bind(&detail).bind(&hash)
        .execute(&mut *c).await?.rows_affected());
    on!(tx, c => sqlx::query("update hub set audit_hash = $1").bind(&hash).execute(&mut *c).await?.rows_affected());
    Ok(())
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    number: i64,
    at_ms: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    hash: Vec<u8>,
}

/// A row of the audit log, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; the newest has the highest.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who, such as `accounts/UUID NAME`.
    pub actor: String,
    /// What, such as `member.suspend`.
    pub action: String,
    /// To what, such as `members/jinsuo-chem`.
    pub subject: String,
    /// How: a JSON object.
    pub detail: String,
}

/// What is looked for: parts of what stands there, whatever their case; an empty one means anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// A part of who.
    pub actor: String,
    /// How the action begins.
    pub action: String,
    /// A part of what it was done to.
    pub subject: String,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// The text as `like` finds it, letter for letter.
fn literally(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Rows, newest first: those before a number, or from the newest on, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn audit_list(
    conn: &mut Conn,
    filter: &AuditFilter,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let AuditFilter { actor, action, subject, from, until } = filter;
    let actor = format!("%{}%", literally(actor));
    let (action, subject) = (format!("{}%", literally(action)), format!("%{}%", literally(subject)));
    let from = from.map_or(i64::MIN, Timestamp::as_millisecond);
    let until = until.map_or(i64::MAX, Timestamp::as_millisecond);
    let rows: Vec<AuditRow> = on!(conn, c => sqlx::query_as(
        "select number, at_ms, actor, action, subject, detail, hash from audit
         where number < $1 and at_ms >= $2 and at_ms < $3 and lower(actor) like lower($4) escape '\\'
           and lower(action) like lower($5) escape '\\' and lower(subject) like lower($6) escape '\\'
         order by number desc limit $7")
        .bind(before.map_or(i64::MAX, column)).bind(from).bind(until).bind(&actor).bind(&action).bind(&subject)
        .bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter()
        .map(|row| {
            let AuditRow { number, at_ms, actor, action, subject, detail, hash: _ } = row;
            let number = counter("audit", "number", number, number)?;
            Ok(AuditEntry { number, at: from_millis(at_ms), actor, action, subject, detail })
        })
        .collect()
}

/// Rows read at once by [`audit_check`].
const CHECKED_AT_ONCE: u64 = 1_000;

/// Checks the whole chain: the number of rows when it is whole, else the first number that is missing or was changed.
///
/// # Errors
/// What the store said.
pub async fn audit_check(conn: &mut Conn) -> Result<Result<u64, u64>, StoreError> {
    let (end, end_hash): (i64, Vec<u8>) = on!(conn, c => sqlx::query_as("select audit_number, audit_hash from hub")
        .fetch_one(&mut *c).await?);
    let end = counter("hub", "audit_number", 1, end)?;
    let (mut done, mut previous) = (0, vec![0; 32]);
    loop {
        let rows: Vec<AuditRow> = on!(conn, c => sqlx::query_as(
            "select number, at_ms, actor, action, subject, detail, hash from audit
             where number > $1 order by number limit $2")
            .bind(column(done)).bind(column(CHECKED_AT_ONCE)).fetch_all(&mut *c).await?);
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let number =
                u64::try_from(row.number).map_err(|error| bad_row("audit", "number", row.number, error))?;
            let texts = [row.actor.as_str(), &row.action, &row.subject, &row.detail];
            let hash = row_hash(&previous, done + 1, row.at_ms, texts);
            if number != done + 1 || row.hash != hash {
                return Ok(Err(done + 1));
            }
            (done, previous) = (number, row.hash);
        }
    }
    Ok(if done == end && previous == end_hash { Ok(done) } else { Err(done + 1) })
}

/// What a forger would do.
#[cfg(test)]
pub(crate) async fn audit_spoil(tx: &mut Tx, number: i64) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("update audit set actor = 'nobody' where number = $1").bind(number)
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}

/// What somebody who wants to hide the newest rows would do.
#[cfg(test)]
pub(crate) async fn audit_cut(tx: &mut Tx, from: i64) -> Result<(), StoreError> {
    on!(tx, c => sqlx::query("delete from audit where number >= $1").bind(from)
        .execute(&mut *c).await?.rows_affected());
    Ok(())
}
