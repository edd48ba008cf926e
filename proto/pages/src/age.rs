//! How long ago something was, and when exactly. Pure: the time now is handed in.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::Lang;

/// Where our readers are: China has one time, without summer time.
const EAST_EIGHT_HOURS: i8 = 8;

/// A moment as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// Such as `3 分钟前`; from a week on the day.
    pub words: String,
    /// Such as `2026-11-22 12:05`, in +08:00.
    pub exact: String,
    /// For machines (RFC 3339).
    pub machine: String,
}

impl Age {
    /// Of a moment, seen now. A moment that has not come yet is shown exactly: clocks differ.
    #[must_use]
    pub fn of(lang: Lang, then: Timestamp, now: Timestamp) -> Self {
        let exact = exact(then);
        let seconds = now.as_second() - then.as_second();
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        let words = match seconds {
            i64::MIN..=-60 => exact.clone(),
            -59..=59 => lang.say("age.now").to_owned(),
            60..=3_599 => lang.with("age.minutes", "count", &minutes),
            3_600..=86_399 => lang.with("age.hours", "count", &hours),
            86_400..=604_799 => lang.with("age.days", "count", &days),
            604_800..=i64::MAX => day(then),
        };
        Self { words, exact, machine: then.to_string() }
    }
}

/// The day in +08:00: `2026-11-22`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d").to_string()
}

/// Day and time in +08:00: `2026-11-22 12:05`.
#[must_use]
pub fn exact(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The time of the day in +08:00: `12:05`.
#[must_use]
pub fn time(at: Timestamp) -> String {
    local(at).strftime("%H:%M").to_string()
}

/// The time of the day to the second in +08:00: `12:05:09`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    local(at).strftime("%H:%M:%S").to_string()
}

/// As a field for a day and a time wants it: `2026-11-22T12:05`, in +08:00.
#[must_use]
pub fn input(at: Timestamp) -> String {
    local(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// What such a field says; none when it is no time.
#[must_use]
pub fn from_input(text: &str) -> Option<Timestamp> {
    let time: jiff::civil::DateTime = text.trim().parse().ok()?;
    let zoned = time.to_zoned(TimeZone::fixed(jiff::tz::offset(EAST_EIGHT_HOURS))).ok()?;
    Some(zoned.timestamp())
}

/// Where a day begins in +08:00; none at the ends of time.
#[must_use]
pub fn midnight(day: Date) -> Option<Timestamp> {
    jiff::tz::offset(EAST_EIGHT_HOURS).to_timestamp(day.at(0, 0, 0, 0)).ok()
}

fn local(at: Timestamp) -> jiff::Zoned {
    at.to_zoned(TimeZone::fixed(jiff::tz::offset(EAST_EIGHT_HOURS)))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_field_for_a_time_goes_both_ways() {
        let at: Timestamp = "2026-11-22T04:05:00Z".parse().unwrap();
        assert_eq!(input(at), "2026-11-22T12:05");
        assert_eq!(from_input(&input(at)), Some(at));
        assert_eq!(from_input("tomorrow"), None);
    }

    #[test]
    fn ages_have_words_up_to_a_week() {
        let then: Timestamp = "2026-07-12T03:04:05Z".parse().unwrap();
        let words = |seconds| Age::of(Lang::Zh, then, then + SignedDuration::from_secs(seconds)).words;
        assert_eq!(words(5), "刚刚");
        assert_eq!(words(-5), "刚刚");
        assert_eq!(words(185), "3 分钟前");
        assert_eq!(words(7_200), "2 小时前");
        assert_eq!(words(3 * 86_400), "3 天前");
        assert_eq!(words(8 * 86_400), "2026-07-12");
        assert_eq!(words(-61), "2026-07-12 11:04");
        assert_eq!(Age::of(Lang::En, then, then + SignedDuration::from_secs(61)).words, "1 minute ago");
        assert_eq!(Age::of(Lang::En, then, then).exact, "2026-07-12 11:04");
        let midnight = midnight(jiff::civil::date(2026, 7, 12)).unwrap();
        assert_eq!(exact(midnight), "2026-07-12 00:00");
    }
}
