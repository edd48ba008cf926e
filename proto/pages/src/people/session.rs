//! How long a sign-in lasts. Pure.

use jiff::{SignedDuration, Timestamp};

/// How long a browser is remembered as one of the person's.
pub const DEVICE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);
/// How exactly a server knows when somebody was last there; each look costs a write.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How long a sign-in lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// From signing in, whatever happens.
    pub absolute: SignedDuration,
    /// Without a request.
    pub idle: SignedDuration,
}

/// A sign-in as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it to the person; not the secret.
    pub id: String,
    /// Whose.
    pub account: String,
    /// When it began.
    pub began: Timestamp,
    /// When the person was last there, to within minutes.
    pub seen: Timestamp,
    /// What the browser calls itself.
    pub agent: String,
}

impl Session {
    /// True while it counts.
    #[must_use]
    pub fn holds(&self, ages: Ages, now: Timestamp) -> bool {
        let Ages { absolute, idle } = ages;
        now.duration_since(self.began) < absolute && now.duration_since(self.seen) < idle
    }

    /// True when it is time to note that the person is still there.
    #[must_use]
    pub fn is_worth_noting(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen) >= SEEN_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(seen_minutes: i64) -> Session {
        let began = Timestamp::UNIX_EPOCH;
        Session {
            id: "v".to_owned(),
            account: "a".to_owned(),
            began,
            seen: began + SignedDuration::from_mins(seen_minutes),
            agent: String::new(),
        }
    }

    fn after(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    const OFFICE: Ages =
        Ages { absolute: SignedDuration::from_hours(12), idle: SignedDuration::from_mins(60) };

    #[test]
    fn idle_and_absolute_ages_both_end_it() {
        assert!(session(0).holds(OFFICE, after(59)));
        assert!(!session(0).holds(OFFICE, after(60)), "idle");
        assert!(session(719).holds(OFFICE, after(719)));
        assert!(!session(719).holds(OFFICE, after(720)), "absolute");
    }

    #[test]
    fn being_there_is_noted_every_five_minutes() {
        assert!(!session(10).is_worth_noting(after(14)));
        assert!(session(10).is_worth_noting(after(15)));
    }
}
