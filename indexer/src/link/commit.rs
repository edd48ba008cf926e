//! Applies a batch: loads what the hub has, plans, saves. All in one transaction, with the cursor.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shouwang_proto::{
    id::{MemberId, RecordId},
    log::{Hash, chain::Position, head::Head},
    publication::Sha256Hex,
    refusal::Refusal,
};
use tonic::Code;

use super::{
    apply::{self, LogState, Plan, Quarantined},
    judge::Examined,
};
use crate::{
    council::membership::LogKeyStanding,
    store::{StoreError, Tx, attachment, catalog, hub_log, log, log::Cursor, quarantine, roster},
};

/// A batch that the tracker let pass, on its way to the store.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whose.
    pub member: MemberId,
    /// The position that the tracker went on from; the stored cursor must be there.
    pub from: Position,
    /// The new entries, at least one, in order.
    pub batch: Vec<Examined>,
    /// Log keys that the batch brings.
    pub turned: Vec<LogKeyStanding>,
    /// The node's head, its signature checked, when it came with the batch.
    pub head: Option<Head>,
    /// Records that name files, of the new entries and of those sent again.
    pub named: BTreeSet<RecordId>,
}

/// What a batch did.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The new cursor.
    pub position: Position,
    /// Live records.
    pub live_count: u64,
    /// Root of the digest.
    pub digest: Hash,
    /// Position of the hub's log after it; `None` when the batch changed nothing that is shown.
    pub hub_log: Option<u64>,
    /// Entries of the batch in quarantine.
    pub notices: Vec<Quarantined>,
    /// Files that records of the batch name and the hub does not have.
    pub missing: BTreeSet<Sha256Hex>,
    /// All entries of the member in quarantine; `None` when the batch changed nothing there.
    pub quarantined: Option<u64>,
    /// The heads are equal and the digests are not.
    pub diverged: bool,
    /// Live records before.
    pub live_before: u64,
    /// Live records taken back.
    pub withdrawn: u64,
    /// The log key changed: the roster must be read again.
    pub roster_changed: bool,
    /// A record was redacted: files that nobody names any more must go.
    pub redacted: bool,
}

/// Applies a batch.
///
/// # Errors
/// ABORTED (CURSOR_MOVED) when another session moved the cursor meanwhile; what the store said. Nothing is changed then.
pub async fn batch_apply(tx: &mut Tx, delivery: Delivery, now: Timestamp) -> Result<Applied, StoreError> {
    let Delivery { member, from, batch, turned, head, named } = delivery;
    let before = log::cursor_find(tx, &member).await?;
    let (log, known_diverged) = before.map_or_else(Default::default, |cursor| (cursor.log, cursor.diverged));
    if log.position != from {
        return Err(moved().into());
    }
    let records = batch.iter().map(|examined| examined.entry.header().record).collect();
    let states = catalog::record_states(tx, &member, &records).await?;
    let plan = apply::plan(log, states, batch);
    let hub_log = plan_save(tx, &member, &plan, now).await?;
    for standing in &turned {
        roster::log_key_add(tx, &member, &standing.key, standing.valid_from_seq, now).await?;
    }
    let diverged = head.as_ref().and_then(|head| plan.log.differs(head)).unwrap_or(known_diverged);
    let head = head.map_or(plan.log.position, |head| head.position);
    let cursor = Cursor { log: plan.log.clone(), diverged, head, advanced: now };
    if !log::cursor_advance(tx, &member, &from, &cursor).await? {
        return Err(moved().into());
    }
    let missing = attachment::attachments_missing(tx, &member, &named).await?;
    let quarantined = if plan.cleared.is_empty() && plan.quarantined.is_empty() {
        None
    } else {
        Some(quarantine::quarantine_count(tx, &member).await?)
    };
    let LogState { position, digest } = plan.log;
    Ok(Applied {
        position,
        live_count: digest.count(),
        digest: digest.root(),
        hub_log,
        notices: plan.quarantined.into_values().collect(),
        missing,
        quarantined,
        diverged,
        live_before: plan.live_before,
        withdrawn: plan.withdrawn,
        roster_changed: !turned.is_empty(),
        redacted: !plan.redacted.is_empty(),
    })
}

/// Saves what a plan changes, apart from the cursor. Gives the new head of the hub's log if it moved.
///
/// # Errors
/// What the store said.
pub(super) async fn plan_save(
    tx: &mut Tx,
    member: &MemberId,
    plan: &Plan,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    log::entries_insert(tx, member, &plan.entries).await?;
    for (record, before_seq) in &plan.redacted {
        log::payloads_destroy(tx, member, *record, *before_seq).await?;
    }
    catalog::records_put(tx, member, &plan.records).await?;
    quarantine::quarantine_clear(tx, member, &plan.cleared).await?;
    quarantine::quarantine_put(tx, member, &plan.quarantined, now).await?;
    attachment::attachments_name(tx, member, &plan.files).await?;
    if plan.changes.is_empty() {
        return Ok(None);
    }
    hub_log::hub_log_append(tx, member, &plan.changes).await.map(Some)
}

fn moved() -> Refusal {
    Refusal::new(
        Code::Aborted,
        "CURSOR_MOVED",
        "another session of this member moved the cursor; dial again （游标已被另一会话推进，请重新连接）",
    )
}
