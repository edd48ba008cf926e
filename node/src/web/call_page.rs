//! Calling for help: few fields, life in danger unless somebody says otherwise.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble, wrong::Wrong};
use shouwang_proto::{
    clock::from_millis,
    mutual_aid::command::Submission,
    publication::time_to_wire,
    refusal::{Refusal, Violations},
    wire::{self, inbox_service_server::InboxService as _},
};
use tonic::Request;

use super::{
    SiteParts,
    asked::Asked,
    form,
    form_view::{Choice, Input, Maker, Section, Shape},
    route::to,
};

const PLACE: &str = "submission.new_incident.place";
const TYPE: &str = "submission.new_incident.accident_type";
const MODE: &str = "submission.new_incident.mode";
const TITLE: &str = "submission.request.title";
const PRIORITY: &str = "submission.request.priority";
const DESCRIPTION: &str = "submission.request.description";
const CONTACT: [&str; 2] = ["submission.request.contact.name", "submission.request.contact.phone"];
/// A row of what is needed.
const LINE: (&str, [&str; 3]) = ("submission.request.lines", ["resource_kind", "what", "requested"]);
/// Rows on the form.
const LINES: usize = 3;

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    lang: Lang,
    key: String,
    occurred: i64,
    sections: Vec<Section>,
    problem: String,
}

/// The form before anybody types: where the member is, and whom to call back.
async fn blank(asked: &Asked<to::ShowCall>) -> Result<Fields, Trouble> {
    let account = &asked.visitor()?.account;
    let mut fields =
        Fields::default().and(CONTACT[0], &account.display_name).and(&form::at(LINE.0, 0, "requested"), "1");
    // A login name may be a telephone number.
    if account.login().bytes().all(|byte| byte.is_ascii_digit()) {
        fields = fields.and(CONTACT[1], account.login());
    }
    if let Some(home) = asked.site().inbox.home().await? {
        fields = form::write_place(fields, PLACE, &home);
    }
    Ok(fields)
}

fn choices(maker: &Maker<'_>, name: &str, key: &str, all: &[(&str, &str)]) -> Input {
    let chosen = match maker.typed.first(name) {
        "" => all.first().map_or("", |(value, _)| value),
        chosen => chosen,
    };
    let choices = all.iter().map(|(value, key)| Choice::new(value, maker.lang.say(key), &[chosen]));
    Input { choices: choices.collect(), ..maker.input(name, key, Shape::Select) }
}

fn sections(lang: Lang, typed: &Fields, wrong: &Wrong) -> Vec<Section> {
    let maker = Maker { lang, typed, wrong };
    let say = |key: &str| lang.say(key).to_owned();
    let what = vec![
        maker.required(TITLE, "aid.call-title", Shape::Line),
        choices(&maker, PRIORITY, "aid.priority", &[("1", "aid.p1"), ("2", "aid.p2"), ("3", "aid.p3")]),
        Input { is_required: true, ..maker.terms(TYPE, "aid.accident", "hazard", Shape::Select) },
        choices(&maker, MODE, "aid.mode", &[("1", "aid.actual"), ("2", "aid.exercise")]),
    ];
    let mut all = vec![Section { title: say("aid.what"), inputs: what, is_more: false }];
    for index in 0..LINES {
        let at = |name: &str| form::at(LINE.0, index, name);
        let mut inputs = vec![
            maker.input(&at("what"), "aid.need-what", Shape::Line),
            maker.terms(&at("resource_kind"), "resource.kind", "resource-kind", Shape::Select),
            maker.input(&at("requested"), "aid.need-count", Shape::Number),
        ];
        inputs.iter_mut().for_each(|input| input.is_required = index == 0);
        let title = lang.with(if index == 0 { "aid.need" } else { "aid.need-more" }, "number", &(index + 1));
        all.push(Section { title, inputs, is_more: index > 0 });
    }
    all.push(Section { title: say("aid.where"), inputs: maker.place(PLACE).into(), is_more: false });
    let contact = vec![
        maker.required(CONTACT[0], "node.contact-name", Shape::Line),
        maker.required(CONTACT[1], "node.phone", Shape::Phone),
        maker.input(DESCRIPTION, "aid.description", Shape::Area(3)),
    ];
    all.push(Section { title: say("aid.call-back"), inputs: contact, is_more: false });
    all
}

