//! How far notices have come, for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shouwang_proto::{clock::from_millis, id::MemberId, mutual_aid::id::IncidentId, wire};
use shouwang_serving::on;

use super::{
    super::{Conn, StoreError, bad_row, column, counter},
    outbox::{DeliveryState, read_notice},
};
use crate::mutual_aid::tasks::Undelivered;

/// A notice and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    /// Number in the outbox.
    pub number: u64,
    /// To whom.
    pub recipient: MemberId,
    /// How far.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// Whom to phone.
    pub phones: Vec<String>,
    /// What the node gets.
    pub notice: wire::Notice,
}

#[derive(sqlx::FromRow)]
struct RawDelivery {
    number: i64,
    recipient_id: String,
    state: String,
    state_ms: i64,
    phones: String,
    notice: Vec<u8>,
}

impl RawDelivery {
    fn check(self) -> Result<DeliveryRow, StoreError> {
        let Self { number: key, recipient_id, state, state_ms, phones, notice } = self;
        let state = DeliveryState::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .ok_or_else(|| bad_row("aid_notice", "state", key, format!("is {state}")))?;
        Ok(DeliveryRow {
            number: counter("aid_notice", "number", key, key)?,
            recipient: recipient_id
                .parse()
                .map_err(|error| bad_row("aid_notice", "recipient_id", key, error))?,
            state,
            since: from_millis(state_ms),
            phones: serde_json::from_str(&phones)
                .map_err(|error| bad_row("aid_notice", "phones", key, error))?,
            notice: read_notice(key, &notice)?,
        })
    }
}

/// The notices of an incident before a number, newest first, at most `limit`.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn deliveries_list(
    conn: &mut Conn,
    incident: IncidentId,
    undelivered_only: bool,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let before = before.map_or(i64::MAX, column);
    let furthest = if undelivered_only { "sent" } else { "expired" };
    let rows: Vec<RawDelivery> = on!(conn, c => sqlx::query_as(
        "select number, recipient_id, state, state_ms, phones, notice from aid_notice
         where incident_id = $1 and number < $2 and ($3 = 'expired' or state in ('queued', 'sent'))
         order by number desc limit $4")
        .bind(incident.to_string()).bind(before).bind(furthest).bind(i64::from(limit))
        .fetch_all(&mut *c).await?);
    rows.into_iter().map(RawDelivery::check).collect()
}

#[derive(sqlx::FromRow)]
struct RawUndelivered {
    number: i64,
    incident_id: String,
    recipient_id: String,
    created_ms: i64,
    phones: String,
}

/// Most rows that are looked at.
const UNDELIVERED: i64 = 10_000;

/// What is not on the disk of its member's node, by incident and member; not what is too old.
///
/// # Errors
/// What the store said, or which row cannot be believed.
pub async fn undelivered(conn: &mut Conn, now: Timestamp) -> Result<Vec<Undelivered>, StoreError> {
    const TABLE: &str = "aid_notice";
    let rows: Vec<RawUndelivered> = on!(conn, c => sqlx::query_as(
        "select number, incident_id, recipient_id, created_ms, phones from aid_notice
         where state in ('queued', 'sent') and (expires_ms is null or expires_ms > $1) order by number limit $2")
        .bind(now.as_millisecond()).bind(UNDELIVERED).fetch_all(&mut *c).await?);
    let mut found: BTreeMap<(IncidentId, MemberId), Undelivered> = BTreeMap::new();
    for RawUndelivered { number: key, incident_id, recipient_id, created_ms, phones } in rows {
        let incident: IncidentId =
            incident_id.parse().map_err(|error| bad_row(TABLE, "incident_id", key, error))?;
        let member: MemberId =
            recipient_id.parse().map_err(|error| bad_row(TABLE, "recipient_id", key, error))?;
        let phones = serde_json::from_str(&phones).map_err(|error| bad_row(TABLE, "phones", key, error))?;
        let newest = counter(TABLE, "number", key, key)?;
        let since = from_millis(created_ms);
        let waits =
            Undelivered { incident, member: member.clone(), newest, count: 0, since, phones: Vec::new() };
        let waits = found.entry((incident, member)).or_insert(waits);
        // In the order of numbers: the last one is the newest.
        (waits.newest, waits.count, waits.phones) = (newest, waits.count + 1, phones);
    }
    Ok(found.into_values().collect())
}
