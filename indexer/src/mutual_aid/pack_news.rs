//! Tells nodes that are linked that their offline pack has changed, so that they fetch it at once and not with their next
//! look. Many changes that come together are told once. Nothing is lost when nobody listens: a node asks by itself after
//! every connect and every few minutes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use shouwang_proto::id::MemberId;
use shouwang_serving::store::StoreError;
use tokio::sync::watch;

use super::room::MutualAid;

/// How long changes are collected before the packs are looked at; so they are looked at most as often.
pub const SETTLE: Duration = Duration::from_secs(10);

/// The newest version of each member's pack, for the sessions with its node. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct PackNews {
    members: Arc<Mutex<BTreeMap<MemberId, watch::Sender<u64>>>>,
}

impl PackNews {
    /// Hears of newer versions from now on; bounded by the number of members.
    #[must_use]
    pub fn listen(&self, member: &MemberId) -> watch::Receiver<u64> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.entry(member.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// The members whose node is linked.
    fn listening(&self) -> Vec<MemberId> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let listening = members.iter().filter(|(_, news)| news.receiver_count() > 0);
        listening.map(|(member, _)| member.clone()).collect()
    }

    fn tell(&self, member: &MemberId, version: u64) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(news) = members.get(member) {
            news.send_if_modified(|known| {
                let newer = version > *known;
                *known = version.max(*known);
                newer
            });
        }
    }
}

impl MutualAid {
    /// Tells the nodes of newer packs, for ever. Changes are collected for so long.
    pub async fn follow_packs(self, settle: Duration) {
        let parts = &self.shared.parts;
        let (mut offered, mut roster) = (self.shared.shelf.changed(), parts.roster.changed());
        let mut changes = self.shared.changes.subscribe();
        let mut failed = false;
        loop {
            if !failed {
                let changed = tokio::select! {
                    changed = offered.changed() => changed,
                    changed = roster.changed() => changed,
                    changed = changes.changed() => changed,
                };
                if changed.is_err() {
                    return;
                }
            }
            tokio::time::sleep(settle).await;
            // Before the packs are looked at: what comes meanwhile is looked at again.
            offered.mark_unchanged();
            roster.mark_unchanged();
            changes.mark_unchanged();
            let told = self.tell_of_packs().await;
            failed = told.is_err();
            if let Err(error) = told {
                tracing::warn!(%error, "the offline packs could not be looked at; they are looked at again");
            }
        }
    }

    async fn tell_of_packs(&self) -> Result<(), StoreError> {
        let parts = &self.shared.parts;
        let roster = parts.roster.snapshot();
        let linked = self.pack_news().listening();
        let members: Vec<_> = linked.iter().filter_map(|member| roster.member(member)).cloned().collect();
        if members.is_empty() {
            return Ok(());
        }
        let versions = self.packer().versions(&members, &roster, parts.world.now()).await?;
        for (member, version) in members.iter().zip(versions) {
            self.pack_news().tell(&member.id, version);
        }
        Ok(())
    }
}
