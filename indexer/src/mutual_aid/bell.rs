//! Wakes the sessions of those for whom something waits in the outbox. It only hurries: what waits is found by reading.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use shouwang_proto::id::MemberId;
use tokio::sync::watch;

/// One bell for each member that has listened. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Bell {
    bells: Arc<Mutex<BTreeMap<MemberId, watch::Sender<u64>>>>,
}

impl Bell {
    /// Listens for one member; bounded by the number of members.
    #[must_use]
    pub fn listen(&self, member: &MemberId) -> watch::Receiver<u64> {
        self.lock().entry(member.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Wakes one member's session, if it has one.
    pub fn ring(&self, member: &MemberId) {
        if let Some(bell) = self.lock().get(member) {
            bell.send_modify(|rung| *rung += 1);
        }
    }

    /// Wakes every session.
    pub fn ring_all(&self) {
        for bell in self.lock().values() {
            bell.send_modify(|rung| *rung += 1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<MemberId, watch::Sender<u64>>> {
        // Every change is whole before anything can panic.
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
