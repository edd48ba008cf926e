//! The queue of the search: nodes by time, nearest first.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Times only grow, so an entry is never changed: a better one is added and the old one is skipped when it comes.
#[derive(Debug, Default)]
pub(super) struct Queue(BinaryHeap<Reverse<u64>>);

impl Queue {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn push(&mut self, millis: u32, node: u32) {
        // Time and node in one word: compared at once, ties by node.
        self.0.push(Reverse(u64::from(millis) << 32 | u64::from(node)));
    }

    pub(super) fn pop(&mut self) -> Option<(u32, u32)> {
        let Reverse(word) = self.0.pop()?;
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the word")]
        let (millis, node) = ((word >> 32) as u32, word as u32);
        Some((millis, node))
    }
}
