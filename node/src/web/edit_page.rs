//! Writing a publication: a new one, or another revision. What is wrong stands beside its field, and what was typed stays.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble};
use shouwang_proto::{
    publication::Kind,
    wire::{self, publishing_service_server::PublishingService as _},
};
use tonic::Request;

use super::{
    Site,
    asked::Asked,
    form,
    form_view::{Section, sections},
    own_page::{address_of, publication_in, publication_kind},
    route::to,
};

/// Empty rows to fill in.
const MORE_ROWS: usize = 2;

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    lang: Lang,
    heading: String,
    action: String,
    back: String,
    key: String,
    revision: u64,
    is_published: bool,
    sections: Vec<Section>,
    problem: String,
}

/// What is written: where it goes, and what is there already.
struct Draft {
    kind: Kind,
    action: String,
    back: String,
    revision: u64,
    is_published: bool,
}

impl Draft {
    fn new(kind: Kind) -> Self {
        let action = format!("/new/{}", kind.code());
        Self { kind, action, back: "/".to_owned(), revision: 0, is_published: false }
    }

    fn of(publication: &wire::Publication) -> Self {
        let back = address_of(publication);
        Self {
            kind: publication_kind(publication),
            action: format!("{back}/edit"),
            back,
            revision: publication.revision,
            is_published: publication.state() == wire::PublicationState::Published,
        }
    }
}

fn page<R>(
    asked: &Asked<R>,
    draft: Draft,
    typed: &Fields,
    trouble: Option<&Trouble>,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let Draft { kind, action, back, revision, is_published } = draft;
    let (zh, en) = kind.labels();
    let key = if back == "/" { "node.new-heading" } else { "node.edit-heading" };
    let heading = lang.with(key, "kind", &lang.pick(zh, en));
    let wrong = trouble.map(|trouble| trouble.wrong(lang)).unwrap_or_default();
    // The same form sent again is taken once; a form that was refused is not another one.
    let key = match typed.first("key") {
        "" => asked.site().key(),
        key => Site::key_in(key),
    };
    let revision = typed.first("revision").parse().unwrap_or(revision);
    let shown = EditPage {
        lang,
        heading: heading.clone(),
        action,
        back,
        key,
        revision,
        is_published,
        sections: sections(lang, kind, typed, &wrong, MORE_ROWS),
        problem: trouble.map(|trouble| trouble.problem(lang)).unwrap_or_default(),
    };
    let status = trouble.map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, heading, &shown, &["page.js"])
}

/// A refusal belongs on the page; what broke has a page of its own.
fn on_page<R>(asked: &Asked<R>, draft: Draft, typed: &Fields, trouble: Trouble) -> Result<Response, Trouble> {
    match trouble {
        Trouble::Refused(_) => page(asked, draft, typed, Some(&trouble)),
        Trouble::SignInFirst | Trouble::Broken(_) => Err(trouble),
    }
}

fn kind_in<R>(asked: &Asked<R>) -> Result<Kind, Trouble> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == asked.name("kind"));
    kind.ok_or_else(Trouble::nowhere)
}

/// `GET /new/{kind}`.
pub(super) fn show_new(asked: Asked<to::ShowNew>) -> std::future::Ready<Result<Response, Trouble>> {
    let kind = kind_in(&asked);
    std::future::ready(kind.and_then(|kind| page(&asked, Draft::new(kind), &Fields::default(), None)))
}

/// `POST /new/{kind}`.
pub(super) async fn create(asked: Asked<to::Create>) -> Result<Response, Trouble> {
    let kind = kind_in(&asked)?;
    let typed = form::compact(&asked.form);
    let publication = match form::read(kind, &typed) {
        Ok(publication) => publication,
        Err(refusal) => return page(&asked, Draft::new(kind), &typed, Some(&refusal.into())),
    };
    let publish = typed.has("do", "publish");
    let request = wire::CreatePublicationRequest {
        publication: Some(publication),
        request_id: Site::key_in(typed.first("key")),
        publish,
    };
    match asked.site().publishing.create_publication(Request::new(request)).await {
        Ok(made) => Ok(leave(made.get_ref(), publish)),
        Err(status) => on_page(&asked, Draft::new(kind), &typed, status.into()),
    }
}

fn leave(publication: &wire::Publication, publish: bool) -> Response {
    let done = if publish { "published" } else { "saved" };
    reply::see_other(&format!("{}?done={done}", address_of(publication)))
}

/// `GET /p/{id}/edit`.
pub(super) async fn show(asked: Asked<to::ShowEdit>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    page(&asked, Draft::of(&publication), &form::write(&publication), None)
}

/// `POST /p/{id}/edit`.
pub(super) async fn revise(asked: Asked<to::Revise>) -> Result<Response, Trouble> {
    let known = publication_in(&asked).await?;
    let draft = Draft::of(&known);
    let typed = form::compact(&asked.form);
    let publication = match form::read(draft.kind, &typed) {
        Ok(publication) => publication,
        Err(refusal) => return page(&asked, draft, &typed, Some(&refusal.into())),
    };
    let (name, attachments) = (known.name.clone(), known.attachments.clone());
    let request = wire::RevisePublicationRequest {
        publication: Some(wire::Publication { name: name.clone(), attachments, ..publication }),
        expected_revision: typed.first("revision").parse().unwrap_or(known.revision),
        request_id: Site::key_in(typed.first("key")),
    };
    let site = asked.site();
    if let Err(status) = site.publishing.revise_publication(Request::new(request)).await {
        return on_page(&asked, draft, &typed, status.into());
    }
    let publish = typed.has("do", "publish");
    if publish {
        // Of a published one it changes nothing, so it needs no key of its own.
        let request = wire::PublishPublicationRequest { name, request_id: String::new() };
        if let Err(status) = site.publishing.publish_publication(Request::new(request)).await {
            return on_page(&asked, draft, &typed, status.into());
        }
    }
    Ok(leave(&known, publish))
}
