//! Makes the hub's records of a member anew from its copy of the member's log, when both stand at the same entry and the
//! digests of what is live are not the same. The log is what the node signed; records and digest are only made from it. So
//! nothing is asked of the node, and nothing is changed unless the log leads to what the node says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde_json::json;
use shouwang_proto::{
    id::{MemberId, RecordId},
    log::{chain::Position, head::Head},
};

use super::{
    apply::{self, Change, ChangeKind, LogState, RecordState, Shown},
    judge::examine,
    room::LinkRoom,
    tracker::Tracker,
};
use crate::{
    council::audit::Deed,
    store::{StoreError, Tx, audit, catalog, hub_log, log, log::Cursor},
};

/// Entries replayed at once; at most 16 MiB, however large they are.
const PAGE: u32 = 64;
/// Records compared at once.
const CHUNK: usize = 500;

/// What was made anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Healed {
    /// Buckets in which the digests differed.
    pub buckets: Vec<u8>,
    /// Records that were not as the log says.
    pub records: u64,
    /// End of the hub's log, when something else is shown now.
    hub_log: Option<u64>,
}

/// Why nothing was made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unhealed {
    /// Entries came meanwhile; the next heartbeat tells more.
    Moved,
    /// The copy has a damaged entry at or before this seq: it has to be repaired first.
    Unsound(u64),
    /// The log that the node signed leads to something else than what the node says is live.
    NodeErrs,
}

/// What a log leads to.
struct Replayed {
    log: LogState,
    records: BTreeMap<RecordId, RecordState>,
}

impl LinkRoom {
    /// Heals in the background, once for each head that a node says.
    pub(super) fn heal_soon(&self, head: &Head) {
        if self.lock_healed().insert(head.member.clone(), head.clone()).as_ref() == Some(head) {
            return;
        }
        let (room, head) = (self.clone(), head.clone());
        self.tasks.spawn(async move {
            let (member, seq) = (&head.member, head.position.seq);
            match room.heal(&head).await {
                Ok(Ok(Healed { buckets, records, .. })) => {
                    tracing::error!(%member, seq, ?buckets, records, "records were made anew from the log");
                    room.heal_again(member);
                }
                Ok(Err(why)) => tracing::error!(%member, seq, ?why, "a copy differs and cannot be made anew"),
                Err(error) => {
                    tracing::error!(%member, seq, %error, "a copy differs and was not looked at");
                    room.heal_again(member);
                }
            }
        });
    }

    /// Lets the next heartbeat heal once more: something has changed that its head does not tell.
    pub(super) fn heal_again(&self, member: &MemberId) {
        self.lock_healed().remove(member);
    }

    fn lock_healed(&self) -> MutexGuard<'_, BTreeMap<MemberId, Head>> {
        // Every change is whole before anything can panic.
        self.healed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replays the copy of a log whose head the node has told, and makes anew what is not as the log says.
    ///
    /// # Errors
    /// What the store said.
    pub async fn heal(&self, head: &Head) -> Result<Result<Healed, Unhealed>, StoreError> {
        let member = &head.member;
        let replayed = match self.replay(member, head.position).await? {
            Ok(replayed) => replayed,
            Err(seq) => return Ok(Err(Unhealed::Unsound(seq))),
        };
        if replayed.log.differs(head) != Some(false) {
            return Ok(Err(Unhealed::NodeErrs));
        }
        let (id, now) = (member.clone(), self.parts.world.now());
        let write = async move |tx: &mut Tx| records_anew(tx, &id, replayed, now).await;
        let Some(healed) = self.parts.store.write(write).await? else { return Ok(Err(Unhealed::Moved)) };
        metrics::counter!("shouwang_records_made_anew_total").increment(healed.records);
        if let Some(position) = healed.hub_log {
            self.parts.hub_log.advance(position);
        }
        self.reload(member).await?;
        Ok(Ok(healed))
    }

