//! Writing a publication: a new one, from nothing or from a text that was uploaded, or another revision. What is wrong
//! stands beside its field, and what was typed stays.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble, upload::Uploaded, wrong::Wrong};
use shouwang_proto::{
    publication::{Kind, Sha256Hex},
    refusal::{FIELDS_INVALID, Refusal},
    wire::{self, publishing_service_server::PublishingService as _},
};
use tonic::{Code, Request};

use super::{
    Site, SiteParts,
    asked::Asked,
    files_page::keep,
    form,
    form_view::{Section, sections},
    import_page::document,
    import_view::{Finding, finding, note_view},
    own_page::{address_of, publication_in, publication_kind},
    route::to,
};
use crate::intake::Reading;

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
    notes: Vec<Finding>,
    original: Option<Original>,
    keeps_original: bool,
}

/// The document that a text was read from.
#[derive(Clone)]
pub(super) struct Original {
    pub(super) hash: Sha256Hex,
    pub(super) name: String,
}

impl Original {
    fn read(typed: &Fields) -> Option<Self> {
        let hash = typed.first("original").parse().ok()?;
        Some(Self { hash, name: typed.first("original_name").to_owned() })
    }
}

/// What is written: where it goes, and what is there already.
struct Draft {
    kind: Kind,
    action: String,
    back: String,
    revision: u64,
    is_published: bool,
    /// What was found when it was read from a document.
    notes: Vec<Finding>,
    wrong: Wrong,
    original: Option<Original>,
}

impl Draft {
    fn new(kind: Kind, typed: &Fields) -> Self {
        Self {
            kind,
            action: format!("/new/{}", kind.code()),
            back: "/".to_owned(),
            revision: 0,
            is_published: false,
            notes: Vec::new(),
            wrong: Wrong::default(),
            original: Original::read(typed),
        }
    }

    fn of(publication: &wire::Publication) -> Self {
        let back = address_of(publication);
        Self {
            kind: publication_kind(publication),
            action: format!("{back}/edit"),
            back,
            revision: publication.revision,
            is_published: publication.state() == wire::PublicationState::Published,
            notes: Vec::new(),
            wrong: Wrong::default(),
            original: None,
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
    let Draft { kind, action, back, revision, is_published, notes, wrong, original } = draft;
    let (zh, en) = kind.labels();
    let key = if back == "/" { "node.new-heading" } else { "node.edit-heading" };
    let heading = lang.with(key, "kind", &lang.pick(zh, en));
    let wrong = trouble.map(|trouble| trouble.wrong(lang)).unwrap_or(wrong);
    // The same form sent again is taken once; a form that was refused is not another one.
    let key = match typed.first("key") {
        "" => asked.site().key(),
        key => SiteParts::key_in(key),
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
        notes,
        original,
        keeps_original: typed.has("keep_original", "yes"),
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

/// The kind that a path means.
pub(super) fn kind_in<R>(asked: &Asked<R>) -> Result<Kind, Trouble> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == asked.name("kind"));
    kind.ok_or_else(Trouble::nowhere)
}

/// `GET /new/{kind}`.
pub(super) fn show_new(asked: Asked<to::ShowNew>) -> std::future::Ready<Result<Response, Trouble>> {
    let kind = kind_in(&asked);
    std::future::ready(kind.and_then(|kind| {
        let nothing = Fields::default();
        page(&asked, Draft::new(kind, &nothing), &nothing, None)
    }))
}

/// The form of a practice with what was read from a text.
pub(super) fn show_original<R>(
    asked: &Asked<R>,
    reading: Reading,
    original: Original,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let Reading { rows, notes, .. } = reading;
    let row = rows.into_iter().next().unwrap_or_default();
    let typed = row.publication.as_ref().map(form::write).unwrap_or_default();
    let look = lang.with("import.text-look", "name", &original.name);
    let mut told = vec![Finding { label: String::new(), words: look }];
    told.extend(notes.iter().map(|note| note_view(lang, note)));
    told.extend(row.remarks.iter().map(|remark| finding(lang, remark)));
    let refusal = Refusal {
        violations: row.violations,
        ..Refusal::new(Code::InvalidArgument, FIELDS_INVALID, String::new())
    };
    let draft = Draft {
        notes: told,
        wrong: Wrong::of_refusal(lang, &refusal),
        original: Some(original),
        ..Draft::new(Kind::Practice, &typed)
    };
    page(asked, draft, &typed, None)
}

/// The document that a text was read from, as a file of the publication, when somebody wants it so.
async fn attachments(site: &Site, typed: &Fields) -> Result<Vec<wire::Attachment>, Trouble> {
    let wanted = Original::read(typed).filter(|_| typed.has("keep_original", "yes"));
    let Some(Original { hash, name }) = wanted else { return Ok(Vec::new()) };
    let bytes = document(site, &hash).await?;
    // IANA registry.
    let media_type = if bytes.starts_with(b"%PDF-") {
        "application/pdf"
    } else {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    };
    let file = Uploaded {
        field: "original".to_owned(),
        file_name: name,
        media_type: media_type.to_owned(),
        bytes: bytes.into(),
    };
    Ok(vec![keep(site, file).await?])
}

/// `POST /new/{kind}`.
pub(super) async fn create(asked: Asked<to::Create>) -> Result<Response, Trouble> {
    let kind = kind_in(&asked)?;
    let typed = form::compact(&asked.form);
    let refused = |trouble: Trouble| on_page(&asked, Draft::new(kind, &typed), &typed, trouble);
    let publication = match form::read(kind, &typed) {
        Ok(publication) => publication,
        Err(refusal) => return refused(refusal.into()),
    };
    let attachments = match attachments(asked.site(), &typed).await {
        Ok(attachments) => attachments,
        Err(trouble) => return refused(trouble),
    };
    let publish = typed.has("do", "publish");
    let request = wire::CreatePublicationRequest {
        publication: Some(wire::Publication { attachments, ..publication }),
        request_id: SiteParts::key_in(typed.first("key")),
        publish,
    };
    match asked.site().publishing.create_publication(Request::new(request)).await {
        Ok(made) => Ok(leave(made.get_ref(), publish)),
        Err(status) => refused(status.into()),
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
        request_id: SiteParts::key_in(typed.first("key")),
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
