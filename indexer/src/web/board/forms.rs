//! The forms of the board. Each holds the version that its page has shown and a key of its own. Pure.

use jiff::Timestamp;
use shouwang_pages::{Lang, age};
use shouwang_proto::{
    mutual_aid::term::{Basis, Channel, Payer},
    vocabulary,
    wire::{self, AidTaskKind, RequestState},
};

use super::{
    form::{Form, Input, Kind, Maker},
    verb::{Verb, fitting},
    words::{amount, tail},
};

/// Choices of a term, in its order.
pub(super) fn terms<T: Copy + 'static>(
    lang: Lang,
    all: &[T],
    code: impl Fn(T) -> &'static str,
    labels: impl Fn(T) -> (&'static str, &'static str),
) -> Kind {
    let choice = |term: &T| {
        let (zh, en) = labels(*term);
        (code(*term).to_owned(), lang.pick(zh, en).to_owned())
    };
    Kind::Choice(all.iter().map(choice).collect())
}

/// Choices of a list of the vocabulary.
pub(super) fn codes(lang: Lang, list: &str) -> Kind {
    let terms = vocabulary::list(list).map_or(&[][..], |list| &list.terms);
    Kind::Choice(
        terms.iter().map(|term| (term.code.clone(), lang.pick(&term.zh, &term.en).clone())).collect(),
    )
}

/// Through what a word came that a dispatcher writes down.
pub(super) fn channel(lang: Lang) -> Input {
    let heard = [Channel::Phone, Channel::Radio, Channel::InPerson, Channel::Message, Channel::Hub];
    let kind = terms(lang, &heard, Channel::code, Channel::labels);
    Input::new(lang, "channel", "board.field.channel", kind).value(Channel::Phone.code())
}

fn note(lang: Lang) -> Input {
    Input::new(lang, "note", "board.field.note", Kind::Line)
}

fn reason(lang: Lang) -> Input {
    Input::new(lang, "reason", "board.field.reason", Kind::Line).required()
}

pub(super) fn minutes(lang: Lang) -> Input {
    Input::new(lang, "eta_seconds", "board.field.eta", Kind::Number)
}

pub(super) fn basis(lang: Lang) -> Input {
    let kind = terms(lang, Basis::ALL, Basis::code, Basis::labels);
    Input::new(lang, "basis", "board.field.basis", kind).value(Basis::Voluntary.code())
}

pub(super) fn count(lang: Lang, name: &'static str, key: &str, value: u64) -> Input {
    Input::new(lang, name, key, Kind::Number).value(value).required()
}

/// A form about the request itself, with its version.
fn of_itself(maker: &Maker<'_>, request: &wire::MutualAidRequest, deed: &str, key: &str) -> Form {
    let action = format!("/board/{}/{deed}", request.name);
    let title = maker.lang.say(key);
    maker.form(deed, &action, title, title).hold("version", request.version)
}

/// What may be done with a request as it stands.
pub(super) fn of_request(maker: &Maker<'_>, request: &wire::MutualAidRequest) -> Vec<Form> {
    let lang = maker.lang;
    let accept = |key: &str| Form { is_main: true, ..of_itself(maker, request, "accept", key) };
    let stand_down = || {
        let form = of_itself(maker, request, "stand-down", "board.do.stand-down").ask(reason(lang));
        Form { is_danger: true, ..form }
    };
    let forms = match request.state() {
        RequestState::Submitted => {
            let reject = of_itself(maker, request, "reject", "board.do.reject").ask(reason(lang));
            vec![accept("board.do.accept"), Form { is_danger: true, ..reject }]
        }
        RequestState::Open if !request.verified => vec![accept("board.do.verify"), stand_down()],
        RequestState::Open => vec![stand_down()],
        RequestState::StandingDown => {
            vec![Form { is_main: true, ..of_itself(maker, request, "close", "board.do.close") }]
        }
        RequestState::Closed => {
            let text = Input::new(lang, "text", "board.field.review", Kind::Text).required();
            let lessons = Input::new(lang, "lessons", "board.field.lessons", Kind::Text);
            vec![of_itself(maker, request, "review", "board.do.review").ask(text).ask(lessons)]
        }
        RequestState::Unspecified
        | RequestState::Draft
        | RequestState::Reviewed
        | RequestState::Rejected
        | RequestState::Merged
        | RequestState::Expired => Vec::new(),
    };
    forms.into_iter().map(|form| maker.finish(form)).collect()
}

