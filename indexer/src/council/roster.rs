//! The members as they are now, in memory, so that every call and every hit can be checked against them.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

pub use super::membership::{
    CertificateStanding, LogKeyStanding, MemberStanding, MemberState, RosterSnapshot, TokenStanding,
};
use crate::store::{self, Store, StoreError};

/// How often a hub looks for changes that another hub on the same database made. Together with a reload this stays
/// under the promised second.
pub(super) const POLL_EVERY: Duration = Duration::from_millis(500);

/// The roster, shared. A clone is another handle to the same roster.
#[derive(Clone, Debug)]
pub struct Roster {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    snapshot: ArcSwap<RosterSnapshot>,
    changed: watch::Sender<u64>,
    /// One reload at a time, so that an older snapshot never replaces a newer one.
    reloading: Mutex<()>,
}

impl Roster {
    /// Reads the roster from the store.
    ///
    /// # Errors
    /// What the store said.
    pub async fn load(store: Store) -> Result<Self, StoreError> {
        let snapshot = store.read(async |conn| store::roster::roster_changes(conn, 0).await).await?;
        let snapshot = RosterSnapshot::default().with(snapshot);
        let (changed, _) = watch::channel(snapshot.version);
        let snapshot = ArcSwap::from_pointee(snapshot);
        Ok(Self { shared: Arc::new(Shared { store, snapshot, changed, reloading: Mutex::new(()) }) })
    }

    /// The roster at this moment. Take it anew for every decision.
    #[must_use]
    pub fn snapshot(&self) -> Arc<RosterSnapshot> {
        self.shared.snapshot.load_full()
    }

    /// Tells of each new version, after [`Self::snapshot`] already gives it.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// Brings the roster up to date right after a change was committed. Should the store not answer now, the change
    /// is durable all the same, and [`Self::follow`] soon sees it.
    pub async fn refresh(&self) {
        if let Err(error) = self.reload().await {
            tracing::error!(%error, "a change of the roster is saved and not yet in force");
        }
    }

    /// Reads what changed in the roster, if anything did.
    ///
    /// # Errors
    /// What the store said; the roster then stays as it was.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let shared = &*self.shared;
        let _one_at_a_time = shared.reloading.lock().await;
        let known = shared.snapshot.load_full();
        let after = known.version;
        let changes = shared
            .store
            .read(async move |conn| {
                match store::roster::roster_version(conn).await? {
                    same if same == after => Ok(None),
                    later if later > after => store::roster::roster_changes(conn, after).await.map(Some),
                    // The database was put back: nothing known before counts.
                    _earlier => store::roster::roster_changes(conn, 0).await.map(Some),
                }
            })
            .await?;
        if let Some(changes) = changes {
            let version = changes.version;
            let base = if version > after { known } else { Arc::default() };
            shared.snapshot.store(Arc::new(base.with(changes)));
            shared.changed.send_replace(version);
        }
        Ok(())
    }

    /// Looks for changes made elsewhere, for ever.
    pub async fn follow(self) {
        let mut failing = false;
        loop {
            tokio::time::sleep(POLL_EVERY).await;
            let result = self.reload().await;
            if let (Err(error), false) = (&result, failing) {
                tracing::error!(%error, "the roster cannot be read; the last one known stays in force");
            }
            failing = result.is_err();
        }
    }

    /// Notes that a link was opened with this certificate. The first time, older certificates of the member are
    /// revoked: the node now has the new one for certain. Cheap when it was seen before.
    ///
    /// # Errors
    /// What the store said.
    pub async fn certificate_used(&self, serial: &str, now: Timestamp) -> Result<(), StoreError> {
        if self.snapshot().certificate(serial).is_none_or(|standing| standing.seen) {
            return Ok(());
        }
        let serial = serial.to_owned();
        self.shared
            .store
            .write(async move |tx| store::roster::certificate_seen(tx, &serial, now).await)
            .await?;
        self.refresh().await;
        Ok(())
    }
}
