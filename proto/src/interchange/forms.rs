//! Forms of values: dates, degrees, polygons, circles, enumerations.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

/// A point: latitude and longitude in WGS-84 degrees.
pub type Point = (f64, f64);

/// Reads a date and time with an offset, `2026-07-12T14:00:00+08:00`. UTC is `-00:00`; the letter Z is not allowed.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is no time such as 2026-07-12T14:00:00+08:00 （须为带时区偏移的时间）");
    const PATTERN: &[u8] = b"dddd-dd-ddTdd:dd:ddsdd:dd";
    let fits = text.len() == PATTERN.len()
        && text.bytes().zip(PATTERN).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            b's' => matches!(byte, b'+' | b'-'),
            other => byte == *other,
        });
    if !fits {
        return Err(wrong());
    }
    let text = text.strip_suffix("-00:00").map_or_else(|| text.to_owned(), |start| format!("{start}Z"));
    text.parse().map_err(|_| wrong())
}

/// Writes a time in +08:00, to the second.
pub(super) fn write_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Reads `LATITUDE,LONGITUDE`.
pub(super) fn point(text: &str) -> Result<Point, String> {
    let wrong = || format!("`{text}` is not LATITUDE,LONGITUDE in degrees （须为 纬度,经度）");
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    Ok((number(latitude, 90.0).ok_or_else(wrong)?, number(longitude, 180.0).ok_or_else(wrong)?))
}

/// A decimal number of at most this size; no exponent, no `inf`.
fn number(text: &str, most: f64) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.'));
    let number: f64 = text.parse().ok().filter(|_| plain)?;
    (number.abs() <= most).then_some(number)
}

/// Reads a polygon: at least four points, the last like the first.
pub(super) fn polygon(text: &str) -> Result<Vec<Point>, String> {
    let points: Vec<Point> = text.split_ascii_whitespace().map(point).collect::<Result<_, _>>()?;
    polygon_fits(&points).map(|()| points)
}

/// Checks a polygon.
pub(super) fn polygon_fits(points: &[Point]) -> Result<(), String> {
    if points.len() < 4 {
        return Err("needs at least four points （至少四个点）".to_owned());
    }
    if points.first() != points.last() {
        return Err("must end where it begins （首尾须为同一点）".to_owned());
    }
    points.iter().try_for_each(|point| point_fits(*point))
}

/// Checks a point.
pub(super) fn point_fits((latitude, longitude): Point) -> Result<(), String> {
    if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 {
        Ok(())
    } else {
        Err(format!("{latitude},{longitude} is not on the earth （坐标超出范围）"))
    }
}

/// Reads a circle: its centre and its radius in kilometres.
pub(super) fn circle(text: &str) -> Result<(Point, f64), String> {
    let wrong = || format!("`{text}` is not LATITUDE,LONGITUDE RADIUS （须为 纬度,经度 半径）");
    let (centre, radius) = text.split_once(' ').ok_or_else(wrong)?;
    let radius = number(radius.trim(), 40_000.0).filter(|radius| *radius >= 0.0).ok_or_else(wrong)?;
    Ok((point(centre)?, radius))
}

/// Writes a point.
pub(super) fn write_point((latitude, longitude): Point) -> String {
    format!("{latitude},{longitude}")
}

/// Writes a polygon.
pub(super) fn write_polygon(points: &[Point]) -> String {
    points.iter().map(|point| write_point(*point)).collect::<Vec<_>>().join(" ")
}

/// An enumeration whose values are the words of a standard.
macro_rules! words_of {
    ($(#[$doc:meta])* $name:ident: $($variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = concat!("`", $word, "`")] $variant),+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The standard's word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            fn read(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| {
                    let known: Vec<&str> = Self::ALL.iter().map(|value| value.word()).collect();
                    format!("`{text}` is none of {} （不在枚举之内）", known.join(", "))
                })
            }
        }
    };
}
pub(super) use words_of;
