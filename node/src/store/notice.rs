//! Notices in SQL.

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{clock::from_millis, wire};
use shouwang_serving::store::{Conn, StoreError, Tx};

use super::row::{Damaged, Place, sqlite};
use crate::inbox::notice::Facts;

/// Why nobody has to answer a notice any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Somebody answered.
    Answered,
    /// A newer notice took its place.
    Superseded,
    /// It grew too old.
    Expired,
}

impl Closed {
    fn code(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Answered, Self::Superseded, Self::Expired].into_iter().find(|known| known.code() == code)
    }
}

/// A notice as the node keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptNotice {
    /// As the hub sent it.
    pub notice: wire::Notice,
    /// When it came.
    pub received: Timestamp,
    /// From when on it is of no use.
    pub expires: Option<Timestamp>,
    /// When somebody saw it, and who.
    pub seen: Option<(Timestamp, String)>,
    /// Why nobody has to answer it any more.
    pub closed: Option<Closed>,
    /// Number of its newest change.
    pub change: u64,
}

impl KeptNotice {
    /// What decides about it.
    pub(super) fn facts(&self) -> Result<Facts, Damaged> {
        let place = Place { table: "notice", row: &self.notice.name };
        Facts::of(&self.notice, self.received).map_err(|error| place.damaged("content", error))
    }

    /// Is it too old to be of use?
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

#[derive(sqlx::FromRow)]
struct NoticeRow {
    name: String,
    content: Vec<u8>,
    received_ms: i64,
    expires_ms: Option<i64>,
    seen_ms: Option<i64>,
    seen_by: Option<String>,
    closed: Option<String>,
    change: i64,
}

impl TryFrom<NoticeRow> for KeptNotice {
    type Error = Damaged;

    fn try_from(row: NoticeRow) -> Result<Self, Damaged> {
        let place = Place { table: "notice", row: &row.name };
        let notice = wire::Notice::decode(row.content.as_slice());
        let closed = row.closed.map(|code| {
            Closed::from_code(&code).ok_or_else(|| place.damaged("closed", format!("{code} is unknown")))
        });
        Ok(Self {
            notice: notice.map_err(|error| place.damaged("content", error))?,
            received: from_millis(row.received_ms),
            expires: row.expires_ms.map(from_millis),
            seen: row.seen_ms.map(from_millis).zip(row.seen_by),
            closed: closed.transpose()?,
            change: place.count("change", row.change)?,
        })
    }
}

fn kept(rows: Vec<NoticeRow>) -> Result<Vec<KeptNotice>, StoreError> {
    rows.into_iter().map(|row| KeptNotice::try_from(row).map_err(StoreError::from)).collect()
}

/// The next change number.
pub(super) async fn change_next(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("update inbox set change = change + 1 returning change")
        .fetch_one(sqlite(tx)?)
        .await?)
}

/// The newest change number.
pub(super) async fn change_newest(conn: &mut Conn) -> Result<u64, StoreError> {
    let change: i64 = sqlx::query_scalar("select change from inbox").fetch_one(sqlite(conn)?).await?;
    Ok(Place { table: "inbox", row: &1 }.count("change", change)?)
}

/// One notice.
pub(super) async fn notice_find(conn: &mut Conn, name: &str) -> Result<Option<KeptNotice>, StoreError> {
    let row: Option<NoticeRow> = sqlx::query_as(
        "select name, content, received_ms, expires_ms, seen_ms, seen_by, closed, change
         from notice where name = $1",
    )
    .bind(name)
    .fetch_optional(sqlite(conn)?)
    .await?;
    row.map(|row| KeptNotice::try_from(row).map_err(StoreError::from)).transpose()
}

/// All notices of an assignment or of an incident; either may be empty.
pub(super) async fn notices_about(
    conn: &mut Conn,
    assignment: Option<&str>,
    incident: &str,
) -> Result<Vec<KeptNotice>, StoreError> {
    let rows = sqlx::query_as(
        "select name, content, received_ms, expires_ms, seen_ms, seen_by, closed, change
         from notice where assignment = $1 or (incident = $2 and $2 <> '') order by received_ms, name",
    )
    .bind(assignment)
    .bind(incident)
    .fetch_all(sqlite(conn)?)
    .await?;
    kept(rows)
}

/// Which notices, and from where.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeQuery {
    /// Only those that want an answer, have none and are not too old.
    pub open_only: bool,
    /// Only of this incident; empty: all.
    pub incident: String,
    /// The last one of the page before.
    pub after: Option<(Timestamp, String)>,
    /// How many.
    pub limit: u32,
    /// Now.
    pub now: Timestamp,
}