/// Ordering a candidate, and asking it.
pub(super) fn of_candidate(
    maker: &Maker<'_>,
    request: &wire::MutualAidRequest,
    line: u32,
    one: &wire::Candidate,
) -> Vec<Form> {
    let lang = maker.lang;
    let form = |deed: &str, key: &str| {
        let id = format!("{deed}-{line}-{}", tail(&one.resource));
        let title = lang.say(key);
        let form = maker.form(&id, &format!("/board/{}/{deed}", request.name), title, title);
        let of = format!("{} · {}", one.member_display_name, one.title);
        Form { of, ..form }
            .hold("version", request.version)
            .hold("line", line)
            .hold("resource", &one.resource)
            .ask(count(lang, "quantity", "board.field.quantity", one.quantity))
    };
    let more = Input::new(lang, "overcommit", "board.field.overcommit", Kind::Check);
    let order = form("order", "board.do.order").hold("eta", one.eta_seconds).ask(basis(lang)).ask(more);
    let order = Form { is_main: true, ..order };
    vec![maker.finish(order), maker.finish(form("solicit", "board.do.solicit"))]
}

/// Ordering what was offered.
fn of_offer(maker: &Maker<'_>, request: &wire::MutualAidRequest, one: &wire::Assignment) -> Form {
    let title = maker.lang.say("board.do.order");
    let form = maker.form(
        &format!("order-{}", tail(&one.name)),
        &format!("/board/{}/order", request.name),
        title,
        title,
    );
    let form = form
        .hold("version", request.version)
        .hold("line", one.line)
        .hold("resource", &one.resource)
        .ask(count(maker.lang, "quantity", "board.field.quantity", one.quantity))
        .ask(basis(maker.lang))
        .ask(Input::new(maker.lang, "overcommit", "board.field.overcommit", Kind::Check));
    Form { is_main: true, ..form }
}

/// What may be done with an assignment as it stands.
pub(super) fn of_assignment(
    maker: &Maker<'_>,
    request: &wire::MutualAidRequest,
    one: &wire::Assignment,
    (title, now): (&str, Timestamp),
) -> Vec<Form> {
    let is_sought = request.state() == RequestState::Open;
    let offered = one.state() == wire::AssignmentState::Offered && is_sought;
    let order = offered.then(|| of_offer(maker, request, one));
    let verbs = fitting(one.state()).iter().enumerate().map(|(index, verb)| {
        let words = maker.lang.say(verb.key());
        let id = format!("{}-{}", verb.code(), tail(&one.name));
        let action = format!("/board/{}/{}", request.name, one.name);
        let form = maker
            .form(&id, &action, words, words)
            .hold("verb", verb.code())
            .hold("version", one.version)
            .hold("epoch", one.epoch)
            .hold("made", now.as_millisecond());
        let is_main = index == 0 && !verb.is_danger();
        let form = Form { is_main, is_danger: verb.is_danger(), ..form };
        asked_of(maker.lang, *verb, one).into_iter().fold(form, Form::ask)
    });
    let with_title = |form: Form| Form { of: title.to_owned(), ..form };
    order.into_iter().chain(verbs).map(|form| maker.finish(with_title(form))).collect()
}

/// What has to be said with a verb.
fn asked_of(lang: Lang, verb: Verb, one: &wire::Assignment) -> Vec<Input> {
    let mut inputs = match verb {
        Verb::Offer => vec![
            count(lang, "quantity", "board.field.quantity", one.quantity),
            minutes(lang).required(),
            Input::new(lang, "conditions", "board.field.conditions", Kind::Line),
        ],
        Verb::Decline | Verb::Refuse | Verb::Withdraw => {
            let why = Input::new(lang, "reason", "board.field.reason", codes(lang, "decline-reason"));
            vec![why.value("in-use"), note(lang)]
        }
        Verb::Confirm => vec![
            minutes(lang),
            Input::new(lang, "name", "board.field.lead", Kind::Line),
            Input::new(lang, "phone", "board.field.phone", Kind::Line),
        ],
        Verb::Muster | Verb::Stage | Verb::Arrive | Verb::Release => vec![note(lang)],
        Verb::Depart => vec![
            minutes(lang),
            Input::new(lang, "head_count", "board.field.people", Kind::Number),
            note(lang),
        ],
        Verb::Extend => {
            let longer = Input::new(lang, "until_time", "board.field.longer", Kind::Number);
            vec![longer.value(60).required(), note(lang)]
        }
        Verb::Recall | Verb::StandDown => vec![reason(lang)],
        Verb::Return => vec![
            count(lang, "returned", "board.field.returned", one.quantity),
            count(lang, "consumed", "board.field.consumed", 0),
            count(lang, "damaged", "board.field.damaged", 0),
            note(lang),
        ],
        Verb::Settle => settlement(lang, one),
        Verb::HeadCount => {
            vec![Input::new(lang, "people", "board.field.people", Kind::Number).required(), note(lang)]
        }
        Verb::Contact => {
            let lost = [("1", "board.contact.lost"), ("0", "board.contact.reached")];
            let lost = lost.map(|(value, key)| (value.to_owned(), lang.say(key).to_owned()));
            let first = if one.lost_contact { "0" } else { "1" };
            let kind = Kind::Choice(lost.into());
            vec![Input::new(lang, "lost", "board.field.contact", kind).value(first), note(lang)]
        }
    };
    if verb.is_owners() {
        inputs.push(channel(lang));
    }
    inputs
}

