//! The outbox: one row for each member that must be told something, until its node has it on disk, or it is too old.
//!
//! The rows are the queue. Whoever sends keeps nothing: a session reads what waits for its member, from the lowest
//! number up, and begins again from there when the node comes back.

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    clock::from_millis,
    id::MemberId,
    mutual_aid::id::{AssignmentId, IncidentId, NoticeId, RequestId},
    wire,
};
use shouwang_serving::{
    execute, on,
    store::{Batch, Engine},
};

use super::super::{Conn, StoreError, Tx, bad_row, column, counter};

/// How far a notice has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryState {
    /// In the outbox.
    Queued,
    /// On a link, not acknowledged.
    Sent,
    /// On the disk of the member's node.
    Delivered,
    /// A person has seen it.
    Seen,
    /// A person has answered it.
    Answered,
    /// Too old to be of use.
    Expired,
}

impl DeliveryState {
    pub(super) const ALL: [Self; 6] =
        [Self::Queued, Self::Sent, Self::Delivered, Self::Seen, Self::Answered, Self::Expired];

    /// As the column has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Seen => "seen",
            Self::Answered => "answered",
            Self::Expired => "expired",
        }
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(self) -> wire::NoticeDeliveryState {
        match self {
            Self::Queued => wire::NoticeDeliveryState::Queued,
            Self::Sent => wire::NoticeDeliveryState::Sent,
            Self::Delivered => wire::NoticeDeliveryState::Delivered,
            Self::Seen => wire::NoticeDeliveryState::Seen,
            Self::Answered => wire::NoticeDeliveryState::Answered,
            Self::Expired => wire::NoticeDeliveryState::Expired,
        }
    }
}

/// A notice on its way into the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNotice {
    /// Its id, by which the node knows it again.
    pub id: NoticeId,
    /// To whom.
    pub recipient: MemberId,
    /// About which incident.
    pub incident: IncidentId,
    /// About which request.
    pub request: Option<RequestId>,
    /// About which assignment.
    pub assignment: Option<AssignmentId>,
    /// When it is too old to be of use; none: never.
    pub expires: Option<Timestamp>,
    /// Whom to phone, in order.
    pub phones: Vec<String>,
    /// What the node gets.
    pub notice: wire::Notice,
}

/// Puts notices into the outbox and gives the number of the last one; none when there is nothing to put.
///
/// # Errors
/// What the store said.
pub async fn notices_add(
    tx: &mut Tx,
    notices: &[NewNotice],
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    if notices.is_empty() {
        return Ok(None);
    }
    let count = i64::try_from(notices.len()).unwrap_or(i64::MAX);
    let head: i64 = on!(tx, c => sqlx::query_scalar(
        "update aid_counter set notice_number = notice_number + $1 returning notice_number")
        .bind(count).fetch_one(&mut *c).await?);
    let all = || notices.iter();
    let now = now.as_millisecond();
    Batch::into("aid_notice")
        .column("number", (head - count + 1..=head).collect::<Vec<_>>())
        .column("id", all().map(|notice| notice.id.to_string()).collect::<Vec<_>>())
        .column("recipient_id", all().map(|notice| notice.recipient.to_string()).collect::<Vec<_>>())
        .column("incident_id", all().map(|notice| notice.incident.to_string()).collect::<Vec<_>>())
        .column("request_id", all().map(|notice| Some(notice.request?.to_string())).collect::<Vec<_>>())
        .column("assignment_id", all().map(|notice| Some(notice.assignment?.to_string())).collect::<Vec<_>>())
        .column("state", vec![DeliveryState::Queued.as_str().to_owned(); notices.len()])
        .column("created_ms", vec![now; notices.len()])
        .column("state_ms", vec![now; notices.len()])
        .column("expires_ms", all().map(|notice| Some(notice.expires?.as_millisecond())).collect::<Vec<_>>())
        .column(
            "phones",
            all().map(|notice| serde_json::to_string(&notice.phones).unwrap_or_default()).collect::<Vec<_>>(),
        )
        .column("notice", all().map(|notice| notice.notice.encode_to_vec()).collect::<Vec<_>>())
        .run(tx)
        .await?;
    counter("aid_counter", "notice_number", 1, head).map(Some)
}

/// A notice that waits for its member's node.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingNotice {
    /// Number in the outbox.
    pub number: u64,
    /// To whom.
    pub recipient: MemberId,
    /// When it is too old to be of use; none: never.
    pub expires: Option<Timestamp>,
    /// What the node gets, encoded.
    pub encoded: Vec<u8>,
}