/// A page of notices, newest first.
pub(super) async fn notices_list(
    conn: &mut Conn,
    query: &NoticeQuery,
) -> Result<Vec<KeptNotice>, StoreError> {
    let (before_ms, before_name) = match &query.after {
        Some((received, name)) => (received.as_millisecond(), name.as_str()),
        None => (i64::MAX, ""),
    };
    let rows = sqlx::query_as(
        "select name, content, received_ms, expires_ms, seen_ms, seen_by, closed, change from notice
         where (received_ms, name) < ($1, $2) and ($3 = '' or incident = $3)
         and ($4 = 0 or (wants_answer = 1 and closed is null and (expires_ms is null or expires_ms > $5)))
         order by received_ms desc, name desc limit $6",
    )
    .bind(before_ms)
    .bind(before_name)
    .bind(&query.incident)
    .bind(i64::from(query.open_only))
    .bind(query.now.as_millisecond())
    .bind(i64::from(query.limit))
    .fetch_all(sqlite(conn)?)
    .await?;
    kept(rows)
}

/// Notices that were changed after this change, in the order of their changes; only those that still concern somebody, or
/// all.
pub(super) async fn notices_changed(
    conn: &mut Conn,
    after: i64,
    pending_only: bool,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<KeptNotice>, StoreError> {
    let rows = sqlx::query_as(
        "select name, content, received_ms, expires_ms, seen_ms, seen_by, closed, change from notice
         where change > $1 and ($2 = 0 or (closed is null and (wants_answer = 1 or seen_ms is null)
             and (expires_ms is null or expires_ms > $3)))
         order by change limit $4",
    )
    .bind(after)
    .bind(i64::from(pending_only))
    .bind(now_ms)
    .bind(i64::from(limit))
    .fetch_all(sqlite(conn)?)
    .await?;
    kept(rows)
}

/// Keeps a new notice.
pub(super) async fn notice_insert(
    tx: &mut Tx,
    notice: &wire::Notice,
    facts: &Facts,
    now_ms: i64,
) -> Result<(), StoreError> {
    let change = change_next(tx).await?;
    sqlx::query(
        "insert into notice (name, content, incident, assignment, wants_answer, received_ms, expires_ms, change)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&facts.name)
    .bind(notice.encode_to_vec())
    .bind(&facts.incident)
    .bind(facts.assignment.as_deref())
    .bind(i64::from(facts.wants_answer))
    .bind(now_ms)
    .bind(facts.expires.map(Timestamp::as_millisecond))
    .bind(change)
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Nobody has to answer it any more; `by` is the command that answered it.
pub(super) async fn notice_close(
    tx: &mut Tx,
    name: &str,
    why: Closed,
    by: Option<&str>,
) -> Result<(), StoreError> {
    let change = change_next(tx).await?;
    sqlx::query("update notice set closed = $2, closed_by = $3, change = $4 where name = $1")
        .bind(name)
        .bind(why.code())
        .bind(by)
        .bind(change)
        .execute(sqlite(tx)?)
        .await?;
    Ok(())
}

/// What this command answered waits for an answer again; answers which notices these are.
pub(super) async fn notices_reopen(tx: &mut Tx, command_id: &str) -> Result<Vec<String>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar("select name from notice where closed_by = $1 order by name")
        .bind(command_id)
        .fetch_all(sqlite(tx)?)
        .await?;
    for name in &names {
        let change = change_next(tx).await?;
        sqlx::query("update notice set closed = null, closed_by = null, change = $2 where name = $1")
            .bind(name)
            .bind(change)
            .execute(sqlite(tx)?)
            .await?;
    }
    Ok(names)
}

/// Somebody has seen it; the first one counts.
pub(super) async fn notice_see(tx: &mut Tx, name: &str, by: &str, now_ms: i64) -> Result<(), StoreError> {
    let change = change_next(tx).await?;
    sqlx::query(
        "update notice set seen_ms = $2, seen_by = $3, change = $4 where name = $1 and seen_ms is null",
    )
    .bind(name)
    .bind(now_ms)
    .bind(by)
    .bind(change)
    .execute(sqlite(tx)?)
    .await?;
    Ok(())
}

/// Notices that grew too old before they were closed.
pub(super) async fn notices_overdue(conn: &mut Conn, now_ms: i64) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "select name from notice where closed is null and expires_ms <= $1 order by expires_ms, name",
    )
    .bind(now_ms)
    .fetch_all(sqlite(conn)?)
    .await?)
}
