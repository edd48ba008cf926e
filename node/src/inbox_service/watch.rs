//! Following the inbox: the rows are the queue, the change number is the place in it. Nothing waits in memory.

use std::{collections::VecDeque, pin::Pin};

use futures::{Stream, StreamExt as _, stream};
use shouwang_proto::wire;
use tokio::sync::watch;
use tonic::Status;

use super::{Inbox, shown::show_change};
use crate::store::InboxChange;

/// Most changes read at once.
const PAGE: u32 = 100;

/// The responses.
pub(super) type InboxStream = Pin<Box<dyn Stream<Item = Result<wire::WatchInboxResponse, Status>> + Send>>;

struct Place {
    inbox: Inbox,
    changed: watch::Receiver<u64>,
    /// Everything up to here was read; before the beginning, what the caller has.
    read: u64,
    begun: bool,
    waiting: VecDeque<InboxChange>,
}

impl Inbox {
    /// Follows the inbox after a change. 0, or a change that this node has not come to (its database was restored): begins
    /// with what is open.
    pub(super) fn follow(&self, after: u64) -> InboxStream {
        let changed = self.store.inbox_changed();
        let place =
            Place { inbox: self.clone(), changed, read: after, begun: false, waiting: VecDeque::new() };
        let stop = self.stop.clone();
        let changes = stream::unfold(Some(place), async |place| {
            let mut place = place?;
            match place.next().await {
                Ok(Some(change)) => {
                    let shown = show_change(&change, place.inbox.world.now());
                    Some((Ok(shown), Some(place)))
                }
                Ok(None) => None,
                Err(status) => Some((Err(status), None)),
            }
        });
        Box::pin(changes.take_until(async move { stop.cancelled().await }))
    }
}

impl Place {
    async fn next(&mut self) -> Result<Option<InboxChange>, Status> {
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return Ok(Some(change));
            }
            // Before the look: what comes after it wakes.
            self.changed.mark_unchanged();
            if self.begun {
                self.waiting = self.inbox.store.inbox_after(self.read, PAGE).await?.into();
                self.read = self.waiting.back().map_or(self.read, InboxChange::number);
            } else {
                self.begun = true;
                let (pending, newest) = self.inbox.store.inbox_pending(self.inbox.world.now()).await?;
                if (1..=newest).contains(&self.read) {
                    continue;
                }
                (self.waiting, self.read) = (pending.into(), newest);
            }
            if self.waiting.is_empty() && self.changed.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}
