//! What the page of a publication shows of it. Pure.

use askama::Template;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    icon,
};
use shouwang_proto::{
    id::{GroupId, PublicationName},
    publication::{Kind, time_from_wire},
    wire::{self, publication::Detail},
};

use super::search_view::{Lead, kind_words, lead, term_words};
use crate::council::roster::RosterSnapshot;

/// Something short about a publication, under the key of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) key: &'static str,
    pub(super) text: String,
}

/// Values that lead to a search, under the key of their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leads {
    pub(super) key: &'static str,
    pub(super) leads: Vec<Lead>,
}

/// A date of a course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionView {
    pub(super) when: String,
    pub(super) place: String,
    pub(super) seats: u32,
    pub(super) is_over: bool,
}

/// Who answers for a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContactView {
    pub(super) name: String,
    pub(super) phone: String,
    /// The number without what a telephone does not understand.
    pub(super) dialled: String,
    pub(super) duty: String,
}

/// A file to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileView {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) size: String,
}

/// A publication as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "publication.html")]
pub(super) struct Paper {
    lang: Lang,
    kind_address: String,
    pub(super) kind: &'static str,
    pub(super) kind_label: &'static str,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) body: Vec<String>,
    pub(super) language: String,
    pub(super) owner: Lead,
    pub(super) published: Option<Age>,
    pub(super) revision: u64,
    pub(super) facts: Vec<Fact>,
    pub(super) evidence: String,
    pub(super) sessions: Vec<SessionView>,
    /// The calendar of the owner's courses.
    calendar: String,
    pub(super) duty: Vec<ContactView>,
    pub(super) files: Vec<FileView>,
    pub(super) groups: Vec<Leads>,
    pub(super) audience: String,
    pub(super) external_id: String,
    pub(super) dates: Vec<(&'static str, Age)>,
}

/// Makes the page's view of a publication. Destructured without `..`, so that a new field does not compile until
/// somebody decides where it is shown.
pub(super) fn paper(
    lang: Lang,
    name: &PublicationName,
    publication: wire::Publication,
    roster: &RosterSnapshot,
    now: Timestamp,
) -> Paper {
    let wire::Publication {
        name: _,
        external_id,
        title,
        summary,
        body,
        tags,
        sectors,
        language,
        audience,
        detail,
        attachments,
        // Whoever reads it here reads what is published.
        state: _,
        revision,
        create_time,
        update_time,
        publish_time,
        delivery: _,
    } = publication;
    let member = roster.member(&name.member);
    let owner = member.map_or_else(|| name.member.to_string(), |member| member.display_name.clone());
    let date = |time: Option<prost_types::Timestamp>| {
        time.and_then(|time| time_from_wire(&time)).map(|time| Age::of(lang, time, now))
    };
    let published = date(publish_time);
    let dates = [
        ("publication.created", date(create_time)),
        ("publication.updated", date(update_time)),
        ("publication.published", published.clone()),
    ];
    let language = if language.is_empty() { "zh-CN".to_owned() } else { language };
    let mut paper = Paper {
        lang,
        kind_address: String::new(),
        kind: "",
        kind_label: "",
        title,
        summary,
        body: paragraphs(&body),
        language,
        owner: lead("member", name.member.as_str(), &owner),
        published,
        revision,
        facts: Vec::new(),
        evidence: String::new(),
        sessions: Vec::new(),
        calendar: super::feeds::calendar_of(&name.member),
        duty: Vec::new(),
        files: attachments.into_iter().map(|file| file_view(name, file)).collect(),
        groups: Vec::new(),
        audience: audience_words(lang, &audience),
        external_id,
        dates: distinct(dates),
    };
    paper.add_terms(lang, "facet.sector", "sector", &sectors);
    if let Some(detail) = detail {
        paper.add_detail(lang, detail, now);
    }
    paper.add_plain("facet.tag", "tag", &tags);
    paper
}

/// The dates that say something of their own; of equal ones the last.
fn distinct(dates: [(&'static str, Option<Age>); 3]) -> Vec<(&'static str, Age)> {
    let mut shown: Vec<(&'static str, Age)> = Vec::new();
    for (key, age) in dates {
        let Some(age) = age else { continue };
        shown.retain(|(_, other)| other.exact != age.exact);
        shown.push((key, age));
    }
    shown
}

/// The body line by line; people end a paragraph with one line break as often as with two.
fn paragraphs(body: &str) -> Vec<String> {
    body.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Who may see it, when it is not the whole alliance.
fn audience_words(lang: Lang, audience: &[String]) -> String {
    let all = GroupId::alliance();
    if audience.is_empty() || audience.iter().any(|group| *group == all.as_str()) {
        return String::new();
    }
    audience.join(lang.pick("、", ", "))
}

fn file_view(name: &PublicationName, file: wire::Attachment) -> FileView {
    let wire::Attachment { file_name, media_type: _, size_bytes, sha256 } = file;
    FileView {
        name: file_name,
        address: format!("/p/{}/{}/files/{sha256}", name.member, name.record),
        size: size_words(size_bytes),
    }
}

/// `3.2 MB`; an attachment has 32 MiB at most.
fn size_words(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
    let bytes = bytes as f64;
    if bytes < 1_000.0 {
        format!("{bytes} B")
    } else if bytes < 1_000_000.0 {
        format!("{:.0} kB", bytes / 1_000.0)
    } else {
        format!("{:.1} MB", bytes / 1_000_000.0)
    }
}

impl Paper {
    fn add_fact(&mut self, key: &'static str, text: String) {
        if !text.is_empty() {
            self.facts.push(Fact { key, text });
        }
    }

    fn add_terms(&mut self, lang: Lang, key: &'static str, field: &str, codes: &[String]) {
        let leads = codes.iter().map(|code| lead(field, code, &term_words(lang, field, code))).collect();
        self.add_leads(key, leads);
    }

    fn add_plain(&mut self, key: &'static str, field: &str, values: &[String]) {
        self.add_leads(key, values.iter().map(|value| lead(field, value, value)).collect());
    }

    fn add_leads(&mut self, key: &'static str, leads: Vec<Lead>) {
        if !leads.is_empty() {
            self.groups.push(Leads { key, leads });
        }
    }

    fn set_kind(&mut self, lang: Lang, kind: Kind) {
        self.kind = kind.code();
        self.kind_label = kind_words(lang, kind);
        self.kind_address = lead("kind", kind.code(), "").address;
    }

    fn add_detail(&mut self, lang: Lang, detail: Detail, now: Timestamp) {
        match detail {
            Detail::Practice(practice) => self.add_practice(lang, practice),
            Detail::Course(course) => self.add_course(lang, course, now),
            Detail::Resource(resource) => self.add_resource(lang, resource),
        }
    }

    fn add_practice(&mut self, lang: Lang, practice: wire::Practice) {
        let wire::Practice { hazards, operations, standards, evidence } = practice;
        self.set_kind(lang, Kind::Practice);
        self.add_terms(lang, "facet.hazard", "hazard", &hazards);
        self.add_terms(lang, "facet.operation", "operation", &operations);
        self.add_plain("facet.standard", "standard", &standards);
        self.evidence = evidence;
    }

    fn add_course(&mut self, lang: Lang, course: wire::Course, now: Timestamp) {
        let wire::Course { provider, attendees, duration_hours, format, seats, sessions } = course;
        self.set_kind(lang, Kind::Course);
        self.add_fact("course.provider", provider);
        self.add_fact("course.attendees", attendees);
        self.add_fact("course.format", term_words(lang, "course-format", &format));
        self.add_fact("course.duration", lang.with("course.hours", "count", &duration_hours));
        self.add_fact("course.seats", seats.to_string());
        let mut sessions: Vec<_> = sessions
            .into_iter()
            .filter_map(|wire::CourseSession { starts_at, ends_at, place, seats: own }| {
                let starts = time_from_wire(&starts_at?)?;
                let ends = time_from_wire(&ends_at?)?;
                let seats = if own == 0 { seats } else { own };
                let view = SessionView { when: span(starts, ends), place, seats, is_over: ends < now };
                Some((starts, view))
            })
            .collect();
        sessions.sort_by_key(|(starts, _)| *starts);
        self.sessions = sessions.into_iter().map(|(_, view)| view).collect();
    }

    fn add_resource(&mut self, lang: Lang, resource: wire::MutualAidResource) {
        let wire::MutualAidResource {
            resource_kind,
            resource_type,
            capabilities,
            quantity,
            unit,
            location,
            muster_minutes,
            inspection_due,
            duty_contacts,
            pre_authorised,
            floor,
        } = resource;
        self.set_kind(lang, Kind::Resource);
        let amount =
            |quantity: f64| if unit == "1" { quantity.to_string() } else { format!("{quantity} {unit}") };
        self.add_fact("resource.type", resource_type);
        self.add_fact("resource.kind", term_words(lang, "resource-kind", &resource_kind));
        self.add_fact("resource.quantity", amount(quantity));
        if floor > 0.0 {
            self.add_fact("resource.floor", amount(floor));
        }
        self.add_fact("resource.muster", lang.with("resource.minutes", "count", &muster_minutes));
        let authorised = if pre_authorised { "resource.pre-authorised" } else { "resource.ask-first" };
        self.add_fact("resource.authority", lang.say(authorised).to_owned());
        self.add_fact("resource.capabilities", capabilities.join(lang.pick("、", ", ")));
        if let Some(wire::Location { latitude, longitude, address }) = location {
            let place = format!("{latitude:.5}, {longitude:.5}");
            self.add_fact(
                "resource.place",
                if address.is_empty() { place } else { format!("{address} ({place})") },
            );
        }
        self.add_fact("resource.inspection", inspection_due);
        self.duty = duty_contacts
            .into_iter()
            .map(|wire::DutyContact { name, phone, duty }| ContactView {
                dialled: phone.chars().filter(|one| one.is_ascii_digit() || *one == '+').collect(),
                name,
                phone,
                duty,
            })
            .collect();
    }
}

/// `2026-11-22 09:00–11:30`, with both days when they are not the same.
fn span(starts: Timestamp, ends: Timestamp) -> String {
    let until = if age::day(starts) == age::day(ends) { age::time(ends) } else { age::exact(ends) };
    format!("{}–{until}", age::exact(starts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(publication: wire::Publication) -> Paper {
        let name = "members/north/publications/01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        paper(Lang::Zh, &name, publication, &RosterSnapshot::default(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_body_is_cut_at_its_lines() {
        assert_eq!(paragraphs("一\n二\n\n\n三 \n"), ["一", "二", "三"]);
        assert!(paragraphs("\n\n").is_empty());
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([999, 12_345, 3_200_000].map(size_words), ["999 B", "12 kB", "3.2 MB"]);
    }

    #[test]
    fn a_resource_shows_who_answers_and_what_is_there() {
        let resource = wire::MutualAidResource {
            resource_kind: "vehicle".to_owned(),
            resource_type: "泡沫消防车".to_owned(),
            quantity: 2.0,
            unit: "1".to_owned(),
            muster_minutes: 5,
            duty_contacts: vec![wire::DutyContact {
                name: "傅鸣岐".to_owned(),
                phone: "0512-5550 0124".to_owned(),
                duty: "夜班".to_owned(),
            }],
            ..wire::MutualAidResource::default()
        };
        let paper = shown(wire::Publication {
            title: "泡沫车".to_owned(),
            audience: vec!["council".to_owned()],
            detail: Some(Detail::Resource(resource)),
            ..wire::Publication::default()
        });
        assert_eq!((paper.kind, paper.kind_label), ("resource", "互援资源"));
        assert_eq!(paper.duty[0].dialled, "051255500124");
        let facts: Vec<_> = paper.facts.iter().map(|fact| (fact.key, fact.text.as_str())).collect();
        assert!(
            facts.contains(&("resource.kind", "车辆")) && facts.contains(&("resource.quantity", "2")),
            "{facts:?}"
        );
        assert_eq!(paper.audience, "council");
        assert_eq!(paper.owner.label, "north", "a member that is gone still has its id");
    }

    #[test]
    fn sessions_are_in_order_and_over_ones_say_so() {
        let session = |start: i64| wire::CourseSession {
            starts_at: Some(prost_types::Timestamp { seconds: start, nanos: 0 }),
            ends_at: Some(prost_types::Timestamp { seconds: start + 3_600, nanos: 0 }),
            place: "实训厅".to_owned(),
            seats: 0,
        };
        let course = wire::Course {
            seats: 30,
            sessions: vec![session(86_400), session(-86_400)],
            ..wire::Course::default()
        };
        let paper =
            shown(wire::Publication { detail: Some(Detail::Course(course)), ..wire::Publication::default() });
        let seen: Vec<_> =
            paper.sessions.iter().map(|one| (one.when.as_str(), one.is_over, one.seats)).collect();
        assert_eq!(seen, [("1969-12-31 08:00–09:00", true, 30), ("1970-01-02 08:00–09:00", false, 30)]);
    }
}
