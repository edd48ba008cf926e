//! Tries again what is stored but not shown, for example after an upgrade of the hub.

use jiff::Timestamp;
use serde_json::json;
use shouwang_proto::{
    id::{MemberId, RecordId},
    log::entry::EntryKind,
};

use super::{apply, board::LinkBoard, commit::plan_save, judge::judge};
use crate::{
    council::audit::Deed,
    store::{
        Store, StoreError, Tx,
        audit::audit_add,
        catalog,
        hub_log::HubLogHead,
        log,
        quarantine::{quarantine_count, quarantine_counts, quarantine_records},
    },
};

/// Entries looked at in one transaction.
const AT_ONCE: u32 = 100;

/// What came of a retry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Entries now shown.
    pub released: u64,
    /// Entries still in quarantine.
    pub kept: u64,
}

/// Who tries again, and when.
#[derive(Clone, Debug)]
pub struct Retry {
    /// For the audit log.
    pub by: String,
    /// The time now.
    pub at: Timestamp,
}

impl Retry {
    fn deed(&self, member: &MemberId, retried: Retried) -> Deed {
        Deed {
            at: self.at,
            actor: self.by.clone(),
            action: "quarantine.retry",
            subject: member.name(),
            detail: json!({ "released": retried.released, "kept": retried.kept }),
        }
    }
}

/// Tries the quarantined entries of one member, or of all. Order is no danger: a record has at most one entry in
/// quarantine, its newest, and it is shown only while it is live and above the revision that was shown before.
///
/// # Errors
/// What the store said. What was released until then stays released.
pub async fn quarantine_retry(
    store: &Store,
    head: &HubLogHead,
    board: &LinkBoard,
    member: Option<&MemberId>,
    retry: Retry,
) -> Result<Retried, StoreError> {
    let members = match member {
        Some(member) => vec![member.clone()],
        None => store.read(async |conn| quarantine_counts(conn).await).await?.into_keys().collect(),
    };
    let mut sum = Retried::default();
    for member in members {
        let mut after = None;
        loop {
            let (id, retry) = (member.clone(), retry.clone());
            let page = store.write(async move |tx| page_retry(tx, &id, after, &retry).await).await?;
            sum.released += page.retried.released;
            sum.kept += page.retried.kept;
            if let Some(position) = page.hub_log {
                head.advance(position);
            }
            board.quarantined(&member, page.quarantined);
            let Some(last) = page.last else { break };
            after = Some(last);
        }
    }
    Ok(sum)
}

struct Page {
    retried: Retried,
    hub_log: Option<u64>,
    /// All that is left of the member.
    quarantined: u64,
    /// Where the next page goes on.
    last: Option<RecordId>,
}

async fn page_retry(
    tx: &mut Tx,
    member: &MemberId,
    after: Option<RecordId>,
    retry: &Retry,
) -> Result<Page, StoreError> {
    let rows = quarantine_records(tx, member, after, AT_ONCE).await?;
    let records = rows.iter().map(|(record, _)| *record).collect();
    let mut states = catalog::record_states(tx, member, &records).await?;
    let mut page = Page { retried: Retried::default(), hub_log: None, quarantined: 0, last: None };
    for (record, seq) in rows {
        page.last = Some(record);
        let entry = log::entry_find(tx, member, seq).await?;
        let (Some(entry), Some(state)) = (entry, states.remove(&record)) else {
            page.retried.kept += 1;
            continue;
        };
        let is_live = state.live.is_some_and(|live| live.entry == entry.hash());
        let judged = judge(entry.header(), entry.payload());
        match apply::release(state, &entry, judged) {
            Ok(plan) if is_live && entry.header().kind == EntryKind::Put => {
                page.hub_log = plan_save(tx, member, &plan, retry.at).await?.or(page.hub_log);
                page.retried.released += 1;
            }
            Ok(_) | Err(_) => page.retried.kept += 1,
        }
    }
    page.quarantined = quarantine_count(tx, member).await?;
    if page.retried.released > 0 {
        audit_add(tx, &retry.deed(member, page.retried)).await?;
    }
    Ok(page)
}
