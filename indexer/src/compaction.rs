//! Keeps the hub's own log as long as what is shown, and not as long as everything that ever was.

use std::time::Duration;

use crate::{
    search::room::SearchRoom,
    store::{
        Store,
        hub_history::{Compacted, Kept, hub_log_compact},
    },
};

/// When lines go that nobody needs.
#[derive(Clone, Copy, Debug)]
pub struct Compaction {
    /// Time between two looks.
    pub every: Duration,
    /// What stays.
    pub kept: Kept,
}

impl Default for Compaction {
    fn default() -> Self {
        Self { every: Duration::from_secs(600), kept: Kept::default() }
    }
}

/// Rest between two transactions, so that nobody waits for the store because of this.
const REST: Duration = Duration::from_millis(200);

/// Compacts the log for ever.
pub(crate) async fn keep(store: Store, search: SearchRoom, compaction: Compaction) {
    let Compaction { every, kept } = compaction;
    loop {
        tokio::time::sleep(every).await;
        let (mut all, mut from) = (0, Some(0));
        while let Some(after) = from {
            let followed = search.position();
            match store.write(async move |tx| hub_log_compact(tx, kept, followed, after).await).await {
                Ok(Compacted { gone, next }) => {
                    all += gone;
                    from = next;
                }
                Err(error) => {
                    tracing::warn!(%error, "the hub's log was not compacted; it is tried again");
                    break;
                }
            }
            tokio::time::sleep(REST).await;
        }
        if all > 0 {
            tracing::info!(lines = all, "the hub's log was compacted");
        }
    }
}
