//! Acknowledgements of notices, written for all sessions together: in an emergency thousands come within a moment, and a
//! transaction for each would cost the hub more than sending the notices.

use std::sync::{Mutex, MutexGuard, PoisonError};

use shouwang_proto::{clock::World, id::MemberId};
use shouwang_serving::store::Store;
use tokio::sync::watch;
use tonic::Status;

use crate::store::mutual_aid::outbox;

/// What became of a batch; none: nothing yet.
type Outcome = Option<Result<(), Status>>;

/// What has come and is not being written.
#[derive(Debug)]
struct Batch {
    /// Who has which notice.
    rows: Vec<(MemberId, u64)>,
    outcome: watch::Sender<Outcome>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { rows: Vec::new(), outcome: watch::Sender::new(None) }
    }
}

/// The batch that gathers while the one before is written. Bounded by the sessions: each waits for its own.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    gathering: Mutex<Gathering>,
}

#[derive(Debug, Default)]
struct Gathering {
    batch: Batch,
    /// Somebody is writing, and looks again.
    is_written: bool,
}

/// An acknowledgement on its way to the disk.
#[derive(Debug)]
pub(super) struct Receipt {
    outcome: watch::Receiver<Outcome>,
    /// Nobody is writing: who got this has to call [`Receipts::write`].
    pub(super) is_first: bool,
}

impl Receipt {
    /// Returns when it is on disk.
    ///
    /// # Errors
    /// What the store said, or that the hub ends: then it is not on disk, and the notices come again.
    pub(super) async fn settled(mut self) -> Result<(), Status> {
        let outcome = self.outcome.wait_for(Option::is_some).await;
        outcome
            .ok()
            .and_then(|outcome| outcome.clone())
            .unwrap_or_else(|| Err(Status::unavailable("the hub ends")))
    }
}

impl Receipts {
    /// Takes an acknowledgement in.
    pub(super) fn add(&self, member: &MemberId, numbers: &[u64]) -> Receipt {
        let mut gathering = self.lock();
        gathering.batch.rows.extend(numbers.iter().map(|number| (member.clone(), *number)));
        let outcome = gathering.batch.outcome.subscribe();
        Receipt { outcome, is_first: !std::mem::replace(&mut gathering.is_written, true) }
    }

    /// Writes until nothing is left. It must not be dropped on the way: it belongs to a task of its own.
    pub(super) async fn write(&self, store: &Store, world: &World) {
        while let Some(Batch { rows, outcome }) = self.next() {
            let now = world.now();
            let note = async move |tx: &mut _| outbox::notices_delivered(tx, &rows, now).await;
            let noted = store.write_urgent(note).await;
            let noted =
                noted.map(|count| metrics::counter!("shouwang_notices_delivered_total").increment(count));
            outcome.send_replace(Some(noted.map_err(Status::from)));
        }
    }

    fn next(&self) -> Option<Batch> {
        let mut gathering = self.lock();
        let batch = std::mem::take(&mut gathering.batch);
        gathering.is_written = !batch.rows.is_empty();
        gathering.is_written.then_some(batch)
    }

    fn lock(&self) -> MutexGuard<'_, Gathering> {
        // Every change is whole before anything can panic.
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
