//! Dates of courses as a calendar (iCalendar, RFC 5545). Pure.

use icalendar::{Calendar, Component as _, Event, EventLike as _};
use jiff::Timestamp;
use shouwang_proto::{
    publication::time_from_wire,
    wire::{self, publication::Detail},
};

/// A course and where its page is.
pub(super) struct Course {
    pub(super) publication: wire::Publication,
    pub(super) address: String,
}

/// Times as iCalendar writes them, in UTC.
fn time(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text without control characters but the ends of lines, which the calendar writes in its own way.
fn plain(text: &str) -> String {
    text.chars().filter(|one| *one == '\n' || !one.is_control()).collect()
}

/// The dates of these courses that are not over yet.
pub(super) fn calendar(title: &str, courses: &[Course], now: Timestamp) -> String {
    let mut calendar = Calendar::new();
    calendar.name(title);
    for course in courses {
        let Some(Detail::Course(detail)) = &course.publication.detail else { continue };
        for session in &detail.sessions {
            let times = session.starts_at.as_ref().zip(session.ends_at.as_ref());
            let times = times.and_then(|(from, until)| time_from_wire(from).zip(time_from_wire(until)));
            if let Some((from, until)) = times.filter(|(_, until)| *until > now) {
                calendar.push(event(course, detail, &session.place, (from, until)));
            }
        }
    }
    calendar.done().to_string()
}

fn event(
    course: &Course,
    detail: &wire::Course,
    place: &str,
    (from, until): (Timestamp, Timestamp),
) -> Event {
    let publication = &course.publication;
    let record = publication.name.rsplit('/').next().unwrap_or_default();
    let changed = publication.update_time.as_ref().or(publication.create_time.as_ref());
    let changed = changed.and_then(time_from_wire).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut event = Event::new();
    // The same course at the same time is the same date, however often the calendar is read.
    event.uid(&format!("{record}.{}@shouwang", from.as_second()));
    event.summary(&plain(&publication.title));
    let words = format!("{}\n{}\n{}", publication.summary, detail.provider, course.address);
    event.description(&plain(&words));
    event.location(&plain(place));
    event.url(&course.address);
    event.add_property("DTSTAMP", time(changed));
    event.add_property("DTSTART", time(from));
    event.add_property("DTEND", time(until));
    event.add_property("SEQUENCE", publication.revision.to_string());
    event.done()
}

#[cfg(test)]
mod tests {
    use shouwang_proto::publication::time_to_wire;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn dates_to_come_are_in_the_calendar_and_lines_cannot_be_forged() {
        let session = |from: &str, until: &str| wire::CourseSession {
            starts_at: Some(time_to_wire(at(from))),
            ends_at: Some(time_to_wire(at(until))),
            place: "二号楼, 201".to_owned(),
            seats: 0,
        };
        let sessions = vec![
            session("2026-11-20T01:00:00Z", "2026-11-20T03:00:00Z"),
            session("2026-12-01T01:00:00Z", "2026-12-01T03:00:00Z"),
        ];
        let publication = wire::Publication {
            name: "members/a/publications/01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            title: "动火\r\nEND:VEVENT".to_owned(),
            revision: 3,
            detail: Some(Detail::Course(wire::Course { sessions, ..wire::Course::default() })),
            ..wire::Publication::default()
        };
        let courses = [Course { publication, address: "https://hub.example/p/a/b".to_owned() }];
        let text = calendar("课程", &courses, at("2026-11-22T00:00:00Z"));
        assert_eq!(text.matches("\r\nBEGIN:VEVENT").count(), 1, "{text}");
        assert_eq!(text.matches("\r\nEND:VEVENT").count(), 1, "{text}");
        assert!(text.contains("DTSTART:20261201T010000Z") && text.contains("SEQUENCE:3"), "{text}");
        assert!(text.replace("\r\n", "").bytes().all(|byte| byte != b'\r'), "no line ends alone");
        assert!(text.contains("LOCATION:二号楼\\, 201"), "{text}");
        assert!(text.lines().all(|line| line.trim_end().len() <= 75), "{text}");
        assert_eq!(text, calendar("课程", &courses, at("2026-11-22T00:00:00Z")), "the same every time");
    }
}
