//! What others subscribe to: publications and incidents as Atom feeds, incidents as CAP, dates of courses as a calendar. Each holds what the caller may
//! see at this moment, and is asked for with a token in the header or a session; never with a secret in the address, which
//! would stand in everybody's logs.

use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{Fields, frame::Subscription, reply, trouble::Trouble};
use shouwang_proto::{
    id::MemberId,
    interchange::{
        atom::{Entry, Feed},
        cap::Alert,
    },
    mutual_aid::term::Mode,
    publication::{Kind, time_from_wire},
    wire,
};
use tonic::Code;

use super::{
    Site, api,
    asked::{Asked, Knowing as _},
    calendar::{self, Course},
    route::{Route, to},
    search_page,
};
use crate::council::permission::rpc;

/// Entries of a feed.
const ENTRIES: u32 = 50;
/// Media types.
const ATOM: &str = "application/atom+xml; charset=utf-8";
const CALENDAR: &str = "text/calendar; charset=utf-8";
const CAP: &str = "application/cap+xml; charset=utf-8";
/// Courses looked at for the calendar, and those of one question.
const COURSES: usize = 1_000;
const AT_ONCE: u32 = 100;

/// Fields of an address that say where in an answer one is, and not what was asked.
const PLACE: [&str; 4] = ["lang", "after", "page", "done"];

/// What one can subscribe to on a page: on the search what was asked for, on a publication's page everything, on the board
/// incidents, and all of it where one makes the token that a program needs for it.
pub(super) fn of_page(path: &str, fields: &Fields) -> Vec<Subscription> {
    let filters = PLACE.iter().fold(fields.clone(), |fields, name| fields.without(name)).query();
    let feed = |row: &str, query: &str, media_type: &'static str, key| Subscription {
        address: format!("{row}{query}"),
        media_type: media_type.split(';').next().unwrap_or_default(),
        key,
    };
    let publications =
        |query: &str| feed(to::ApiPublicationFeed::ROW.path, query, ATOM, "feeds.publications");
    let courses = |query: &str| feed(to::ApiCourses::ROW.path, query, CALENDAR, "feeds.courses");
    let incidents = || feed(to::ApiIncidentFeed::ROW.path, "", ATOM, "feeds.incidents");
    match path {
        "/" => vec![publications(&filters), courses(&filters)],
        "/account" => vec![publications(""), courses(""), incidents()],
        path if path.starts_with("/p/") => vec![publications(""), courses("")],
        path if path == "/board" || path.starts_with("/board/") => vec![incidents()],
        _ => Vec::new(),
    }
}

/// Where the calendar of a member's courses is.
pub(super) fn calendar_of(member: &MemberId) -> String {
    format!("{}{}", to::ApiCourses::ROW.path, Fields::default().and("member", member.as_str()).query())
}

/// Where the page of a publication is.
fn page_of(site: &Site, name: &str) -> String {
    let path = name.replacen("members/", "/p/", 1).replacen("/publications/", "/", 1);
    format!("{}{path}", site.address)
}

fn time(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    time.and_then(|time| time_from_wire(&time))
}

