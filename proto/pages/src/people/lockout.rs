//! Who has to wait after wrong passwords. Pure.
//!
//! Guessing is slowed by three counters: one for each account, one for each address, and one for each device that the
//! person has signed in from before. The first few mistakes are free; then each doubles the wait up to a limit.
//!
//! Nobody can lock out somebody else. An attempt from a known device (it shows a cookie that only a sign-in gives) is
//! counted at that device alone: whatever strangers try against the account, or from the same address, does not hold it
//! up. And whoever has duty never waits longer than half a minute, also at a strange device behind the same address as
//! the attacker. Half a minute between guesses at a password of twelve characters is no help to anybody.

use jiff::{SignedDuration, Timestamp};

/// Mistakes that cost nothing, at an account and at a device.
const FREE: u32 = 5;
/// Mistakes from one address that cost nothing: a whole company may share it.
const FREE_OF_ADDRESS: u32 = 20;
/// Longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Longest wait at a known device, and of an account with duty anywhere.
const LONGEST_OF_FRIENDS: SignedDuration = SignedDuration::from_secs(30);
/// After so long without a mistake the counter begins anew.
const FORGIVEN: SignedDuration = SignedDuration::from_hours(24);

/// Wrong passwords in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last: Option<Timestamp>,
}

impl Mistakes {
    /// With one more.
    #[must_use]
    pub fn and_one(self, now: Timestamp) -> Self {
        let count = if self.are_forgiven(now) { 0 } else { self.count };
        Self { count: count.saturating_add(1), last: Some(now) }
    }

    fn are_forgiven(self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.duration_since(last) >= FORGIVEN)
    }

    /// How long to wait still, when so many are free and this is the longest.
    fn wait(self, free: u32, longest: SignedDuration, now: Timestamp) -> SignedDuration {
        let Some(last) = self.last else { return SignedDuration::ZERO };
        if self.count < free || self.are_forgiven(now) {
            return SignedDuration::ZERO;
        }
        let doubled = 1_i64.checked_shl((self.count - free).min(30)).unwrap_or(i64::MAX);
        let whole = SignedDuration::from_secs(doubled).min(longest);
        // A clock that was put back must not make the wait longer.
        whole.saturating_sub(now.duration_since(last).max(SignedDuration::ZERO)).max(SignedDuration::ZERO)
    }
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A device that the person has signed in from before.
    KnownDevice(Mistakes),
    /// Anywhere else: the account's counter and the address's.
    Stranger {
        /// At the account.
        account: Mistakes,
        /// From the address.
        address: Mistakes,
    },
}

/// How long this attempt has to wait before the password is even looked at; zero when it need not.
#[must_use]
pub fn wait(origin: Origin, has_duty: bool, now: Timestamp) -> SignedDuration {
    match origin {
        Origin::KnownDevice(mistakes) => mistakes.wait(FREE, LONGEST_OF_FRIENDS, now),
        Origin::Stranger { account, address } => {
            let longest = if has_duty { LONGEST_OF_FRIENDS } else { LONGEST };
            account.wait(FREE, longest, now).max(address.wait(FREE_OF_ADDRESS, longest, now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    /// So many mistakes, one right after the other, the last at second 0.
    fn mistakes(count: u32) -> Mistakes {
        (0..count).fold(Mistakes::default(), |mistakes, _| mistakes.and_one(at(0)))
    }

    fn seconds(origin: Origin, has_duty: bool, now: i64) -> i64 {
        wait(origin, has_duty, at(now)).as_secs()
    }

    #[test]
    fn waits_double_to_a_limit_and_are_forgiven_after_a_day() {
        let account = |count| Origin::Stranger { account: mistakes(count), address: Mistakes::default() };
        let waits: Vec<_> =
            [0, 4, 5, 6, 7, 10, 14, 15, 40, 4_000].map(|count| seconds(account(count), false, 0)).into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 32, 512, 900, 900, 900]);
        assert_eq!(seconds(account(10), false, 31), 1);
        assert_eq!(seconds(account(10), false, 32), 0);
        assert_eq!(seconds(account(10), false, -500), 32, "a clock put back does not add to it");
        assert_eq!(seconds(account(4_000), false, 86_400), 0);
        assert_eq!(mistakes(40).and_one(at(86_400)).count, 1);
    }

    #[test]
    fn an_address_has_more_patience_than_an_account() {
        let address = |count| Origin::Stranger { account: Mistakes::default(), address: mistakes(count) };
        assert_eq!([19, 20, 25].map(|count| seconds(address(count), false, 0)), [0, 1, 32]);
    }

    #[test]
    fn strangers_cannot_lock_out_a_known_device_nor_anybody_with_duty() {
        let hammered = Origin::Stranger { account: mistakes(100_000), address: mistakes(100_000) };
        assert_eq!(seconds(hammered, false, 0), 900);
        assert_eq!(seconds(hammered, true, 0), 30, "duty waits half a minute at most");
        assert_eq!(seconds(Origin::KnownDevice(mistakes(0)), false, 0), 0, "the own device does not notice");
        assert_eq!(seconds(Origin::KnownDevice(mistakes(50)), false, 0), 30, "and has a limit of its own");
    }
}
