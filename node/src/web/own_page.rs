//! The page of an own publication: how it stands, what it says, what can be done with it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    icon, reply,
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_proto::{
    id::RecordId,
    publication::{Kind, time_from_wire},
    wire::{self, publication::Detail, publishing_service_server::PublishingService as _},
};
use tonic::Request;

use super::{
    SiteParts,
    asked::Asked,
    form,
    form_view::{Section, sections},
    route::to,
    shelf_page::state_words,
};

struct FileView {
    name: String,
    size: String,
    address: String,
}

#[derive(Template)]
#[template(path = "own.html")]
struct OwnPage {
    lang: Lang,
    address: String,
    title: String,
    kind: Kind,
    kind_label: &'static str,
    state: &'static str,
    state_label: String,
    delivery_label: String,
    revision: u64,
    updated: Option<Age>,
    published: String,
    sections: Vec<Section>,
    files: Vec<FileView>,
    can_publish: bool,
    can_withdraw: bool,
    key: String,
    done: &'static str,
    problem: String,
}

#[derive(Template)]
#[template(path = "withdraw.html")]
struct WithdrawPage {
    lang: Lang,
    address: String,
    title: String,
    key: String,
    reason: String,
    problem: String,
    wrong: Wrong,
}

/// The kind of a publication; one without is none that this node could have kept.
pub(super) fn publication_kind(publication: &wire::Publication) -> Kind {
    match &publication.detail {
        Some(Detail::Course(_)) => Kind::Course,
        Some(Detail::Resource(_)) => Kind::Resource,
        Some(Detail::Practice(_)) | None => Kind::Practice,
    }
}

/// The publication that a path means.
pub(super) async fn publication_in<R>(asked: &Asked<R>) -> Result<wire::Publication, Trouble> {
    let record: RecordId = asked.name("id").parse().map_err(|_| Trouble::nowhere())?;
    let site = asked.site();
    let request = wire::GetOwnPublicationRequest { name: site.publishing.name_of(record) };
    Ok(site.publishing.get_publication(Request::new(request)).await?.into_inner())
}

/// The page of a publication.
pub(super) fn address_of(publication: &wire::Publication) -> String {
    format!("/p/{}", publication.name.rsplit('/').next().unwrap_or_default())
}

fn size_words(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "at most 32 MiB")]
    let kilo = bytes as f64 / 1024.0;
    if kilo < 1024.0 { format!("{} KiB", kilo.ceil()) } else { format!("{:.1} MiB", kilo / 1024.0) }
}

/// The page with what was just done, or refused.
pub(super) fn page<R>(
    asked: &Asked<R>,
    publication: &wire::Publication,
    done: &'static str,
    trouble: Option<&Trouble>,
) -> Result<Response, Trouble> {
    let (lang, now) = (asked.lang(), asked.site().world.now());
    let kind = publication_kind(publication);
    let (state, state_label, delivery_label) = state_words(lang, publication);
    let address = address_of(publication);
    let time = |time: &Option<prost_types::Timestamp>| time.as_ref().and_then(time_from_wire);
    let file = |file: &wire::Attachment| FileView {
        name: file.file_name.clone(),
        size: size_words(file.size_bytes),
        address: format!("{address}/files/{}", file.sha256),
    };
    let (zh, en) = kind.labels();
    let shown = OwnPage {
        lang,
        title: publication.title.clone(),
        kind,
        kind_label: lang.pick(zh, en),
        state,
        state_label,
        delivery_label,
        revision: publication.revision,
        updated: time(&publication.update_time).map(|time| Age::of(lang, time, now)),
        published: time(&publication.publish_time).map(age::exact).unwrap_or_default(),
        sections: sections(lang, kind, &form::write(publication), &Wrong::default(), 0),
        files: publication.attachments.iter().map(file).collect(),
        can_publish: publication.state() != wire::PublicationState::Published,
        can_withdraw: publication.state() == wire::PublicationState::Published,
        key: asked.site().key(),
        done: lang.find(done).unwrap_or_default(),
        problem: trouble.map(|trouble| trouble.words(lang)).unwrap_or_default(),
        address,
    };
    let status = trouble.map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, publication.title.clone(), &shown, &["page.js"])
}

/// `GET /p/{id}`.
pub(super) async fn show(asked: Asked<to::ShowOwn>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    let done = match asked.fields().first("done") {
        "saved" => "node.saved",
        "published" => "node.published",
        "withdrawn" => "node.withdrawn",
        "file" => "node.file-added",
        "dropped" => "node.file-dropped",
        _ => "",
    };
    page(&asked, &publication, done, None)
}

/// `POST /p/{id}/publish`.
pub(super) async fn publish(asked: Asked<to::Publish>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    let request = wire::PublishPublicationRequest {
        name: publication.name.clone(),
        request_id: SiteParts::key_in(asked.form.first("key")),
    };
    match asked.site().publishing.publish_publication(Request::new(request)).await {
        Ok(_) => Ok(reply::see_other(&format!("{}?done=published", address_of(&publication)))),
        Err(status) => page(&asked, &publication, "", Some(&status.into())),
    }
}

fn withdraw_page<R>(
    asked: &Asked<R>,
    publication: &wire::Publication,
    trouble: Option<&Trouble>,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let shown = WithdrawPage {
        lang,
        address: address_of(publication),
        title: publication.title.clone(),
        key: asked.site().key(),
        reason: asked.form.first("reason").to_owned(),
        problem: trouble.map(|trouble| trouble.problem(lang)).unwrap_or_default(),
        wrong: trouble.map(|trouble| trouble.wrong(lang)).unwrap_or_default(),
    };
    let status = trouble.map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, lang.say("node.withdraw").to_owned(), &shown, &[])
}

/// `GET /p/{id}/withdraw`.
pub(super) async fn show_withdraw(asked: Asked<to::ShowWithdraw>) -> Result<Response, Trouble> {
    withdraw_page(&asked, &publication_in(&asked).await?, None)
}

/// `POST /p/{id}/withdraw`.
pub(super) async fn withdraw(asked: Asked<to::Withdraw>) -> Result<Response, Trouble> {
    let publication = publication_in(&asked).await?;
    let request = wire::WithdrawPublicationRequest {
        name: publication.name.clone(),
        reason: asked.form.first("reason").to_owned(),
        request_id: SiteParts::key_in(asked.form.first("key")),
    };
    match asked.site().publishing.withdraw_publication(Request::new(request)).await {
        Ok(_) => Ok(reply::see_other(&format!("{}?done=withdrawn", address_of(&publication)))),
        Err(status) => withdraw_page(&asked, &publication, Some(&status.into())),
    }
}
