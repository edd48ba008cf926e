//! Time and randomness inside a run: simulated, seeded, and on each machine wrong in its own way.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::clock::{Clock, Entropy, World};

use crate::chance::Chance;

/// The clock on the wall of one machine: simulated time plus how wrong it is.
#[derive(Clone, Copy, Debug)]
struct SimClock {
    epoch: Timestamp,
    skew: SignedDuration,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let elapsed = turmoil::sim_elapsed().unwrap_or(Duration::ZERO);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        self.epoch.checked_add(elapsed + self.skew).unwrap_or(self.epoch)
    }
}

/// Random bytes that the seed decides.
#[derive(Debug)]
struct SimEntropy(Mutex<Chance>);

impl Entropy for SimEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}

/// The world of one life of one machine. Each life draws from a stream of its own, as after a real restart.
#[must_use]
pub fn world(epoch: Timestamp, seed: u64, machine: &str, life: u64, skew_seconds: i64) -> World {
    let clock = SimClock { epoch, skew: SignedDuration::from_secs(skew_seconds) };
    let entropy = SimEntropy(Mutex::new(Chance::of(seed, &format!("{machine} {life}"))));
    World { clock: Arc::new(clock), entropy: Arc::new(entropy) }
}

/// When simulated time begins: noon of yesterday. Certificates are made by simulated clocks and judged by the TLS
/// library with the real one, so the two must not be days apart; and a seed repeated on the same day gives the same
/// bytes.
#[must_use]
pub fn epoch(real_now: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    let seconds = real_now.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(DAY) - DAY / 2).unwrap_or(real_now)
}
