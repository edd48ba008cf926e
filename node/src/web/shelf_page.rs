//! The first page: what this member has, how far each has come, and how the way to the hub is.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{Fields, Lang, age::Age, icon, trouble::Trouble};
use shouwang_proto::{
    publication::{Kind, time_from_wire},
    wire::{
        self, inbox_service_server::InboxService as _, publishing_service_server::PublishingService as _,
    },
};
use tonic::Request;

use super::{asked::Asked, form_view::Choice, own_page::publication_kind, route::to};

/// Publications of a page.
const PAGE_SIZE: u32 = 30;

/// How the way to the hub is.
pub(super) struct LinkView {
    pub(super) state: &'static str,
    pub(super) words: String,
    pub(super) heard: Option<Age>,
    pub(super) notes: Vec<String>,
}

impl LinkView {
    pub(super) fn of(lang: Lang, status: &wire::NodeStatus, now: Timestamp) -> Self {
        let (state, key) = match (status.control(), status.sync()) {
            (wire::LinkState::NotJoined, _) => ("disabled", "shelf.not-joined"),
            (wire::LinkState::Connected, wire::LinkState::Connected) => ("active", "shelf.link-up"),
            (wire::LinkState::Refused, _) | (_, wire::LinkState::Refused) => {
                ("disabled", "shelf.link-refused")
            }
            (
                wire::LinkState::Unspecified | wire::LinkState::Connecting | wire::LinkState::Connected,
                wire::LinkState::Unspecified
                | wire::LinkState::Connecting
                | wire::LinkState::Connected
                | wire::LinkState::NotJoined,
            ) => ("invited", "shelf.link-away"),
        };
        let heard = status.hub_heard_time.as_ref().and_then(time_from_wire);
        let seq = |position: &Option<wire::LogPosition>| position.as_ref().map_or(0, |position| position.seq);
        let waiting = seq(&status.head).saturating_sub(seq(&status.durable));
        let mut notes = Vec::new();
        if status.control() != wire::LinkState::NotJoined && waiting > 0 {
            notes.push(lang.with("shelf.waiting", "count", &waiting));
        }
        if status.quarantined > 0 {
            notes.push(lang.with("shelf.quarantined", "count", &status.quarantined));
        }
        if status.publishing_held {
            notes.push(lang.say("shelf.held").to_owned());
        }
        if status.diverged {
            notes.push(lang.say("shelf.diverged").to_owned());
        }
        Self {
            state,
            words: lang.say(key).to_owned(),
            heard: heard.map(|heard| Age::of(lang, heard, now)),
            notes,
        }
    }
}

struct Row {
    address: String,
    title: String,
    kind: Kind,
    kind_label: &'static str,
    state: &'static str,
    state_label: String,
    delivery_label: String,
    updated: Option<Age>,
}