impl WaitingNotice {
    /// What the node gets.
    ///
    /// # Errors
    /// That the row cannot be believed.
    pub fn notice(&self) -> Result<wire::Notice, StoreError> {
        read_notice(self.number, &self.encoded)
    }

    /// True when it is of no use any more.
    #[must_use]
    pub fn is_too_old(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[derive(sqlx::FromRow)]
struct RawWaiting {
    number: i64,
    recipient_id: String,
    expires_ms: Option<i64>,
    notice: Vec<u8>,
}

impl RawWaiting {
    fn check(self) -> Result<WaitingNotice, StoreError> {
        let Self { number: key, recipient_id, expires_ms, notice } = self;
        Ok(WaitingNotice {
            number: counter("aid_notice", "number", key, key)?,
            recipient: recipient_id
                .parse()
                .map_err(|error| bad_row("aid_notice", "recipient_id", key, error))?,
            expires: expires_ms.map(from_millis),
            encoded: notice,
        })
    }
}

/// What waits for a member after a number, oldest first, at most `limit`; not what has become too old.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn notices_waiting(
    conn: &mut Conn,
    recipient: &MemberId,
    after: u64,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<WaitingNotice>, StoreError> {
    let rows: Vec<RawWaiting> = on!(conn, c => sqlx::query_as(
        "select number, recipient_id, expires_ms, notice from aid_notice where recipient_id = $1 and number > $2
         and state in ('queued', 'sent') and (expires_ms is null or expires_ms > $3) order by number limit $4")
        .bind(recipient.as_str()).bind(column(after)).bind(now.as_millisecond()).bind(i64::from(limit))
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(RawWaiting::check).collect()
}

/// What waits for anybody after a number, oldest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn notices_new(conn: &mut Conn, after: u64, limit: u32) -> Result<Vec<WaitingNotice>, StoreError> {
    let rows: Vec<RawWaiting> = on!(conn, c => sqlx::query_as(
        "select number, recipient_id, expires_ms, notice from aid_notice
         where number > $1 and state in ('queued', 'sent') order by number limit $2")
        .bind(column(after)).bind(i64::from(limit)).fetch_all(&mut *c).await?);
    rows.into_iter().map(RawWaiting::check).collect()
}

pub(super) fn read_notice(number: impl std::fmt::Display, notice: &[u8]) -> Result<wire::Notice, StoreError> {
    wire::Notice::decode(notice).map_err(|error| bad_row("aid_notice", "notice", number, error))
}

/// Notes that these went onto a link; ascending numbers. What is further than that stays so.
///
/// # Errors
/// What the store said.
pub async fn notices_sent(tx: &mut Tx, numbers: &[u64], now: Timestamp) -> Result<(), StoreError> {
    // Of many that are told at once the numbers follow each other.
    for run in numbers.chunk_by(|one, next| next.checked_sub(*one) == Some(1)) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        execute!(
            tx,
            "update aid_notice set state = 'sent', state_ms = $3
             where number between $1 and $2 and state = 'queued'",
            column(*first),
            column(*last),
            now.as_millisecond(),
        );
    }
    Ok(())
}

/// Notes that these are on the disks of their members' nodes; gives how many were not before. Numbers of other members and
/// of rows that do not exist change nothing.
///
/// # Errors
/// What the store said.
pub async fn notices_delivered(
    tx: &mut Tx,
    acknowledged: &[(MemberId, u64)],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let numbers: Vec<i64> = acknowledged.iter().map(|(_, number)| column(*number)).collect();
    let members: Vec<&str> = acknowledged.iter().map(|(member, _)| member.as_str()).collect();
    let now = now.as_millisecond();
    Ok(match tx.engine() {
        Engine::Sqlite(c) => {
            let rows: Vec<_> = numbers.iter().zip(&members).collect();
            sqlx::query(
                "update aid_notice as n set state = 'delivered', state_ms = $1
                 from (select value ->> 0 as number, value ->> 1 as recipient from json_each($2)) as a
                 where n.number = a.number and n.recipient_id = a.recipient
                   and n.state in ('queued', 'sent', 'expired')",
            )
            .bind(now)
            .bind(serde_json::to_string(&rows).unwrap_or_default())
            .execute(c)
            .await?
            .rows_affected()
        }
        Engine::Postgres(c) => sqlx::query(
            "update aid_notice as n set state = 'delivered', state_ms = $1
             from unnest($2::bigint[], $3::text[]) as a (number, recipient)
             where n.number = a.number and n.recipient_id = a.recipient
               and n.state in ('queued', 'sent', 'expired')",
        )
        .bind(now)
        .bind(&numbers)
        .bind(&members)
        .execute(c)
        .await?
        .rows_affected(),
    })
}

/// Puts what a member's node once had back into the outbox, with new numbers in the old order, because the node's disk was
/// restored from a backup; gives how many. Not what is too old, nor what is about an incident that is over.
///
/// # Errors
/// What the store said.
pub async fn notices_again(tx: &mut Tx, recipient: &MemberId, now: Timestamp) -> Result<u64, StoreError> {
    let numbers: Vec<i64> = on!(tx, c => sqlx::query_scalar(
        "select n.number from aid_notice n join aid_incident i on i.id = n.incident_id
         where n.recipient_id = $1 and n.state in ('delivered', 'seen', 'answered') and i.state <> 'closed'
           and (n.expires_ms is null or n.expires_ms > $2) order by n.number")
        .bind(recipient.as_str()).bind(now.as_millisecond()).fetch_all(&mut *c).await?);
    let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(0);
    }
    let head: i64 = on!(tx, c => sqlx::query_scalar(
        "update aid_counter set notice_number = notice_number + $1 returning notice_number")
        .bind(count).fetch_one(&mut *c).await?);
    for (number, old) in (head - count + 1..).zip(numbers) {
        execute!(
            tx,
            "update aid_notice set number = $2, state = 'queued', state_ms = $3 where number = $1",
            old,
            number,
            now.as_millisecond(),
        );
    }
    counter("aid_counter", "notice_number", 1, count)
}

/// Notes that a person of the member has seen a notice; gives the assignment it was about. None when there is no such
/// notice of this member, or it was about none.
///
/// # Errors
/// What the store said, or that the row cannot be believed.
pub async fn notice_seen(
    tx: &mut Tx,
    recipient: &MemberId,
    id: NoticeId,
    now: Timestamp,
) -> Result<Option<AssignmentId>, StoreError> {
    execute!(
        tx,
        "update aid_notice set state = 'seen', state_ms = $3
         where id = $1 and recipient_id = $2 and state in ('queued', 'sent', 'delivered')",
        id.to_string(),
        recipient.as_str(),
        now.as_millisecond(),
    );
    let about: Option<Option<String>> = on!(tx, c => sqlx::query_scalar(
        "select assignment_id from aid_notice where id = $1 and recipient_id = $2")
        .bind(id.to_string()).bind(recipient.as_str()).fetch_optional(&mut *c).await?);
    about
        .flatten()
        .map(|about| about.parse())
        .transpose()
        .map_err(|error| bad_row("aid_notice", "assignment_id", id, error))
}

/// Notes that a person of the member has answered what it was told of an assignment. What is not on the node's disk yet
/// nobody has answered: it stays in the outbox, whatever was said meanwhile.
///
/// # Errors
/// What the store said.
pub async fn notices_answered(
    tx: &mut Tx,
    recipient: &MemberId,
    assignment: AssignmentId,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update aid_notice set state = 'answered', state_ms = $3
         where assignment_id = $1 and recipient_id = $2 and state in ('delivered', 'seen')",
        assignment.to_string(),
        recipient.as_str(),
        now.as_millisecond(),
    );
    Ok(())
}

/// Has anything in the outbox become too old?
///
/// # Errors
/// What the store said.
pub async fn notices_stale(conn: &mut Conn, now: Timestamp) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(conn, c => sqlx::query_scalar(
        "select number from aid_notice where state in ('queued', 'sent') and expires_ms is not null
         and expires_ms <= $1 limit 1").bind(now.as_millisecond()).fetch_optional(&mut *c).await?);
    Ok(found.is_some())
}

/// Takes what has become too old out of the outbox; gives how many.
///
/// # Errors
/// What the store said.
pub async fn notices_expire(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    Ok(execute!(
        tx,
        "update aid_notice set state = 'expired', state_ms = $1
         where state in ('queued', 'sent') and expires_ms is not null and expires_ms <= $1",
        now.as_millisecond(),
    ))
}

/// Number of the newest row; 0 when there is none.
///
/// # Errors
/// What the store said.
pub async fn notice_head(conn: &mut Conn) -> Result<u64, StoreError> {
    let head: i64 =
        on!(conn, c => sqlx::query_scalar("select notice_number from aid_counter").fetch_one(&mut *c).await?);
    counter("aid_counter", "notice_number", 1, head)
}
