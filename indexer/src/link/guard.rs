//! Notices when a member takes back a large part of what it has published.
//!
//! Each withdrawal is explicit and signed, so it takes effect at once: holding it back would keep before readers what
//! its owner wants gone, and nothing is destroyed by it (the entries stay in the log, and the owner may publish
//! again). What a crashed source does elsewhere, letting everything vanish by not mentioning it, cannot happen here at
//! all, because absence deletes nothing. But a script that runs wild signs too, so a person is told.

/// Withdrawals within this time, in milliseconds, are looked at together: ten minutes.
const WINDOW_MS: u64 = 600_000;
/// Fewer are never an alarm.
const LEAST: u64 = 20;

/// Counts what one member takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithdrawGuard {
    since_ms: u64,
    live_at_start: u64,
    taken: u64,
}

impl WithdrawGuard {
    /// At `now_ms` of a clock that never goes back: counts a batch that took back `taken` of `live_before` records, and says whether a person must be told: more
    /// than 20 records and more than a fifth of what was live when the window began.
    pub fn observe(&mut self, now_ms: u64, live_before: u64, taken: u64) -> bool {
        let elapsed = now_ms.saturating_sub(self.since_ms);
        if self.live_at_start == 0 || elapsed >= WINDOW_MS {
            *self = Self { since_ms: now_ms, live_at_start: live_before, taken: 0 };
        }
        self.taken = self.taken.saturating_add(taken);
        taken > 0 && self.taken > LEAST && self.taken.saturating_mul(5) > self.live_at_start
    }

    /// Records taken back in the present window.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_and_a_large_part_is_an_alarm() {
        let mut few = WithdrawGuard::default();
        assert!(!few.observe(0, 20, 20), "20 are never an alarm");
        let mut large = WithdrawGuard::default();
        assert!(!large.observe(0, 1_000, 200), "exactly a fifth");
        assert!(large.observe(1, 800, 1), "one more in the same window");
        assert!(!large.observe(2, 799, 0), "a batch that withdraws nothing raises nothing");
        assert_eq!(large.taken(), 201);
    }

    #[test]
    fn batches_add_up_within_a_window_only() {
        let mut guard = WithdrawGuard::default();
        assert!(!guard.observe(0, 100, 15));
        assert!(guard.observe(WINDOW_MS - 1, 85, 15));
        let mut slow = WithdrawGuard::default();
        assert!(!slow.observe(0, 100, 15));
        assert!(!slow.observe(WINDOW_MS, 85, 15));
    }
}
