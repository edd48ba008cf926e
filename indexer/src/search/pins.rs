//! Views that page tokens point at, kept for some minutes so that pages do not shift. Pure.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::view::View;

/// How long a view is kept after its last page.
const KEPT: Duration = Duration::from_secs(300);
/// Most views kept; each may hold files that are no longer part of the index.
const MOST: usize = 64;

/// See the module.
#[derive(Default)]
pub(crate) struct Pins(Vec<(Arc<View>, Instant)>);

impl Pins {
    /// Keeps a view from now on.
    pub(crate) fn keep(&mut self, view: &Arc<View>, now: Instant) {
        self.forget_old(now);
        self.0.retain(|(kept, _)| kept.id != view.id);
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push((Arc::clone(view), now));
    }

    /// The view with this id, if it is still kept.
    pub(crate) fn find(&self, id: u64, now: Instant) -> Option<Arc<View>> {
        let found = self.0.iter().find(|(view, since)| view.id == id && now.duration_since(*since) < KEPT);
        found.map(|(view, _)| Arc::clone(view))
    }

    /// Lets go what was not asked for in time.
    pub(crate) fn forget_old(&mut self, now: Instant) {
        self.0.retain(|(_, since)| now.duration_since(*since) < KEPT);
    }
}
