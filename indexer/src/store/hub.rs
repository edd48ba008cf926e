//! What this hub is: one row.

use jiff::Timestamp;
use shouwang_proto::{clock::from_millis, id::AllianceId};
use shouwang_serving::{execute, on};

use super::{Conn, StoreError, Tx, bad_row, counter};

/// What this hub is.
#[derive(Clone, PartialEq, Eq)]
pub struct HubIdentity {
    /// The alliance it serves.
    pub alliance: AllianceId,
    /// Rises with every restore from a backup; nodes refuse a lower one than they have seen.
    pub epoch: u64,
    /// Made anew with every restore: two restores of one backup have the same epoch. Zeros: founded before there was one.
    pub incarnation: [u8; 16],
    /// Key of the renewal challenges.
    pub challenge_key: [u8; 32],
}

impl std::fmt::Debug for HubIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HubIdentity")
            .field("alliance", &self.alliance)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// What this hub is; none before it was founded.
///
/// # Errors
/// What the store said, or which column cannot be believed.
pub async fn hub_find(conn: &mut Conn) -> Result<Option<HubIdentity>, StoreError> {
    let row: Option<(String, i64, Vec<u8>, Vec<u8>)> = on!(conn, c => sqlx::query_as(
        "select alliance_id, hub_epoch, incarnation, challenge_key from hub").fetch_optional(&mut *c).await?);
    let Some((alliance, epoch, incarnation, key)) = row else { return Ok(None) };
    Ok(Some(HubIdentity {
        alliance: alliance.parse().map_err(|error| bad_row("hub", "alliance_id", 1, error))?,
        epoch: counter("hub", "hub_epoch", 1, epoch)?,
        incarnation: incarnation
            .try_into()
            .map_err(|_| bad_row("hub", "incarnation", 1, "is not 16 bytes"))?,
        challenge_key: key.try_into().map_err(|_| bad_row("hub", "challenge_key", 1, "is not 32 bytes"))?,
    }))
}

/// Founds the hub, unless another one on the same database was faster: then that one's identity counts.
///
/// # Errors
/// What the store said.
pub async fn hub_found(
    tx: &mut Tx,
    alliance: &AllianceId,
    challenge_key: [u8; 32],
    incarnation: [u8; 16],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let added = on!(tx, c => sqlx::query(
        "insert into hub (one, alliance_id, hub_epoch, challenge_key, roster_version, thesaurus_version, audit_number,
         audit_hash, created_ms, incarnation) values (1, $1, 1, $2, 1, 1, 0, $3, $4, $5) on conflict (one) do nothing")
        .bind(alliance.as_str()).bind(challenge_key.to_vec()).bind(vec![0_u8; 32]).bind(now.as_millisecond())
        .bind(incarnation.to_vec()).execute(&mut *c).await?.rows_affected());
    Ok(added == 1)
}

/// Raises the hub's epoch and gives it another incarnation: what a restore does, so that nodes tell the restored hub from
/// an old one, and from another restore of the same backup. Keeps when that was, for people.
///
/// # Errors
/// What the store said.
pub async fn hub_epoch_raise(tx: &mut Tx, incarnation: [u8; 16], now: Timestamp) -> Result<u64, StoreError> {
    let epoch: i64 = on!(tx, c => sqlx::query_scalar(
        "update hub set hub_epoch = hub_epoch + 1, incarnation = $1, restored_ms = $2,
         known_ms = coalesce((select max(at_ms) from audit), created_ms) returning hub_epoch")
        .bind(incarnation.to_vec()).bind(now.as_millisecond()).fetch_one(&mut *c).await?);
    counter("hub", "hub_epoch", 1, epoch)
}

/// Notes for people that this hub is on an older copy of its database than it once was, although nobody restored it as it
/// should be done: it knows everything until `known`, and perhaps nothing after it. False when a restore since then, or
/// somebody who noticed earlier, has told people already.
///
/// # Errors
/// What the store said.
pub async fn hub_went_back(tx: &mut Tx, known: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
    Ok(execute!(
        tx,
        "update hub set restored_ms = $1, known_ms = $2 where restored_ms is null or restored_ms < $2",
        now.as_millisecond(),
        known.as_millisecond(),
    ) == 1)
}

/// The newest restore of this hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubRestored {
    /// Its epoch since then.
    pub epoch: u64,
    /// When.
    pub at: Timestamp,
    /// When the newest thing happened that the backup knew of.
    pub known: Timestamp,
}

/// The newest restore; none when there was none.
///
/// # Errors
/// What the store said, or which column cannot be believed.
pub async fn hub_restored(conn: &mut Conn) -> Result<Option<HubRestored>, StoreError> {
    let row: Option<(i64, i64, i64)> = on!(conn, c => sqlx::query_as(
        "select hub_epoch, restored_ms, known_ms from hub where restored_ms is not null and known_ms is not null")
        .fetch_optional(&mut *c).await?);
    let Some((epoch, at, known)) = row else { return Ok(None) };
    let epoch = counter("hub", "hub_epoch", 1, epoch)?;
    Ok(Some(HubRestored { epoch, at: from_millis(at), known: from_millis(known) }))
}