#[derive(Template)]
#[template(path = "shelf.html")]
struct ShelfPage {
    lang: Lang,
    member: String,
    link: LinkView,
    calls: usize,
    /// Where one can begin something new, by hand or from a document.
    actions: Vec<(String, &'static str)>,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    rows: Vec<Row>,
    total: u64,
    next: String,
    /// Where all of it can be had as a table.
    export: String,
    is_filtered: bool,
}

/// What a state is called, and how far a publication has come.
pub(super) fn state_words(lang: Lang, publication: &wire::Publication) -> (&'static str, String, String) {
    let (class, key) = match publication.state() {
        wire::PublicationState::Draft | wire::PublicationState::Unspecified => ("invited", "shelf.draft"),
        wire::PublicationState::Published => ("active", "shelf.published"),
        wire::PublicationState::Withdrawn => ("disabled", "shelf.withdrawn"),
    };
    let delivery = match publication.delivery() {
        wire::DeliveryState::Unspecified => "",
        wire::DeliveryState::Local => "shelf.local",
        wire::DeliveryState::Delivered => "shelf.delivered",
        wire::DeliveryState::Searchable => "shelf.searchable",
        wire::DeliveryState::Quarantined => "shelf.not-shown",
    };
    (class, lang.say(key).to_owned(), lang.find(delivery).unwrap_or_default().to_owned())
}

fn row(lang: Lang, publication: &wire::Publication, now: Timestamp) -> Row {
    let kind = publication_kind(publication);
    let (state, state_label, delivery_label) = state_words(lang, publication);
    let record = publication.name.rsplit('/').next().unwrap_or_default();
    let updated = publication.update_time.as_ref().and_then(time_from_wire);
    let (zh, en) = kind.labels();
    Row {
        address: format!("/p/{record}"),
        title: publication.title.clone(),
        kind,
        kind_label: lang.pick(zh, en),
        state,
        state_label,
        delivery_label,
        updated: updated.map(|updated| Age::of(lang, updated, now)),
    }
}

fn state_choices(lang: Lang, chosen: &str) -> Vec<Choice> {
    let states = [("", "shelf.all"), ("draft", "shelf.draft"), ("published", "shelf.published")];
    let states = states.into_iter().chain([("withdrawn", "shelf.withdrawn")]);
    states.map(|(state, key)| Choice::new(state, lang.say(key), &[chosen])).collect()
}

pub(super) fn kind_choices(lang: Lang, chosen: &str) -> Vec<Choice> {
    let all = Choice::new("", lang.say("shelf.all-kinds"), &[chosen]);
    let kinds = Kind::ALL.map(|kind| {
        let (zh, en) = kind.labels();
        Choice::new(kind.code(), lang.pick(zh, en), &[chosen])
    });
    std::iter::once(all).chain(kinds).collect()
}

/// The kind that an address asks for.
pub(super) fn kind_wanted(fields: &Fields) -> Vec<i32> {
    fields.first("kind").parse::<Kind>().ok().map(|kind| kind.to_wire() as i32).into_iter().collect()
}

/// The state that an address asks for.
pub(super) fn state_wanted(fields: &Fields) -> Vec<i32> {
    let state = match fields.first("state") {
        "draft" => Some(wire::PublicationState::Draft),
        "published" => Some(wire::PublicationState::Published),
        "withdrawn" => Some(wire::PublicationState::Withdrawn),
        _ => None,
    };
    state.map(|state| state as i32).into_iter().collect()
}

fn question(fields: &Fields) -> wire::ListPublicationsRequest {
    wire::ListPublicationsRequest {
        page_size: PAGE_SIZE,
        page_token: fields.first("after").to_owned(),
        kinds: kind_wanted(fields),
        states: state_wanted(fields),
    }
}

/// `GET /`.
pub(super) async fn show(asked: Asked<to::ShowShelf>) -> Result<Response, Trouble> {
    let (lang, now, site, fields) = (asked.lang(), asked.site().world.now(), asked.site(), asked.fields());
    let status =
        site.publishing.get_node_status(Request::new(wire::GetNodeStatusRequest {})).await?.into_inner();
    let open = wire::ListNoticesRequest { page_size: 100, open_only: true, ..Default::default() };
    let calls = site.inbox.list_notices(Request::new(open)).await?.into_inner().items.len();
    let listed = site.publishing.list_publications(Request::new(question(fields))).await?.into_inner();
    let new = Kind::ALL.map(|kind| {
        let key = match kind {
            Kind::Practice => "shelf.new-practice",
            Kind::Course => "shelf.new-course",
            Kind::Resource => "shelf.new-resource",
        };
        (format!("/new/{}", kind.code()), key)
    });
    let next = &listed.next_page_token;
    let place = fields.without("lang").without("after");
    let shown = ShelfPage {
        lang,
        member: status.display_name.clone(),
        link: LinkView::of(lang, &status, now),
        calls,
        actions: new.into_iter().chain([("/import".to_owned(), "shelf.import")]).collect(),
        kinds: kind_choices(lang, fields.first("kind")),
        states: state_choices(lang, fields.first("state")),
        rows: listed.publications.iter().map(|publication| row(lang, publication, now)).collect(),
        total: listed.total,
        next: if next.is_empty() {
            String::new()
        } else {
            format!("/{}", place.clone().and("after", next).query())
        },
        export: format!("/export{}", place.query()),
        is_filtered: !place.query().is_empty(),
    };
    asked.page(lang.say("shelf.title").to_owned(), &shown, &["page.js"])
}
