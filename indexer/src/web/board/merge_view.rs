//! Two reports of the same, side by side: what each says, and ending the one in favour of the other. Pure.

use shouwang_pages::Fields;
use shouwang_proto::{mutual_aid::request::MOST_LINES, refusal::Refusal, wire};

use super::{
    form::{Form, Input, Kind, Maker},
    sent::Sent,
    task_view::PhoneView,
    view::{Light, RequestView},
    words::{self, amount, dialled, tail},
};

/// A request beside another.
pub(super) struct Side {
    pub(super) view: RequestView,
    pub(super) description: String,
    pub(super) place: String,
    pub(super) contact: PhoneView,
    /// Ending the other one in favour of this; none of the one itself.
    pub(super) form: Option<Form>,
}

/// A request with what there is to compare.
pub(super) fn side(
    light: &Light<'_>,
    incident: &wire::Incident,
    request: &wire::MutualAidRequest,
    form: Option<Form>,
) -> Side {
    let contact = request.contact.clone().unwrap_or_default();
    Side {
        view: light.request(request, &[]),
        description: request.description.clone(),
        place: words::place(request.place.as_ref().or(incident.place.as_ref())),
        contact: PhoneView {
            words: format!("{} {}", contact.name, contact.phone),
            dialled: dialled(&contact.phone),
        },
        form,
    }
}

/// Can it still be merged?
pub(super) fn is_mergeable(request: &wire::MutualAidRequest) -> bool {
    matches!(request.state(), wire::RequestState::Submitted | wire::RequestState::Open)
}

/// Ends `ends` in favour of `goes_on`, and carries over the lines that are chosen: at first those of which the other has
/// nothing like it.
pub(super) fn form(
    maker: &Maker<'_>,
    ends: &wire::MutualAidRequest,
    goes_on: &wire::MutualAidRequest,
) -> Form {
    let lang = maker.lang;
    let title = lang.say("board.merge.go");
    let action = format!("/board/{}/merge", ends.name);
    let form = maker
        .form(&format!("merge-{}", tail(&goes_on.name)), &action, title, title)
        .hold("version", ends.version)
        .hold("into", &goes_on.name)
        .hold("into_version", goes_on.version);
    let carry = |line: &wire::NeedLine| {
        let is_known = goes_on
            .lines
            .iter()
            .any(|other| other.resource_kind == line.resource_kind && other.what == line.what);
        let what = format!("{} {}", line.what, amount(line.requested, &line.unit));
        let input = Input::new(lang, carried(line.number), "board.merge", Kind::Check);
        let label = lang.with("board.merge.carry", "what", &what);
        Input { label, ..input }.value(if is_known { "" } else { "1" })
    };
    let needed = ends.lines.iter().filter(|line| line.requested > 0);
    let form = needed.map(carry).fold(form, Form::ask);
    maker.finish(Form { of: goes_on.title.clone(), is_danger: true, ..form })
}

/// Name of the input that carries a line over.
fn carried(line: u32) -> String {
    format!("carry-{line}")
}

/// What the form says.
pub(super) fn read(fields: &Fields, name: &str) -> Result<wire::MergeRequestRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let lines = 1..=u32::try_from(MOST_LINES).unwrap_or(u32::MAX);
    let message = wire::MergeRequestRequest {
        context: sent.context(),
        name: name.to_owned(),
        expected_version: sent.number("version"),
        into: sent.text("into"),
        expected_into_version: sent.number("into_version"),
        carry_lines: lines.filter(|line| fields.has(&carried(*line), "1")).collect(),
    };
    sent.finish(message)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use shouwang_pages::Lang;

    use super::*;

    #[test]
    fn a_need_that_the_other_does_not_have_is_carried_over() {
        let line = |number, what: &str| wire::NeedLine {
            number,
            resource_kind: "vehicle".to_owned(),
            what: what.to_owned(),
            requested: 1,
            unit: "1".to_owned(),
            ..wire::NeedLine::default()
        };
        let request = |name: &str, lines| wire::MutualAidRequest {
            name: name.to_owned(),
            version: 4,
            lines,
            ..wire::MutualAidRequest::default()
        };
        let ends = request("requests/a", vec![line(1, "汽车吊"), line(2, "泵")]);
        let goes_on = request("requests/b", vec![line(1, "汽车吊")]);
        let maker =
            Maker { lang: Lang::Zh, key: &|| "k".to_owned(), attempt: None, placed: Cell::new(false) };
        let form = form(&maker, &ends, &goes_on);
        let sent = form.hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let inputs = form.inputs.iter().map(|input| (input.name.as_ref(), input.value.as_str()));
        let fields =
            sent.chain(inputs).fold(Fields::default(), |fields, (name, value)| fields.and(name, value));
        let read = read(&fields, "requests/a").unwrap();
        assert_eq!((read.carry_lines, read.into.as_str()), (vec![2], "requests/b"));
        assert_eq!((read.expected_version, read.expected_into_version), (4, 4));
    }
}