fn page<R>(
    asked: &Asked<R>,
    typed: &Fields,
    trouble: Option<&Trouble>,
    now: Timestamp,
) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let key = match typed.first("key") {
        "" => asked.site().key(),
        key => SiteParts::key_in(key),
    };
    let wrong = trouble.map(|trouble| trouble.wrong(lang)).unwrap_or_default();
    let shown = CallPage {
        lang,
        key,
        occurred: typed.first("occurred").parse().unwrap_or(now.as_millisecond()),
        sections: sections(lang, typed, &wrong),
        problem: trouble.map(|trouble| trouble.problem(lang)).unwrap_or_default(),
    };
    let status = trouble.map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, lang.say("aid.call").to_owned(), &shown, &["page.js"])
}

/// `GET /aid/call`.
pub(super) async fn show(asked: Asked<to::ShowCall>) -> Result<Response, Trouble> {
    let blank = blank(&asked).await?;
    page(&asked, &blank, None, asked.site().world.now())
}

fn line(
    index: usize,
    [resource_kind, what, requested]: [String; 3],
    wrong: &mut Violations,
) -> wire::NeedLine {
    wire::NeedLine {
        resource_kind,
        what,
        requested: form::number(&form::at(LINE.0, index, "requested"), &requested, wrong),
        unit: "1".to_owned(),
        ..Default::default()
    }
}

/// What a form says, as the contract has it; `member` is who calls.
fn read(typed: &Fields, member: &str, now: Timestamp) -> Result<wire::RequestSubmission, Refusal> {
    let mut wrong = Violations::new();
    let place = form::place(PLACE, typed, &mut wrong);
    if place.is_none() {
        wrong.add(format!("{PLACE}.address"), "is required （必填）");
    }
    let lines: Vec<_> = form::rows(typed, LINE)
        .into_iter()
        .enumerate()
        .map(|(index, row)| line(index, row, &mut wrong))
        .collect();
    let title = typed.first(TITLE).to_owned();
    let occurred = typed.first("occurred").parse().map_or(now, from_millis);
    let incident = wire::Incident {
        mode: typed.first(MODE).parse().unwrap_or(wire::IncidentMode::Actual as i32),
        title: title.clone(),
        place,
        accident_type: typed.first(TYPE).to_owned(),
        member: format!("members/{member}"),
        occurred_at: Some(time_to_wire(occurred)),
        ..Default::default()
    };
    let contact = CONTACT.map(|name| typed.first(name).to_owned());
    let [name, phone] = contact;
    let request = wire::MutualAidRequest {
        priority: typed.first(PRIORITY).parse().unwrap_or(wire::RequestPriority::P1 as i32),
        title,
        description: typed.first(DESCRIPTION).to_owned(),
        contact: Some(wire::DutyContact { name, phone, duty: String::new() }),
        lines,
        ..Default::default()
    };
    let submission = wire::RequestSubmission {
        incident: String::new(),
        new_incident: Some(incident),
        request: Some(request),
    };
    if submission.request.as_ref().is_none_or(|request| request.lines.is_empty()) {
        wrong.add(form::at(LINE.0, 0, "what"), "is required （必填）");
    }
    // Every wrong field at once; what could not even be read is said once.
    let (known, mut more) = (wrong.clone().into_inner(), Violations::new());
    drop(Submission::read("submission", submission.clone(), &mut more));
    for more in more.into_inner().into_iter().filter(|more| known.iter().all(|one| one.field != more.field)) {
        wrong.add(more.field, more.description);
    }
    wrong.finish(|| Some(submission))
}

/// `POST /aid/call`. The same form sent again is taken once, by its key.
pub(super) async fn call(asked: Asked<to::Call>) -> Result<Response, Trouble> {
    let (site, now) = (asked.site(), asked.site().world.now());
    let typed = form::renumbered(&asked.form, LINE);
    let member = site.inbox.member()?;
    let said = match read(&typed, member.as_str(), now) {
        Ok(submission) => {
            let context = wire::OwnContext {
                request_id: SiteParts::key_in(typed.first("key")),
                actor: asked.visitor()?.account.display_name.clone(),
                occurred_at: None,
            };
            let request = wire::CallForHelpRequest { context: Some(context), submission: Some(submission) };
            site.inbox.call_for_help(Request::new(request)).await.map(drop).map_err(Trouble::from)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match said {
        Ok(()) => Ok(reply::see_other("/aid?done=call")),
        Err(trouble @ Trouble::Refused(_)) => page(&asked, &typed, Some(&trouble), now),
        Err(other) => Err(other),
    }
}
