//! Fetches what the hub has instead of own entries, when the log was written twice. The hub gives a member its entries
//! whatever it thinks of the node that asks.

use std::sync::{Arc, OnceLock};

use shouwang_proto::{
    log::sealed::SealedEntry,
    refusal::Refusal,
    wire::{self, link_service_client::LinkServiceClient},
};
use tokio::sync::Mutex;
use tonic::{Code, Status, Streaming, transport::Channel};

use super::{Ended, Link, READ_DEADLINE, client, control::in_time, status::LinkState};
use crate::store::RestoreError;

/// Where a fork is looked at; empty until the node has a link. Clones share it.
#[derive(Clone, Default)]
pub struct ForkRoom(Arc<Room>);

#[derive(Default)]
struct Room {
    link: OnceLock<Arc<Link>>,
    /// One looks at a time: a second look begins the branch anew.
    looking: Mutex<()>,
}

impl std::fmt::Debug for ForkRoom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ForkRoom").finish_non_exhaustive()
    }
}

impl ForkRoom {
    /// The link is there.
    pub(super) fn open(&self, link: Arc<Link>) {
        drop(self.0.link.set(link));
    }

    /// Lays the hub's branch beside the log.
    ///
    /// # Errors
    /// FAILED_PRECONDITION (NOT_JOINED, NOT_FORKED), UNAVAILABLE (HUB_AWAY), DATA_LOSS (HUB_BRANCH_INVALID), or what the
    /// store said.
    pub async fn look(&self) -> Result<(), Status> {
        let not_joined = || {
            Refusal::precondition("NOT_JOINED", "this node has not joined an alliance （节点尚未加入联盟）")
        };
        let link = self.0.link.get().ok_or_else(not_joined)?;
        let status = link.parts.board.now();
        if status.control != LinkState::Connected {
            // It may be an old hub, whose branch is not the one to follow: the control link tells them apart.
            return Err(away(Ended::broken(status.problem())));
        }
        let _alone = self.0.looking.lock().await;
        let mut hub = client(link.channel().map_err(away)?);
        let common = common(link, &mut hub).await?;
        link.parts.store.branch_begin(common).await?;
        let Some(mut entries) = fetch(&mut hub, common + 1).await? else { return Ok(()) };
        loop {
            let page = entries.page()?;
            if page.is_empty() {
                return Ok(());
            }
            match link.parts.store.branch_add(page).await {
                Ok(()) => entries.turn().await?,
                Err(RestoreError::Store(error)) => return Err(error.into()),
                Err(error @ (RestoreError::NotOurs | RestoreError::Forked(_))) => {
                    return Err(invalid(&error));
                }
            }
        }
    }

    /// Dials the hub at once: the log has changed.
    pub fn redial(&self) {
        if let Some(link) = self.0.link.get() {
            link.redial.send_modify(|count| *count += 1);
        }
    }
}

/// The seq of the last entry that both have: each entry names the one before, so equal ones are equal all the way down.
async fn common(link: &Link, hub: &mut LinkServiceClient<Channel>) -> Result<u64, Status> {
    let (mut same, mut other) = (0, link.parts.store.position().await?.seq + 1);
    while other - same > 1 {
        let seq = same + (other - same) / 2;
        let theirs = match fetch(hub, seq).await? {
            Some(entries) => entries.page()?.first().map(SealedEntry::hash),
            None => None,
        };
        let is_same = theirs.is_some() && theirs == link.parts.store.entry_hash(seq).await?;
        if is_same { same = seq } else { other = seq }
    }
    Ok(same)
}

/// Entries on their way from the hub.
struct Entries {
    stream: Streaming<wire::FetchEntriesResponse>,
    page: Option<wire::FetchEntriesResponse>,
}

/// Asks for the entries from a seq on; none: the hub has none there.
async fn fetch(hub: &mut LinkServiceClient<Channel>, from_seq: u64) -> Result<Option<Entries>, Status> {
    let request = wire::FetchEntriesRequest { from_seq };
    let asked = in_time(hub.fetch_entries(request), READ_DEADLINE).await.map_err(away)?;
    let mut entries =
        Entries { stream: asked.map_err(|status| away(status.into()))?.into_inner(), page: None };
    entries.turn().await?;
    Ok(entries.page.is_some().then_some(entries))
}

impl Entries {
    /// The page that came last; empty at the end.
    fn page(&self) -> Result<Vec<SealedEntry>, Status> {
        let entries = self.page.iter().flat_map(|page| page.entries.iter().cloned());
        entries.map(|entry| SealedEntry::from_wire(entry).map_err(|error| invalid(&error))).collect()
    }

    /// Waits for the next page.
    async fn turn(&mut self) -> Result<(), Status> {
        let came = in_time(self.stream.message(), READ_DEADLINE).await.map_err(away)?;
        self.page = came.map_err(|status| away(status.into()))?;
        Ok(())
    }
}

fn away(ended: Ended) -> Status {
    let words = format!("the hub's entries cannot be fetched: {} （无法从枢纽取回日志条目）", ended.problem);
    Refusal::new(Code::Unavailable, "HUB_AWAY", words).into()
}

fn invalid(error: &dyn std::error::Error) -> Status {
    tracing::error!(%error, "the hub's branch is not this node's log");
    let words = format!("what the hub has is not a log of this node: {error} （枢纽的分支不是本节点的日志）");
    Refusal::new(Code::DataLoss, "HUB_BRANCH_INVALID", words).into()
}