fn settlement(lang: Lang, one: &wire::Assignment) -> Vec<Input> {
    let payer = terms(lang, Payer::ALL, Payer::code, Payer::labels);
    let ground = Basis::from_wire(one.basis).unwrap_or(Basis::Agreement);
    vec![
        Input::new(lang, "cost_fen", "board.field.cost", Kind::Number).value(0).required(),
        Input::new(lang, "payer", "board.field.payer", payer).value(Payer::Requester.code()),
        basis(lang).value(ground.code()),
        note(lang),
    ]
}

/// How a task is done: a word that somebody was reached, or the report to the authorities. What ends with another command
/// is done where that command is.
pub(super) fn of_task(maker: &Maker<'_>, task: &wire::AidTask, now: Timestamp) -> Vec<Form> {
    let lang = maker.lang;
    let id = |deed: &str| {
        format!("{deed}-{}", tail(&task.name).replace(|one: char| !one.is_ascii_alphanumeric(), "-"))
    };
    let form = match task.kind() {
        AidTaskKind::TakeUp | AidTaskKind::Verify | AidTaskKind::Close => return Vec::new(),
        AidTaskKind::Report => {
            let title = lang.say("board.do.report");
            let whom = Input::new(lang, "authority", "board.field.authority", Kind::Line).required();
            let when = Input::new(lang, "report_time", "board.field.when", Kind::Line).value(age::exact(now));
            maker
                .form(&id("report"), &format!("/board/{}/report", task.incident), title, title)
                .ask(whom)
                .ask(when.required())
                .ask(note(lang))
        }
        AidTaskKind::Unspecified
        | AidTaskKind::Widen
        | AidTaskKind::Call119
        | AidTaskKind::Surplus
        | AidTaskKind::PhoneOwner
        | AidTaskKind::Overdue
        | AidTaskKind::FindTeam
        | AidTaskKind::AwaitRelease
        | AidTaskKind::Shortfall
        | AidTaskKind::MergeCandidates
        | AidTaskKind::Unreachable
        | AidTaskKind::Restored => {
            let title = lang.say("board.do.task");
            let done = [("1", "board.reached"), ("0", "board.not-reached")];
            let done = done.map(|(value, key)| (value.to_owned(), lang.say(key).to_owned()));
            maker
                .form(&id("task"), "/board/tasks", title, title)
                .hold("task", &task.name)
                .ask(Input::new(lang, "who", "board.field.who", Kind::Line))
                .ask(Input::new(lang, "reached", "board.field.reached", Kind::Choice(done.into())).value("1"))
                .ask(channel(lang))
                .ask(note(lang))
        }
    };
    let of = lang.pick(&task.text_zh, &task.text_en).clone();
    vec![maker.finish(Form { of, ..form })]
}

/// Closing an incident whose requests have all ended.
pub(super) fn of_incident(maker: &Maker<'_>, incident: &wire::Incident) -> Form {
    let title = maker.lang.say("board.do.close-incident");
    let form = maker.form(
        &format!("close-{}", tail(&incident.name)),
        &format!("/board/{}/close", incident.name),
        title,
        title,
    );
    maker.finish(Form {
        of: incident.title.clone(),
        ..form.hold("version", incident.version).ask(note(maker.lang))
    })
}

/// How much of a line is to be found, in words.
pub(super) fn missing(lang: Lang, line: &wire::NeedLine, met: &wire::LineFulfilment) -> String {
    lang.with("board.missing", "amount", &amount(met.missing, &line.unit))
}
