//! Words of mutual aid as the board says them. Pure.

use jiff::Timestamp;
use shouwang_pages::{Lang, age::Age};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::term::UnknownTerm,
    publication::time_from_wire,
    wire::{self, AidTaskKind},
};

use crate::council::roster::RosterSnapshot;

/// Chinese and English names of a term.
type Labels = (&'static str, &'static str);

/// What a term that came over the wire is called; empty when there is none.
pub(super) fn said<T>(
    lang: Lang,
    term: Result<T, UnknownTerm>,
    labels: impl FnOnce(T) -> Labels,
) -> &'static str {
    term.map_or("", |term| {
        let (zh, en) = labels(term);
        lang.pick(zh, en)
    })
}

/// The last part of a name such as `requests/0198…`.
pub(super) fn tail(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The member of `members/{member}` or of a publication's name, as people call it.
pub(super) fn member(roster: &RosterSnapshot, name: &str) -> String {
    let id = name.parse::<PublicationName>().map(|name| name.member);
    let id = id.ok().or_else(|| MemberId::from_name(name).ok());
    let known = id.as_ref().and_then(|id| roster.member(id));
    known.map_or_else(|| tail(name).to_owned(), |known| known.display_name.clone())
}

/// An amount with its unit; counted things have none.
pub(super) fn amount(quantity: u64, unit: &str) -> String {
    if unit.is_empty() || unit == "1" { quantity.to_string() } else { format!("{quantity} {unit}") }
}

/// A length of time: `45 秒`, `12 分钟`, `2 小时 5 分钟`.
pub(super) fn length(lang: Lang, seconds: u32) -> String {
    let minutes = seconds.div_ceil(60);
    match seconds {
        0..=59 => lang.with("board.seconds", "count", &seconds),
        60..=3_599 => lang.with("board.minutes", "count", &minutes),
        3_600.. => lang.fill("board.hours", &[("hours", &(minutes / 60)), ("minutes", &(minutes % 60))]),
    }
}

/// How far it is, and how that was found; only the latter when nobody knows how far.
pub(super) fn way(lang: Lang, metres: u32, basis: &str) -> String {
    if metres == 0 {
        return basis.to_owned();
    }
    let kilometres = format!("{:.1}", f64::from(metres) / 1_000.0);
    lang.fill("board.way", &[("km", &kilometres), ("basis", &basis)])
}

/// How long ago a moment of a message was.
pub(super) fn age(lang: Lang, time: Option<&prost_types::Timestamp>, now: Timestamp) -> Option<Age> {
    time.and_then(time_from_wire).map(|then| Age::of(lang, then, now))
}

/// A place in words.
pub(super) fn place(place: Option<&wire::Location>) -> String {
    let Some(wire::Location { latitude, longitude, address }) = place else { return String::new() };
    if address.is_empty() { format!("{latitude:.5}, {longitude:.5}") } else { address.clone() }
}

/// A number without what a telephone does not understand.
pub(super) fn dialled(phone: &str) -> String {
    phone.chars().filter(|one| one.is_ascii_digit() || *one == '+').collect()
}

/// Key of what a task wants.
pub(super) fn task(kind: AidTaskKind) -> &'static str {
    match kind {
        AidTaskKind::Unspecified => "board.task.other",
        AidTaskKind::TakeUp => "board.task.take-up",
        AidTaskKind::Verify => "board.task.verify",
        AidTaskKind::Widen => "board.task.widen",
        AidTaskKind::Call119 => "board.task.call-119",
        AidTaskKind::Surplus => "board.task.surplus",
        AidTaskKind::PhoneOwner => "board.task.phone-owner",
        AidTaskKind::Overdue => "board.task.overdue",
        AidTaskKind::FindTeam => "board.task.find-team",
        AidTaskKind::AwaitRelease => "board.task.remind",
        AidTaskKind::Shortfall => "board.task.shortfall",
        AidTaskKind::Report => "board.task.report",
        AidTaskKind::Close => "board.task.close",
        AidTaskKind::MergeCandidates => "board.task.merge",
        AidTaskKind::Unreachable => "board.task.unreachable",
        AidTaskKind::Restored => "board.task.restored",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_at_a_glance() {
        assert_eq!(length(Lang::Zh, 45), "45 秒");
        assert_eq!(length(Lang::Zh, 61), "2 分钟");
        assert_eq!(length(Lang::En, 7_500), "2 h 5 min");
        assert_eq!(amount(3, "1"), "3");
        assert_eq!(amount(3, "t"), "3 t");
        assert_eq!(dialled("0512-5550 0001"), "051255500001");
    }
}