    /// What the log leads to up to a place; the seq of the first entry that is not as its node signed it.
    async fn replay(&self, member: &MemberId, until: Position) -> Result<Result<Replayed, u64>, StoreError> {
        let keys = self.parts.roster.snapshot().member(member).map(|known| known.log_keys.clone());
        let keys = keys.unwrap_or_default();
        let start = Position::default();
        let mut tracker = Tracker::new(self.parts.alliance.clone(), member.clone(), start, keys, 0);
        let mut replayed = Replayed { log: LogState::default(), records: BTreeMap::new() };
        while replayed.log.position.seq < until.seq {
            let (id, after) = (member.clone(), replayed.log.position.seq);
            let read = async move |conn: &mut _| log::entries_examine(conn, &id, after, PAGE).await;
            let page = self.parts.store.read(read).await?;
            tracker.begin_batch();
            let mut batch = Vec::with_capacity(page.len());
            for (_, entry) in page.into_iter().take_while(|(seq, _)| *seq <= until.seq) {
                let seq = after + 1 + batch.len() as u64;
                let Some(entry) = entry.filter(|entry| tracker.admit(entry).is_ok()) else {
                    return Ok(Err(seq));
                };
                match examine(entry.to_wire()) {
                    Ok(examined) => batch.push(examined),
                    Err(_) => return Ok(Err(seq)),
                }
            }
            if batch.is_empty() {
                return Ok(Err(after + 1));
            }
            let plan = apply::plan(replayed.log, replayed.records, batch);
            replayed = Replayed { log: plan.log, records: plan.records };
        }
        Ok(Ok(replayed))
    }
}

/// Writes what differs. `None` when the log has grown since it was replayed.
async fn records_anew(
    tx: &mut Tx,
    member: &MemberId,
    replayed: Replayed,
    now: Timestamp,
) -> Result<Option<Healed>, StoreError> {
    let cursor = log::cursor_find(tx, member).await?;
    let Some(cursor) = cursor.filter(|cursor| cursor.log.position == replayed.log.position) else {
        return Ok(None);
    };
    let position = cursor.log.position;
    let buckets = cursor.log.digest.differing_buckets(&replayed.log.digest);
    let (mut wrong, mut changes) = (BTreeMap::new(), Vec::new());
    let records: Vec<(RecordId, RecordState)> =
        replayed.records.into_iter().filter(|(record, _)| buckets.contains(&record.as_bytes()[15])).collect();
    for chunk in records.chunks(CHUNK) {
        let names: BTreeSet<RecordId> = chunk.iter().map(|(record, _)| *record).collect();
        let stored = catalog::record_states(tx, member, &names).await?;
        for (record, right) in chunk {
            let is = stored.get(record).cloned().unwrap_or_default();
            if (&is.live, is.revision, &is.shown) == (&right.live, right.revision, &right.shown) {
                continue;
            }
            let (seq, kind) = match &right.shown {
                Some(shown) => (shown.seq, ChangeKind::Put),
                None => (position.seq, ChangeKind::Remove),
            };
            let is_resource = [&is.shown, &right.shown].into_iter().flatten().any(Shown::is_resource);
            changes.push(Change { record: *record, seq, kind, is_resource });
            wrong.insert(*record, right.clone());
        }
    }
    let mut healed = Healed { records: wrong.len() as u64, hub_log: None, buckets };
    if !wrong.is_empty() {
        catalog::records_put(tx, member, &wrong).await?;
        healed.hub_log = Some(hub_log::hub_log_append(tx, member, &changes).await?);
    }
    let whole = Cursor { log: replayed.log, diverged: false, ..cursor };
    log::cursor_advance(tx, member, &position, &whole).await?;
    let deed = Deed {
        at: now,
        actor: "hub".to_owned(),
        action: "log.heal",
        subject: format!("members/{member}"),
        detail: json!({ "seq": position.seq, "buckets": healed.buckets, "records": healed.records }),
    };
    audit::audit_add(tx, &deed).await?;
    Ok(Some(healed))
}
