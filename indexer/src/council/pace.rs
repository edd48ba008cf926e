//! How often somebody may ask: a bucket of tokens for each identity. Pure: time is handed in.

use std::{collections::BTreeMap, time::Duration};

/// Identities remembered at once. An identity whose bucket is full again needs no memory.
const REMEMBERED: usize = 20_000;

/// Buckets by identity: an access token's id, or the address of somebody without one.
#[derive(Debug)]
pub struct Pace {
    per_second: f64,
    burst: f64,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Duration,
}

impl Pace {
    /// So many calls a second in the long run, and two seconds' worth at once.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, burst: per_second * 2.0, buckets: BTreeMap::new() }
    }

    /// Takes one call from the identity's bucket; false when it is empty. `now` is the time since any fixed moment.
    pub fn take(&mut self, identity: &str, now: Duration) -> bool {
        if self.buckets.len() >= REMEMBERED && !self.buckets.contains_key(identity) {
            self.forget_full(now);
            if self.buckets.len() >= REMEMBERED {
                return false;
            }
        }
        let (per_second, burst) = (self.per_second, self.burst);
        let bucket = self.buckets.entry(identity.to_owned()).or_insert(Bucket { left: burst, at: now });
        *bucket = bucket.refilled(per_second, burst, now);
        let enough = bucket.left >= 1.0;
        if enough {
            bucket.left -= 1.0;
        }
        enough
    }

    fn forget_full(&mut self, now: Duration) {
        let (per_second, burst) = (self.per_second, self.burst);
        self.buckets.retain(|_, bucket| bucket.refilled(per_second, burst, now).left < burst);
    }
}

impl Bucket {
    fn refilled(self, per_second: f64, burst: f64, now: Duration) -> Self {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        Self { left: (self.left + passed * per_second).min(burst), at: now.max(self.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seconds_at_once_then_the_pace() {
        let mut pace = Pace::new(5);
        let granted = |pace: &mut Pace, at: f64| {
            (0..100).filter(|_| pace.take("a", Duration::from_secs_f64(at))).count()
        };
        assert_eq!(granted(&mut pace, 0.0), 10);
        assert_eq!(granted(&mut pace, 1.0), 5);
        assert_eq!(granted(&mut pace, 1.1), 0);
        assert_eq!(granted(&mut pace, 100.0), 10);
        assert!(pace.take("b", Duration::ZERO), "others are not held up");
    }

    #[test]
    fn memory_is_bounded_and_idle_identities_are_forgotten() {
        let mut pace = Pace::new(1);
        for n in 0..REMEMBERED {
            assert!(pace.take(&n.to_string(), Duration::ZERO));
        }
        assert!(!pace.take("one more", Duration::ZERO));
        assert!(pace.take("one more", Duration::from_secs(5)));
        assert_eq!(pace.buckets.len(), 1);
    }
}
