//! Opens an incident with a first request, or adds a request to one that goes on.

use std::borrow::Cow;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble};
use shouwang_proto::{mutual_aid::id::IncidentId, refusal::Refusal, wire};
use shouwang_serving::store::StoreError;

use super::{
    board_page::key,
    form::{Input, Kind},
    new_view::{self, Start},
};
use crate::{
    council::permission::rpc,
    web::{
        asked::{Asked, Knowing as _},
        people_page,
        route::{Route, to},
    },
};

/// A page on which a request is written, or changed.
#[derive(Template)]
#[template(path = "board/new.html")]
pub(super) struct NewPage {
    pub(super) lang: Lang,
    pub(super) heading: String,
    /// Where one goes without doing anything.
    pub(super) back: String,
    pub(super) action: String,
    pub(super) go: &'static str,
    pub(super) problem: String,
    pub(super) hidden: Vec<(Cow<'static, str>, String)>,
    /// None where no incident is opened.
    pub(super) incident: Vec<Input>,
    /// What more may be said of the incident.
    pub(super) more: Fold,
    pub(super) legend: &'static str,
    pub(super) request: Vec<Input>,
    /// The first one is never folded.
    pub(super) lines: Vec<Fold>,
}

/// Inputs that may be folded away.
pub(super) struct Fold {
    pub(super) inputs: Vec<Input>,
}

impl Fold {
    /// One for each line.
    pub(super) fn each(lines: Vec<Vec<Input>>) -> Vec<Self> {
        lines.into_iter().map(|inputs| Self { inputs }).collect()
    }

    /// True when something in there has to be seen: it is wrong, or somebody said what is needed.
    pub(super) fn is_open(&self) -> bool {
        let is_said = |input: &Input| input.name.ends_with(".what") && !input.value.is_empty();
        self.inputs.iter().any(|input| !input.wrong.is_empty() || is_said(input))
    }
}

/// What was sent, why it was refused, and the incident that was opened all the same.
struct Attempt<'a> {
    fields: &'a Fields,
    refusal: Refusal,
    incident: String,
}

/// `GET /board/new`: `incident`, the last part of the name of one that goes on.
pub(in crate::web) async fn show(asked: Asked<to::ShowNewIncident>) -> Result<Response, Trouble> {
    page(&asked, None).await
}

/// `POST /board/new`.
pub(in crate::web) async fn open(asked: Asked<to::OpenIncident>) -> Result<Response, Trouble> {
    let fields = &asked.form;
    let mut incident = fields.first("incident").to_owned();
    match done(&asked, &mut incident).await {
        Ok(request) => Ok(reply::see_other(&format!("/board/{request}?done=1"))),
        Err(StoreError::Refused(refusal)) => page(&asked, Some(Attempt { fields, refusal, incident })).await,
        Err(other) => Err(other.into()),
    }
}

/// Does both, with a key of its own each. Everything is looked at before; should the second be refused all the same, the
/// incident is known then, and only the request is sent again.
async fn done(asked: &Asked<to::OpenIncident>, incident: &mut String) -> Result<String, StoreError> {
    let (desk, form) = (&asked.site().aid, &asked.form);
    let report = new_view::read(form)?;
    let context = |name: &str| {
        Some(wire::ChangeContext { request_id: form.first(name).to_owned(), ..Default::default() })
    };
    if let Some(new) = report.incident {
        let caller = asked.authorized::<rpc::OpenIncident>().map_err(refused)?;
        let open = wire::OpenIncidentRequest { context: context("key"), incident: Some(new) };
        *incident = desk.ask(caller, open).await?.name;
    }
    let request = wire::MutualAidRequest { incident: incident.clone(), ..report.request };
    let submit = wire::SubmitRequestRequest {
        context: context("key_of_request"),
        request: Some(request),
        draft: false,
        expected_version: 0,
    };
    let caller = asked.authorized::<rpc::SubmitRequest>().map_err(refused)?;
    Ok(desk.ask(caller, submit).await?.name)
}

/// Who may take this page may ask both, so this does not come.
fn refused(_: Trouble) -> StoreError {
    Refusal::denied("ROLE_MISSING", "this is for a dispatcher （此操作仅限调度员）").into()
}

async fn page<R: Route>(asked: &Asked<R>, attempt: Option<Attempt<'_>>) -> Result<Response, Trouble> {
    let (lang, desk) = (asked.lang(), &asked.site().aid);
    let given = asked.fields().first("incident");
    let known = match &attempt {
        Some(attempt) => attempt.incident.clone(),
        None if given.is_empty() => String::new(),
        None => format!("incidents/{given}"),
    };
    let mut title = String::new();
    if !known.is_empty() {
        let name = IncidentId::from_name(&known).map_err(|_| Trouble::nowhere())?.name();
        let caller = asked.authorized::<rpc::GetIncident>()?;
        title = desk.ask(caller, wire::GetIncidentRequest { name }).await?.title;
    }
    let start = start(asked).await?;
    let is_new = known.is_empty();
    let (incident, more) = if is_new {
        (new_view::incident_inputs(lang, &start), new_view::more_inputs(lang, &start))
    } else {
        (Vec::new(), Vec::new())
    };
    let hidden = [("key", key(asked)), ("key_of_request", key(asked)), ("incident", known)];
    let heading = lang.say("board.new");
    let mut page = NewPage {
        lang,
        heading: if title.is_empty() { heading.to_owned() } else { format!("{heading} · {title}") },
        back: "/board".to_owned(),
        action: "/board/new".to_owned(),
        go: "board.new.go",
        problem: String::new(),
        hidden: hidden.map(|(name, value)| (name.into(), value)).into(),
        incident,
        more: Fold { inputs: more },
        legend: "board.new.aid",
        request: new_view::request_inputs(lang, &start, is_new),
        lines: Fold::each(new_view::line_inputs(lang)),
    };
    let Some(Attempt { fields, refusal, .. }) = attempt else {
        return asked.base.page(StatusCode::OK, lang.say("board.new").to_owned(), &page, &[]);
    };
    let typed = |inputs| new_view::typed(lang, inputs, fields, &refusal);
    page.incident = typed(page.incident);
    page.more.inputs = typed(page.more.inputs);
    page.request = typed(page.request);
    for line in &mut page.lines {
        line.inputs = typed(std::mem::take(&mut line.inputs));
    }
    let trouble = Trouble::from(refusal);
    page.problem = trouble.words(lang);
    asked.base.page(trouble.status(), lang.say("board.new").to_owned(), &page, &[])
}

async fn start<R: Route>(asked: &Asked<R>) -> Result<Start, Trouble> {
    let roads = asked.site().aid.roads(asked.authorized::<rpc::ListClosures>()?).await?.unwrap_or_default();
    let count = f64::from(u32::try_from(roads.nodes.len()).unwrap_or(u32::MAX));
    let sum =
        roads.nodes.iter().fold((0.0, 0.0), |sum, node| (sum.0 + node.latitude, sum.1 + node.longitude));
    let members = people_page::members(&asked.site().roster.snapshot(), "").into_iter();
    Ok(Start {
        now: asked.site().world.now(),
        members: members.map(|member| (format!("members/{}", member.value), member.label)).collect(),
        middle: if roads.nodes.is_empty() {
            asked.site().aid.middle()
        } else {
            Some((sum.0 / count, sum.1 / count))
        },
    })
}
