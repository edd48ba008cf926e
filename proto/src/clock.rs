//! Time and randomness, handed in. Nothing else in the project asks the operating system for either.

use std::sync::Arc;

use jiff::Timestamp;
use rand::TryRng as _;
use uuid::Uuid;

/// Gives the time of day. It labels things; it never decides order or validity of log entries.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key or id is safe; going on would be worse"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rngs::SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
    }
}

/// Both together, as servers carry them.
#[derive(Clone, Debug)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl World {
    /// The real world.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A random id (UUID version 4).
    #[must_use]
    pub fn random_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random()).into_uuid()
    }
}

/// A time as the stores keep it: milliseconds since 1970-01-01T00:00:00Z, saturated at the ends of the calendar.
#[must_use]
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
