//! Dates as people write them in a query.

use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::Offset,
};

/// Dates in a query are days in China, where all alliances are.
const ZONE: Offset = Offset::constant(8);

/// Milliseconds since 1970: at or after the first, before the second.
pub(super) type Range = (Option<i64>, Option<i64>);

/// Reads `2025`, `2025-03`, `2025-03-01`, `2025年3月`, and ranges `A..B`, `A..`, `..B` with both ends included.
pub(super) fn range(text: &str) -> Option<Range> {
    match text.split_once("..") {
        Some(("", "")) => None,
        Some((from, to)) => {
            let from = if from.is_empty() { None } else { Some(span(from)?.0) };
            let to = if to.is_empty() { None } else { Some(span(to)?.1) };
            if let (Some(from), Some(to)) = (from, to)
                && from >= to
            {
                return None;
            }
            Some((from, to))
        }
        None => span(text).map(|(from, to)| (Some(from), Some(to))),
    }
}

/// First millisecond of the year, month or day and first one after it.
fn span(text: &str) -> Option<(i64, i64)> {
    let parts: Vec<i16> = text
        .trim_end_matches(['年', '月', '日'])
        .split(['-', '/', '.', '年', '月', '日'])
        .map(|part| if part.len() <= 4 { part.parse().ok() } else { None })
        .collect::<Option<_>>()?;
    let (first, next) = match parts[..] {
        [year] => (day(year, 1, 1)?, day(year.checked_add(1)?, 1, 1)?),
        [year, month] => {
            let first = day(year, month, 1)?;
            (first, first.checked_add(jiff::Span::new().months(1)).ok()?)
        }
        [year, month, number] => {
            let first = day(year, month, number)?;
            (first, first.tomorrow().ok()?)
        }
        _ => return None,
    };
    Some((millis(first)?, millis(next)?))
}

fn day(year: i16, month: i16, number: i16) -> Option<Date> {
    let (month, number) = (i8::try_from(month).ok()?, i8::try_from(number).ok()?);
    if !(1970..=9000).contains(&year) {
        return None;
    }
    Date::new(year, month, number).ok().filter(|found| *found >= date(1970, 1, 1))
}

fn millis(day: Date) -> Option<i64> {
    ZONE.to_timestamp(day.at(0, 0, 0, 0)).ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let show = |end: Option<i64>| {
            end.map_or("…".to_owned(), |ms| Timestamp::from_millisecond(ms).unwrap().to_string())
        };
        let found = range(text).map(|(from, to)| (show(from), show(to)));
        assert_eq!(found, expected.map(|(from, to)| (from.to_owned(), to.to_owned())), "{text}");
    }

    #[test]
    fn dates_are_days_in_china() {
        check("2025", Some(("2024-12-31T16:00:00Z", "2025-12-31T16:00:00Z")));
        check("2025-03", Some(("2025-02-28T16:00:00Z", "2025-03-31T16:00:00Z")));
        check("2025年12月", Some(("2025-11-30T16:00:00Z", "2025-12-31T16:00:00Z")));
        check("2025/3/1", Some(("2025-02-28T16:00:00Z", "2025-03-01T16:00:00Z")));
        check("2025-03..", Some(("2025-02-28T16:00:00Z", "…")));
        check("..2025", Some(("…", "2025-12-31T16:00:00Z")));
        check("2024..2025-06", Some(("2023-12-31T16:00:00Z", "2025-06-30T16:00:00Z")));
        for wrong in ["", "..", "2025-13", "2025-02-30", "soon", "99999", "2026..2024", "1-2-3-4", "1969"] {
            check(wrong, None);
        }
    }
}
