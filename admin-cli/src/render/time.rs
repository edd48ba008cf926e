//! Times as people read them.

use jiff::{Timestamp, tz::TimeZone};
use prost_types::Timestamp as WireTimestamp;
use shouwang_proto::publication::time_from_wire;

/// A time from the wire; `None` when it is unset or outside the calendar.
pub(crate) fn read(time: Option<&WireTimestamp>) -> Option<Timestamp> {
    time.and_then(time_from_wire)
}

/// For people: the local time to the second; empty when there is none.
pub(crate) fn show(time: Option<Timestamp>) -> String {
    let local = |time: Timestamp| time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    time.map(local).unwrap_or_default()
}