/// Reads a publication that was found; none when it was taken back meanwhile.
async fn read<R: Route>(asked: &Asked<R>, name: &str) -> Result<Option<wire::Publication>, Trouble> {
    match asked.site().search.read(&asked.authorized::<rpc::GetPublication>()?, name).await {
        Ok(publication) => Ok(Some(publication)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}

/// `GET /api/v1/publications.atom`, with the filters of the search.
pub(super) async fn publications(asked: Asked<to::ApiPublicationFeed>) -> Result<Response, Trouble> {
    let (lang, site) = (asked.lang(), asked.site());
    let mut question = search_page::question(asked.fields());
    (question.page_size, question.page_token) = (ENTRIES, String::new());
    let found = site.search.find(asked.authorized::<rpc::Search>()?, question).await?;
    let mut entries = Vec::new();
    for hit in found.hits {
        let Some(publication) = read(&asked, &hit.name).await? else { continue };
        let published = time(publication.create_time).or(time(hit.publish_time));
        let published = published.unwrap_or(Timestamp::UNIX_EPOCH);
        let kind =
            Kind::from_wire(hit.kind).map(|kind| lang.pick(kind.labels().0, kind.labels().1).to_owned());
        entries.push(Entry {
            address: page_of(site, &hit.name),
            media_type: "text/html",
            title: publication.title,
            author: hit.member_display_name,
            summary: publication.summary,
            categories: kind.into_iter().chain(publication.tags).collect(),
            published,
            updated: time(publication.update_time).unwrap_or(published),
        });
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.updated));
    let filters = asked.fields().without("lang").query();
    let feed = Feed {
        address: format!("{}{}{filters}", site.address, to::ApiPublicationFeed::ROW.path),
        title: lang.say("feeds.publications").to_owned(),
        page: format!("{}/{filters}", site.address),
        updated: time(found.index_time).unwrap_or(Timestamp::UNIX_EPOCH),
        entries,
    };
    Ok(reply::document(ATOM, feed.to_xml()))
}

/// `GET /api/v1/courses.ics`, with the filters of the search.
pub(super) async fn courses(asked: Asked<to::ApiCourses>) -> Result<Response, Trouble> {
    let site = asked.site();
    let mut question =
        search_page::question(&asked.fields().without("kind").and("kind", Kind::Course.code()));
    (question.page_size, question.page_token) = (AT_ONCE, String::new());
    let mut courses = Vec::new();
    loop {
        let found = site.search.find(asked.authorized::<rpc::Search>()?, question.clone()).await?;
        for hit in found.hits {
            if let Some(publication) = read(&asked, &hit.name).await? {
                courses.push(Course { publication, address: page_of(site, &hit.name) });
            }
        }
        question.page_token = found.next_page_token;
        if question.page_token.is_empty() || courses.len() >= COURSES {
            break;
        }
    }
    let text = calendar::calendar(asked.lang().say("feeds.courses"), &courses, site.world.now());
    Ok(reply::document(CALENDAR, text))
}

/// When an incident was last opened or closed.
fn turned(incident: &wire::Incident) -> Timestamp {
    time(incident.close_time).or(time(incident.open_time)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `GET /api/v1/incidents.atom`, with the filters of `/api/v1/incidents`: each entry leads to a CAP alert.
pub(super) async fn incidents(asked: Asked<to::ApiIncidentFeed>) -> Result<Response, Trouble> {
    let (lang, site) = (asked.lang(), asked.site());
    let mut message = api::incidents_asked(asked.fields());
    (message.page_size, message.page_token) = (ENTRIES, String::new());
    let caller = asked.authorized::<rpc::ListIncidents>()?;
    let found = site.aid.ask(caller, message).await?.incidents;
    let entry = |incident: wire::Incident| {
        let mode = Mode::from_wire(incident.mode).ok().filter(|mode| *mode != Mode::Actual);
        let mode = mode.map(|mode| lang.pick(mode.labels().0, mode.labels().1));
        Entry {
            address: format!("{}/api/v1/{}/cap", site.address, incident.name),
            media_type: "application/cap+xml",
            published: time(incident.open_time).unwrap_or(Timestamp::UNIX_EPOCH),
            updated: turned(&incident),
            // What is not real says so before anything else.
            title: mode.map(|mode| format!("[{mode}] ")).into_iter().chain([incident.title]).collect(),
            author: lang.say("brand").to_owned(),
            summary: incident.description,
            categories: vec![incident.accident_type],
        }
    };
    let feed = Feed {
        address: format!(
            "{}{}{}",
            site.address,
            to::ApiIncidentFeed::ROW.path,
            asked.fields().without("lang").query()
        ),
        title: lang.say("feeds.incidents").to_owned(),
        page: format!("{}/", site.address),
        updated: Timestamp::UNIX_EPOCH,
        entries: found.into_iter().map(entry).collect(),
    };
    Ok(reply::document(ATOM, feed.to_xml()))
}

/// `GET /api/v1/incidents/{id}/cap`.
pub(super) async fn cap(asked: Asked<to::ApiIncidentCap>) -> Result<Response, Trouble> {
    let (caller, site) = (asked.authorized::<rpc::GetIncident>()?, asked.site());
    let name = format!("incidents/{}", asked.name("id"));
    let incident = site.aid.ask(caller, wire::GetIncidentRequest { name }).await?;
    // The same alert for the same version, however often it is asked for: not the time of the question.
    let alert = Alert::from_incident(&incident, &site.address, turned(&incident))?;
    Ok(reply::document(CAP, alert.to_xml()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_offers_what_it_shows() {
        let offered = |path: &str, fields: &[u8]| {
            let feeds = of_page(path, &Fields::read(fields));
            feeds.into_iter().map(|feed| feed.address).collect::<Vec<_>>()
        };
        assert_eq!(
            offered("/", b"q=a&kind=course&page=2&after=x&lang=en"),
            ["/api/v1/publications.atom?q=a&kind=course", "/api/v1/courses.ics?q=a&kind=course"]
        );
        assert_eq!(offered("/board/wall", b""), ["/api/v1/incidents.atom"]);
        assert_eq!(offered("/members", b""), [""; 0]);
    }
}
