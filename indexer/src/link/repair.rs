//! Takes entries again whose rows the disk has damaged. The chain says which entry belongs there: the one that the entry
//! after it names, or the cursor if it is the last. So a node cannot rewrite its past this way.

use std::collections::BTreeSet;

use shouwang_proto::{
    id::MemberId,
    log::{Hash, sealed::SealedEntry},
    refusal::Refusal,
    wire,
};
use tonic::{Code, Status};

use super::{
    apply::{Change, ChangeKind},
    peer::Peer,
    room::LinkRoom,
    tracker::check_size,
};
use crate::{
    council::membership::LogKeyStanding,
    store::{StoreError, Tx, catalog, hub_log, log},
};

/// What came of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Repaired {
    /// Entries that stand in their place again.
    pub(super) seqs: BTreeSet<u64>,
    /// End of the hub's log, when something is shown again.
    pub(super) hub_log: Option<u64>,
}

/// Serves the request; gives how many entries were taken.
///
/// # Errors
/// INVALID_ARGUMENT (ENTRY_MALFORMED), RESOURCE_EXHAUSTED (BATCH_TOO_LARGE), or what the store said.
pub(super) async fn serve(
    room: &LinkRoom,
    peer: &Peer,
    request: wire::RepairEntriesRequest,
) -> Result<u64, Status> {
    let sizes =
        request.entries.iter().map(|entry| entry.header.len() + entry.signature.len() + entry.payload.len());
    check_size(sizes).map_err(Refusal::from)?;
    let keys = peer.standing(room)?.log_keys;
    let entries: Result<Vec<_>, _> = request.entries.into_iter().map(SealedEntry::from_wire).collect();
    let entries = entries.map_err(|error| {
        Refusal::new(Code::InvalidArgument, "ENTRY_MALFORMED", format!("{error} （日志条目格式错误）"))
    })?;
    let (member, parts) = (peer.member.clone(), &*room.parts);
    let repaired =
        parts.store.write(async move |tx| entries_repair(tx, &member, entries, &keys).await).await?;
    if let Some(position) = repaired.hub_log {
        parts.hub_log.advance(position);
    }
    if !repaired.seqs.is_empty() {
        tracing::warn!(member = %peer.member, seqs = ?repaired.seqs, "damaged entries were repaired");
        let left = parts.board.row(&peer.member).map(|row| row.damaged).unwrap_or_default();
        let left = left.into_iter().filter(|seq| !repaired.seqs.contains(seq)).collect();
        parts.board.damaged(&peer.member, left);
        room.heal_again(&peer.member);
    }
    Ok(u64::try_from(repaired.seqs.len()).unwrap_or(u64::MAX))
}

/// Puts entries in the place of damaged rows, the last one first: each vouches for the one before it.
pub(super) async fn entries_repair(
    tx: &mut Tx,
    member: &MemberId,
    mut entries: Vec<SealedEntry>,
    keys: &[LogKeyStanding],
) -> Result<Repaired, StoreError> {
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.header().seq));
    let mut repaired = Repaired::default();
    for entry in entries {
        let seq = entry.header().seq;
        let signed = keys.iter().any(|standing| entry.verifies(&standing.key));
        if !signed
            || !is_damaged(tx, member, seq, keys).await?
            || vouched(tx, member, seq).await? != Some(entry.hash())
        {
            tracing::warn!(%member, seq, "an entry sent for repair is not wanted, or not the one that belongs there");
            continue;
        }
        log::entry_replace(tx, member, &entry).await?;
        repaired.seqs.insert(seq);
        let record = entry.header().record;
        let states = catalog::record_states(tx, member, &BTreeSet::from([record])).await?;
        let shown = states.get(&record).and_then(|state| state.shown.as_ref());
        if let Some(shown) = shown.filter(|shown| shown.seq == seq) {
            // The index took it out when it could not be read.
            let change = Change { record, seq, kind: ChangeKind::Put, is_resource: shown.is_resource() };
            repaired.hub_log = Some(hub_log::hub_log_append(tx, member, &[change]).await?);
        }
    }
    Ok(repaired)
}

async fn is_damaged(
    tx: &mut Tx,
    member: &MemberId,
    seq: u64,
    keys: &[LogKeyStanding],
) -> Result<bool, StoreError> {
    let Some(before) = seq.checked_sub(1) else { return Ok(false) };
    let found = log::entries_examine(tx, member, before, 1).await?.pop();
    let sound = found.and_then(|(there, entry)| entry.filter(|_| there == seq));
    Ok(sound.is_none_or(|entry| !keys.iter().any(|standing| entry.verifies(&standing.key))))
}

/// The hash that the chain says the entry at this seq has.
async fn vouched(tx: &mut Tx, member: &MemberId, seq: u64) -> Result<Option<Hash>, StoreError> {
    let cursor = log::cursor_find(tx, member).await?.map(|cursor| cursor.log.position);
    if let Some(cursor) = cursor
        && cursor.seq == seq
    {
        return Ok(Some(cursor.hash));
    }
    let after = log::entries_examine(tx, member, seq, 1).await?;
    Ok(after
        .into_iter()
        .find(|(there, _)| *there == seq + 1)
        .and_then(|(_, entry)| Some(entry?.header().previous)))
}
