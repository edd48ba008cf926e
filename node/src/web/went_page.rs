//! Our people went by themselves: told afterwards, also while the hub is away.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble, wrong::Wrong};
use shouwang_proto::{
    refusal::{Refusal, Violations},
    wire::{
        self, inbox_service_server::InboxService as _, publishing_service_server::PublishingService as _,
        volunteer_aid_request::Aid,
    },
};
use tonic::Request;

use super::{
    SiteParts,
    asked::Asked,
    form,
    form_view::{Choice, Input, Maker, Shape},
    route::to,
};

const NEED: &str = "deployment.request";
const RESOURCE: &str = "deployment.resource";
const QUANTITY: &str = "deployment.quantity";
const ON_SCENE: &str = "deployment.on_scene";
const NOTE: &str = "deployment.note";
/// Stands between a request and the number of its line.
const AT: char = '#';
/// Notices and resources to choose from.
const CHOICES: u32 = 200;

#[derive(Template)]
#[template(path = "went.html")]
struct WentPage {
    lang: Lang,
    key: String,
    inputs: Vec<Input>,
    /// What is missing to say it; empty when nothing is.
    missing: &'static str,
    problem: String,
}

/// What there is to choose from: values and words.
struct Known {
    needs: Vec<(String, String)>,
    resources: Vec<(String, String)>,
}

/// The needs that this member was told of, newest first, each once.
fn needs(items: &[wire::InboxItem]) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let need = |item: &wire::InboxItem| {
        let notice = item.notice.as_ref()?;
        let line = notice.line.as_ref().filter(|_| !notice.request.is_empty())?;
        let value = format!("{}{AT}{}", notice.request, line.number);
        let words = format!("{} · {}", notice.incident_title, line.what);
        seen.insert(value.clone()).then_some((value, words))
    };
    items.iter().filter_map(need).collect()
}

async fn known<R>(asked: &Asked<R>) -> Result<Known, Trouble> {
    let site = asked.site();
    let question = wire::ListNoticesRequest { page_size: CHOICES, ..Default::default() };
    let items = site.inbox.list_notices(Request::new(question)).await?.into_inner().items;
    let question = wire::ListPublicationsRequest {
        page_size: CHOICES,
        kinds: vec![wire::PublicationKind::Resource.into()],
        states: vec![wire::PublicationState::Published.into()],
        ..Default::default()
    };
    let listed = site.publishing.list_publications(Request::new(question)).await?.into_inner();
    let resources = listed.publications.into_iter().map(|one| (one.name, one.title));
    Ok(Known { needs: needs(&items), resources: resources.collect() })
}

fn inputs(lang: Lang, typed: &Fields, wrong: &Wrong, known: &Known) -> Vec<Input> {
    let maker = Maker { lang, typed, wrong };
    let choose = |name: &str, key: &str, all: &[(String, String)]| {
        let choices = all.iter().map(|(value, words)| Choice::new(value, words, &[typed.first(name)]));
        Input { choices: choices.collect(), ..maker.required(name, key, Shape::Select) }
    };
    let places = [("1", "aid.went-there"), ("", "aid.went-on-way")];
    let places = places.map(|(value, key)| (value.to_owned(), lang.say(key).to_owned()));
    vec![
        choose(NEED, "aid.went-need", &known.needs),
        choose(RESOURCE, "aid.went-resource", &known.resources),
        maker.required(QUANTITY, "aid.quantity", Shape::Number),
        Input { is_required: false, ..choose(ON_SCENE, "aid.went-where", &places) },
        maker.input(NOTE, "aid.note", Shape::Line),
    ]
}

async fn page<R>(asked: &Asked<R>, typed: &Fields, trouble: Option<&Trouble>) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let known = known(asked).await?;
    let wrong = trouble.map(|trouble| trouble.wrong(lang)).unwrap_or_default();
    let shown = WentPage {
        lang,
        key: match typed.first("key") {
            "" => asked.site().key(),
            key => SiteParts::key_in(key),
        },
        inputs: inputs(lang, typed, &wrong, &known),
        missing: match (known.needs.is_empty(), known.resources.is_empty()) {
            (true, _) => lang.say("aid.went-no-need"),
            (false, true) => lang.say("aid.went-no-resource"),
            (false, false) => "",
        },
        problem: trouble.map(|trouble| trouble.problem(lang)).unwrap_or_default(),
    };
    let status = trouble.map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, lang.say("aid.went").to_owned(), &shown, &["page.js"])
}

/// `GET /aid/went`.
pub(super) async fn show(asked: Asked<to::ShowWent>) -> Result<Response, Trouble> {
    page(&asked, &Fields::default().and(QUANTITY, "1").and(ON_SCENE, "1"), None).await
}

/// What a form says, as the contract has it.
fn read(typed: &Fields) -> Result<wire::SelfDeployment, Refusal> {
    let mut wrong = Violations::new();
    let need =
        typed.first(NEED).split_once(AT).and_then(|(request, line)| Some((request, line.parse().ok()?)));
    if need.is_none() {
        wrong.add(NEED, "is required （必填）");
    }
    let (request, line): (&str, u32) = need.unwrap_or_default();
    let deployment = wire::SelfDeployment {
        request: request.to_owned(),
        line,
        resource: typed.first(RESOURCE).to_owned(),
        quantity: form::number(QUANTITY, typed.first(QUANTITY), &mut wrong),
        on_scene: typed.has(ON_SCENE, "1"),
        note: typed.first(NOTE).to_owned(),
    };
    wrong.finish(|| Some(deployment))
}

/// `POST /aid/went`. The same form sent again is taken once, by its key.
pub(super) async fn tell(asked: Asked<to::TellWent>) -> Result<Response, Trouble> {
    let typed = &asked.form;
    let said = match read(typed) {
        Ok(deployment) => {
            let context = wire::OwnContext {
                request_id: SiteParts::key_in(typed.first("key")),
                actor: asked.visitor()?.account.display_name.clone(),
                occurred_at: None,
            };
            let aid = Some(Aid::Deployment(deployment));
            let request = wire::VolunteerAidRequest { context: Some(context), aid };
            asked.site().inbox.volunteer_aid(Request::new(request)).await.map(drop).map_err(Trouble::from)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match said {
        Ok(()) => Ok(reply::see_other("/aid?done=said")),
        Err(trouble @ Trouble::Refused(_)) => page(&asked, typed, Some(&trouble)).await,
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_named_once_and_read_back() {
        let item = |request: &str, line: Option<u32>| wire::InboxItem {
            notice: Some(wire::Notice {
                request: request.to_owned(),
                incident_title: "三号罐区泄漏".to_owned(),
                line: line.map(|number| wire::NeedLine {
                    number,
                    what: "泵".to_owned(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let items = [
            item("requests/a", Some(2)),
            item("requests/a", Some(2)),
            item("", Some(1)),
            item("requests/b", None),
        ];
        let found = needs(&items);
        assert_eq!(found, [("requests/a#2".to_owned(), "三号罐区泄漏 · 泵".to_owned())]);
        let typed = Fields::default().and(NEED, &found[0].0).and(QUANTITY, "3").and(ON_SCENE, "1");
        let read_back = read(&typed).unwrap();
        assert_eq!(
            (read_back.request.as_str(), read_back.line, read_back.quantity, read_back.on_scene),
            ("requests/a", 2, 3, true)
        );
        let wrong = read(&Fields::default().and(QUANTITY, "viele")).unwrap_err();
        let fields: Vec<_> = wrong.violations.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, [NEED, QUANTITY]);
    }
}
