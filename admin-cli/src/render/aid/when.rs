//! Times of emergencies: always +08:00, always with their age.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use prost_types::Timestamp as WireTimestamp;

use super::Look;
use crate::{render::time, words::Lang};

/// The park's time zone. An emergency is talked about in one clock, wherever the terminal stands.
pub(crate) fn park_zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The time in the park, `2026-07-12 14:03:07`; empty when there is none.
pub(crate) fn clock(time: Option<&WireTimestamp>) -> String {
    let park = |time: Timestamp| time.to_zoned(park_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    time::read(time).map(park).unwrap_or_default()
}

/// The time with its zone, for papers that leave the screen.
pub(crate) fn clock_with_zone(time: Option<&WireTimestamp>) -> String {
    match clock(time) {
        shown if shown.is_empty() => shown,
        shown => format!("{shown} +08:00"),
    }
}

/// The time and how long ago or ahead it is; empty when there is none.
pub(crate) fn clock_and_age(time: Option<&WireTimestamp>, look: Look) -> String {
    match clock(time) {
        shown if shown.is_empty() => shown,
        shown => format!("{shown} ({})", age(time, look)),
    }
}

/// How long ago or ahead; empty when there is no time.
pub(crate) fn age(time: Option<&WireTimestamp>, look: Look) -> String {
    let Some(time) = time::read(time) else { return String::new() };
    let seconds = look.now.as_second().saturating_sub(time.as_second());
    let span = span(seconds.unsigned_abs(), look.lang);
    match (look.lang, seconds) {
        (Lang::Zh, -4..=4) => "刚刚".to_owned(),
        (Lang::En, -4..=4) => "just now".to_owned(),
        (Lang::Zh, 5..) => format!("{span}前"),
        (Lang::En, 5..) => format!("{span} ago"),
        (Lang::Zh, _) => format!("{span}后"),
        (Lang::En, _) => format!("in {span}"),
    }
}

/// A length of time in the one or two units that matter.
pub(crate) fn span(seconds: u64, lang: Lang) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let unit = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    match seconds {
        0..120 => format!("{seconds}{}", unit("秒", " s")),
        120..7_200 => format!("{minutes}{}", unit("分钟", " min")),
        7_200..172_800 => format!("{hours}{}", unit("小时", " h")),
        _ => format!("{days}{}", unit("天", " d")),
    }
}

/// Seconds as minutes and seconds, `8:05`.
pub(crate) fn minutes(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_parks_clock_with_their_age() {
        let at = |second: i64| WireTimestamp { seconds: 1_782_864_000 + second, nanos: 0 };
        let look = Look { lang: Lang::Zh, now: Timestamp::from_second(1_782_864_000).unwrap() };
        assert_eq!(clock_with_zone(Some(&at(0))), "2026-07-01 08:00:00 +08:00");
        for (second, told) in [
            (0, "刚刚"),
            (-119, "119秒前"),
            (-120, "2分钟前"),
            (-7_200, "2小时前"),
            (-259_200, "3天前"),
            (90, "90秒后"),
        ] {
            assert_eq!(age(Some(&at(second)), look), told);
        }
        assert_eq!(age(None, look), "");
    }
}
