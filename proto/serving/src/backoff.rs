//! When to try again: exponential with full jitter. Pure: time and randomness are handed in.
//!
//! Full jitter, because thousands of nodes lose the hub in the same instant and must not come back in one. Nobody
//! gives up: there is no last try.

use std::time::Duration;

/// Upper end of the first pause.
pub const FIRST: Duration = Duration::from_millis(200);
/// Upper end of all later pauses.
pub const LONGEST: Duration = Duration::from_secs(30);
/// A connection that lasted this long counts as healthy: the next pause is short again.
pub const HEALTHY: Duration = Duration::from_secs(60);

/// The failures in a row of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a failure and answers how long to wait: evenly spread between nothing and a ceiling that doubles from
    /// [`FIRST`] to [`LONGEST`].
    ///
    /// `lasted` is how long the connection had been healthy (zero if there was none); `random` is any random number.
    pub fn failed(&mut self, lasted: Duration, random: u64) -> Duration {
        if lasted >= HEALTHY {
            self.failures = 0;
        }
        let ceiling = FIRST.saturating_mul(1 << self.failures.min(20)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        // The high half of a product: an even spread without division.
        let pause = (u128::from(nanos) * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(pause).unwrap_or(nanos))
    }

    /// Failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_to_thirty_seconds() {
        let mut backoff = Backoff::new();
        let ceilings: Vec<u64> = (0..10)
            .map(|_| backoff.failed(Duration::ZERO, u64::MAX).as_nanos().div_ceil(1_000_000) as u64)
            .collect();
        assert_eq!(ceilings, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
        for _ in 0..100 {
            assert!(backoff.failed(Duration::ZERO, u64::MAX) <= LONGEST);
        }
    }

    #[test]
    fn jitter_is_full() {
        let at = |random| Backoff { failures: 30 }.failed(Duration::ZERO, random);
        assert_eq!(at(0), Duration::ZERO);
        assert_eq!(at(1 << 63), LONGEST / 2);
        assert_eq!(at(1 << 62), LONGEST / 4);
    }

    #[test]
    fn only_a_healthy_minute_forgives() {
        let mut backoff = Backoff { failures: 8 };
        backoff.failed(HEALTHY - Duration::from_millis(1), 0);
        assert_eq!(backoff.failures(), 9);
        let pause = backoff.failed(HEALTHY, u64::MAX);
        assert!(pause <= FIRST, "{pause:?}");
        assert_eq!(backoff.failures(), 1);
    }
}
