//! What is handed to a hook, and when one that failed is tried again.

use std::time::Duration;

use jiff::Timestamp;

/// Upper end of the first pause before a hook is tried again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Upper end of all later pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Where alerts are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertChannel {
    /// A program of the operator.
    Command,
    /// A web address.
    Webhook,
    /// Letters.
    Mail,
}

impl AlertChannel {
    /// The code in the store.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }
}

/// What became of an alert or of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertOutcome {
    /// The hook took it.
    Delivered,
    /// It has become needless.
    Silenced,
    /// It grew too old.
    Expired,
}

impl AlertOutcome {
    /// The code in the store.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Silenced => "silenced",
            Self::Expired => "expired",
        }
    }
}

/// Something to hand to a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub id: i64,
    /// The same at every try.
    pub message_id: String,
    /// JSON.
    pub body: String,
    /// From when on it is of no use.
    pub expires: Option<Timestamp>,
    /// Tries that failed so far.
    pub attempts: u32,
}

/// How long to wait after a hook failed so many times (at least once): between half and all of a ceiling that doubles
/// from a second to two minutes.
#[must_use]
pub fn pause_after(failures: u32, random: u64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let half = doubled.min(LONGEST_PAUSE) / 2;
    let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    let spread = (u128::from(nanos) * u128::from(random)) >> 64;
    half + Duration::from_nanos(u64::try_from(spread).unwrap_or(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_bounded() {
        let most: Vec<u64> = [1, 2, 3, 7, 8, 60]
            .map(|failures| pause_after(failures, u64::MAX).as_secs_f64().round() as u64)
            .to_vec();
        assert_eq!(most, [1, 2, 4, 64, 120, 120]);
        assert_eq!(pause_after(1, 0), Duration::from_millis(500));
        assert_eq!(pause_after(u32::MAX, 0), Duration::from_secs(60));
    }
}
