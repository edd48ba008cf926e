//! Who nearby has …: the offline pack, for the day the hub is away.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Lang, age::Age, icon, trouble::Trouble};
use shouwang_proto::{
    publication::time_from_wire,
    wire::{self, inbox_service_server::InboxService as _, publication::Detail},
};
use tonic::Request;

use super::{
    asked::Asked,
    form_view::{Choice, dialled},
    route::to,
};

/// Resources of an answer.
const PAGE_SIZE: u32 = 30;

struct Phone {
    name: String,
    phone: String,
    dial: String,
}

struct Found {
    title: String,
    owner: String,
    what: String,
    distance: String,
    address: String,
    phones: Vec<Phone>,
}

/// What was found of one kind, nearest first.
struct Group {
    title: String,
    found: Vec<Found>,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "offline.html")]
struct OfflinePage {
    lang: Lang,
    question: String,
    kinds: Vec<Choice>,
    made: Option<Age>,
    groups: Vec<Group>,
    council: Vec<Phone>,
    problem: String,
}

fn phones(contacts: &[wire::DutyContact]) -> Vec<Phone> {
    let phone = |contact: &wire::DutyContact| Phone {
        name: format!("{} {}", contact.name, contact.duty).trim().to_owned(),
        dial: dialled(&contact.phone),
        phone: contact.phone.clone(),
    };
    contacts.iter().map(phone).collect()
}

fn distance(lang: Lang, near: &wire::NearbyResource) -> String {
    match (near.place_unknown, near.distance_metres) {
        (true, _) => lang.say("aid.place-unknown").to_owned(),
        (false, metres @ 0..=999) => lang.with("aid.metres", "count", &metres),
        (false, metres) => {
            lang.with("aid.kilometres", "count", &format!("{:.1}", f64::from(metres) / 1_000.0))
        }
    }
}

/// By kind, in the order in which the nearest of each kind comes. One kind alone is not folded.
fn groups(lang: Lang, resources: Vec<wire::NearbyResource>) -> Vec<Group> {
    let mut kinds: Vec<(String, Vec<Found>)> = Vec::new();
    for near in resources {
        let (kind, found) = found(lang, near);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, all)) => all.push(found),
            None => kinds.push((kind, vec![found])),
        }
    }
    let is_open = kinds.len() == 1;
    let group = |(kind, found): (String, Vec<Found>)| {
        let term = shouwang_proto::vocabulary::term("resource-kind", &kind);
        let name = term.map_or(kind.as_str(), |term| lang.pick(&term.zh, &term.en));
        let title = lang.fill("aid.offline-kind", &[("kind", &name), ("count", &found.len())]);
        Group { title, found, is_open }
    };
    kinds.into_iter().map(group).collect()
}

/// What it is and its kind.
fn found(lang: Lang, near: wire::NearbyResource) -> (String, Found) {
    let distance = distance(lang, &near);
    let wire::NearbyResource { publication, member_display_name, free, .. } = near;
    let publication = publication.unwrap_or_default();
    let resource = match publication.detail {
        Some(Detail::Resource(resource)) => resource,
        Some(Detail::Practice(_) | Detail::Course(_)) | None => wire::MutualAidResource::default(),
    };
    let unit = if resource.unit == "1" { "" } else { resource.unit.as_str() };
    let found = Found {
        title: publication.title,
        owner: member_display_name,
        what: lang.fill("aid.free", &[("what", &resource.resource_type), ("count", &free), ("unit", &unit)]),
        distance,
        address: resource.location.map(|place| place.address).unwrap_or_default(),
        phones: phones(&resource.duty_contacts),
    };
    (resource.resource_kind, found)
}

/// `GET /aid/offline`.
pub(super) async fn show(asked: Asked<to::ShowOffline>) -> Result<Response, Trouble> {
    let (lang, fields, site) = (asked.lang(), asked.fields(), asked.site());
    let request = wire::FindNearbyRequest {
        query: fields.first("q").to_owned(),
        resource_kind: fields.first("kind").to_owned(),
        place: None,
        page_size: PAGE_SIZE,
    };
    let answered = site.inbox.find_nearby(Request::new(request)).await.map_err(Trouble::from);
    let (status, problem, answer) = match answered {
        Ok(answer) => (StatusCode::OK, String::new(), answer.into_inner()),
        Err(trouble @ Trouble::Refused(_)) => {
            (trouble.status(), trouble.words(lang), wire::FindNearbyResponse::default())
        }
        Err(other) => return Err(other),
    };
    let made = answer.pack_time.as_ref().and_then(time_from_wire);
    let kind = fields.first("kind");
    let terms = shouwang_proto::vocabulary::list("resource-kind").map(|list| list.terms.as_slice());
    let any = Choice::new("", lang.say("shelf.all-kinds"), &[kind]);
    let kinds = terms.unwrap_or_default().iter();
    let kinds = kinds.map(|term| Choice::new(&term.code, lang.pick(&term.zh, &term.en), &[kind]));
    let shown = OfflinePage {
        lang,
        question: fields.first("q").to_owned(),
        kinds: std::iter::once(any).chain(kinds).collect(),
        made: made.map(|made| Age::of(lang, made, site.world.now())),
        groups: groups(lang, answer.resources),
        council: phones(&site.inbox.council()),
        problem,
    };
    asked.base.page(status, lang.say("aid.offline").to_owned(), &shown, &[])
}
