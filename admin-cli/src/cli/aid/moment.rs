//! Times, lengths of time and money as people type them.

use jiff::{SignedDuration, Timestamp, civil};
use prost_types::Timestamp as WireTimestamp;
use shouwang_proto::publication::time_to_wire;

use crate::{
    failure::{Failure, Outcome},
    render::aid::when::park_zone,
    session::Session,
    words::words,
};

/// A length in seconds: `90s`, `15m`, `2h`; a bare number means minutes.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is not a length such as 90s, 15m or 2h （应为时长，如 90s、15m、2h）");
    let (digits, factor) = match text.trim() {
        given if given.ends_with('s') => (given.trim_end_matches('s'), 1),
        given if given.ends_with('m') => (given.trim_end_matches('m'), 60),
        given if given.ends_with('h') => (given.trim_end_matches('h'), 3_600),
        given => (given, 60),
    };
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).ok_or_else(wrong)
}

/// CNY with at most two decimals, as fen.
pub(super) fn fen(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("`{text}` is not an amount such as 1200 or 1200.50 （应为金额，如 1200 或 1200.50）");
    let (yuan, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || !digits(yuan) || rest.len() > 2 || !digits(rest) {
        return Err(wrong());
    }
    let cents: u64 = format!("{rest:0<2}").parse().map_err(|_| wrong())?;
    let yuan: u64 = yuan.parse().map_err(|_| wrong())?;
    yuan.checked_mul(100).and_then(|fen| fen.checked_add(cents)).ok_or_else(wrong)
}

/// A time: RFC 3339; `14:05` or `2026-07-12 14:05` in the park's clock; `+20m` or `-5m` from now.
pub(super) fn read(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Some(length) = text.strip_prefix('+') {
        return now.checked_add(SignedDuration::from_secs(seconds(length).ok()?.into())).ok();
    }
    if let Some(length) = text.strip_prefix('-') {
        return now.checked_sub(SignedDuration::from_secs(seconds(length).ok()?.into())).ok();
    }
    let civil = match text.parse::<civil::DateTime>() {
        Ok(civil) if text.len() > 10 => civil,
        _ => now.to_zoned(park_zone()).date().to_datetime(text.parse::<civil::Time>().ok()?),
    };
    civil.to_zoned(park_zone()).ok().map(|zoned| zoned.timestamp())
}

/// A time for the wire, or how it should be written.
pub(super) fn wire(session: &Session, option: &str, text: &str) -> Outcome<WireTimestamp> {
    read(text, session.world.now()).map(time_to_wire).ok_or_else(|| {
        Failure::usage(words!("{option} 的时间 {text} 有误", "{option}: {text} is not a time")).hint(words!(
            "可写 14:05、2026-07-12T14:05:00+08:00、+20m 或 -5m",
            "write 14:05, 2026-07-12T14:05:00+08:00, +20m or -5m"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_money() {
        assert_eq!(seconds("15"), Ok(900));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("2h"), Ok(7_200));
        for wrong in ["", "m", "-1", "1d", "9999999h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(fen("1200"), Ok(120_000));
        assert_eq!(fen("1200.5"), Ok(120_050));
        for wrong in ["", ".5", "1.234", "-1", "1,2", "١"] {
            assert!(fen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_read_in_the_parks_clock() {
        let now: Timestamp = "2026-07-12T04:00:00Z".parse().unwrap();
        for (written, meant) in [
            ("14:05", "2026-07-12T06:05:00Z"),
            ("2026-07-11 23:00", "2026-07-11T15:00:00Z"),
            ("2026-07-11T23:00:00+08:00", "2026-07-11T15:00:00Z"),
            ("2026-07-11T15:00:00Z", "2026-07-11T15:00:00Z"),
            ("+20m", "2026-07-12T04:20:00Z"),
            ("-5m", "2026-07-12T03:55:00Z"),
        ] {
            assert_eq!(read(written, now), Some(meant.parse().unwrap()), "{written}");
        }
        for wrong in ["", "soon", "25:00", "2026-07-12", "+x"] {
            assert_eq!(read(wrong, now), None, "{wrong}");
        }
    }
}
