//! The page on which a dispatcher changes what a request says and asks for. Pure.
//!
//! Everything that is sent stands in the form, so a form that is sent twice says the same.

use jiff::Timestamp;
use shouwang_pages::{Fields, Lang, age};
use shouwang_proto::{
    mutual_aid::{
        request::{MOST_LINES, WrittenRequest},
        term::Priority,
    },
    publication::{time_from_wire, time_to_wire},
    refusal::Refusal,
    wire,
};

use super::{
    form::{Input, Kind},
    forms::terms,
    new_view::{at, at_their_inputs, one_line, read_line, says_something},
    sent::Sent,
};

/// Empty lines to fill in.
const MORE: usize = 2;

/// The inputs about the request as it stands.
pub(super) fn request_inputs(lang: Lang, request: &wire::MutualAidRequest) -> Vec<Input> {
    let input = |name: &'static str, key: &str, kind| Input::new(lang, name, key, kind);
    let priority = Priority::from_wire(request.priority).map(Priority::code).unwrap_or_default();
    let priorities = terms(lang, Priority::ALL, Priority::code, Priority::labels);
    let contact = request.contact.clone().unwrap_or_default();
    let (address, latitude, longitude) = match &request.place {
        Some(place) => (place.address.clone(), place.latitude.to_string(), place.longitude.to_string()),
        None => Default::default(),
    };
    vec![
        input("request.priority", "board.new.priority", priorities).value(priority),
        input("request.title", "board.new.request", Kind::Line).value(&request.title).required(),
        input("request.contact.name", "board.new.contact", Kind::Line).value(&contact.name).required(),
        input("request.contact.phone", "board.new.phone", Kind::Line).value(&contact.phone).required(),
        input("request.contact.duty", "board.amend.duty", Kind::Line).value(&contact.duty),
        input("request.place.address", "board.amend.address", Kind::Line).value(address),
        input("request.place.latitude", "board.amend.latitude", Kind::Number).value(latitude),
        input("request.place.longitude", "board.amend.longitude", Kind::Number).value(longitude),
        input("request.description", "board.new.description", Kind::Text).value(&request.description),
    ]
}

/// The inputs of each line as it stands, and of some more.
pub(super) fn line_inputs(lang: Lang, request: &wire::MutualAidRequest) -> Vec<Vec<Input>> {
    let known = request.lines.iter().enumerate().map(|(index, line)| known_line(lang, index, line));
    let count = request.lines.len();
    let empty =
        (count..(count + MORE).min(MOST_LINES)).map(|index| with_limits(lang, index, one_line(lang, index)));
    known.chain(empty).collect()
}

/// What the form of a line holds besides its inputs: its number, and the exact time of which the page shows the minute.
pub(super) fn hidden(request: &wire::MutualAidRequest) -> Vec<(String, String)> {
    let of_line = |(index, line): (usize, &wire::NeedLine)| {
        let needed = line.needed_by.as_ref().and_then(time_from_wire);
        let needed = needed.map(|time| (at(index, "needed_was"), time.to_string()));
        std::iter::once((at(index, "number"), line.number.to_string())).chain(needed)
    };
    request.lines.iter().enumerate().flat_map(of_line).collect()
}

fn with_limits(lang: Lang, index: usize, mut inputs: Vec<Input>) -> Vec<Input> {
    inputs.push(Input::new(lang, at(index, "minimum"), "board.amend.minimum", Kind::Number));
    inputs.push(Input::new(lang, at(index, "needed_by"), "board.amend.needed", Kind::Line));
    inputs
}

fn known_line(lang: Lang, index: usize, line: &wire::NeedLine) -> Vec<Input> {
    let needed = line.needed_by.as_ref().and_then(time_from_wire);
    let values = [
        line.resource_kind.clone(),
        line.what.clone(),
        line.requested.to_string(),
        line.unit.clone(),
        line.capabilities.join("；"),
        line.minimum.to_string(),
        needed.map(age::exact).unwrap_or_default(),
    ];
    let inputs = with_limits(lang, index, one_line(lang, index)).into_iter().zip(values);
    inputs.map(|(input, value)| input.value(value)).collect()
}

/// Reads the page, and says all that is wrong with it before anything is done.
pub(super) fn read(fields: &Fields, name: &str) -> Result<wire::AmendRequestRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let (context, expected_version) = (sent.context(), sent.number("version"));
    let is_there =
        |index: &usize| !fields.first(&at(*index, "number")).is_empty() || says_something(fields, *index);
    let places: Vec<usize> = (0..MOST_LINES + MORE).filter(is_there).collect();
    let lines = places.iter().map(|index| line(&mut sent, fields, *index)).collect();
    let contact = wire::DutyContact {
        name: sent.text("request.contact.name"),
        phone: sent.text("request.contact.phone"),
        duty: sent.text("request.contact.duty"),
    };
    let request = wire::MutualAidRequest {
        name: name.to_owned(),
        priority: sent.term("request.priority", |priority: Priority| priority.to_wire().into()),
        title: sent.text("request.title"),
        description: sent.text("request.description"),
        place: place(&mut sent, fields),
        contact: Some(contact),
        lines,
        ..wire::MutualAidRequest::default()
    };
    let mut wrong = sent.into_wrong();
    // Only what it finds wrong is wanted here; the desk reads it again.
    drop(WrittenRequest::read("request", request.clone(), true, &mut wrong));
    let message = wire::AmendRequestRequest { context, request: Some(request), expected_version };
    wrong.finish(|| Some(message)).map_err(|refusal| at_their_inputs(refusal, &places))
}

fn line(sent: &mut Sent<'_>, fields: &Fields, index: usize) -> wire::NeedLine {
    let number = sent.small(&at(index, "number"));
    let line = read_line(sent, fields, index);
    // A line that is taken back needs no least amount.
    let minimum = if line.requested == 0 { 0 } else { sent.number(&at(index, "minimum")) };
    wire::NeedLine { number, minimum, needed_by: needed(sent, fields, index).map(time_to_wire), ..line }
}

/// When the line must be met: as typed, but to the second when the minute that is shown was left as it was.
fn needed(sent: &mut Sent<'_>, fields: &Fields, index: usize) -> Option<Timestamp> {
    let name = at(index, "needed_by");
    let typed = fields.first(&name);
    if typed.is_empty() {
        return None;
    }
    let was: Option<Timestamp> = fields.first(&at(index, "needed_was")).parse().ok();
    was.filter(|was| age::exact(*was) == typed).or_else(|| sent.moment(&name))
}

/// Where to come to; none when nothing is said: the incident's place.
fn place(sent: &mut Sent<'_>, fields: &Fields) -> Option<wire::Location> {
    let names = ["request.place.address", "request.place.latitude", "request.place.longitude"];
    let is_said = names.iter().any(|name| !fields.first(name).is_empty());
    is_said.then(|| wire::Location {
        address: sent.text(names[0]),
        latitude: sent.degrees(names[1]),
        longitude: sent.degrees(names[2]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> wire::MutualAidRequest {
        let line = |number, what: &str| wire::NeedLine {
            number,
            resource_kind: "vehicle".to_owned(),
            what: what.to_owned(),
            requested: 2,
            minimum: 1,
            unit: "1".to_owned(),
            capabilities: vec!["举高".to_owned(), "AFFF".to_owned()],
            needed_by: Some(time_to_wire("2026-11-22T04:05:09Z".parse().unwrap())),
            ..wire::NeedLine::default()
        };
        let contact =
            wire::DutyContact { name: "李工".into(), phone: "13900000000".into(), duty: String::new() };
        wire::MutualAidRequest {
            name: "requests/x".to_owned(),
            version: 3,
            priority: Priority::P2.to_wire().into(),
            title: "需要吊车".to_owned(),
            contact: Some(contact),
            lines: vec![line(1, "汽车吊"), line(2, "防爆泵")],
            ..wire::MutualAidRequest::default()
        }
    }

    fn typed(request: &wire::MutualAidRequest) -> Fields {
        let inputs = request_inputs(Lang::Zh, request).into_iter();
        let inputs = inputs.chain(line_inputs(Lang::Zh, request).into_iter().flatten());
        let fields = inputs.fold(Fields::default(), |fields, input| fields.and(&input.name, &input.value));
        let fields =
            hidden(request).into_iter().fold(fields, |fields, (name, value)| fields.and(&name, &value));
        fields.and("version", "3").and("key", "k")
    }

    #[test]
    fn a_page_that_nobody_touched_says_what_the_request_says() {
        let request = request();
        let read = read(&typed(&request), "requests/x").unwrap();
        assert_eq!(read.expected_version, 3);
        let said = read.request.unwrap();
        assert_eq!((said.lines, said.priority, said.place), (request.lines, request.priority, None));
    }

    #[test]
    fn a_line_is_taken_back_added_and_what_is_wrong_stands_at_its_input() {
        let set = |fields: Fields, name: &str, value: &str| fields.without(name).and(name, value);
        let fields = [
            ("request.lines[0].requested", "0"),
            ("request.lines[3].what", "沙袋"),
            ("request.lines[3].requested", "40"),
            ("request.lines[3].unit", "袋"),
        ];
        let fields = fields.iter().fold(typed(&request()), |fields, (name, value)| set(fields, name, value));
        let wrong = read(&fields, "requests/x").unwrap_err();
        let names: Vec<_> = wrong.violations.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(names, ["request.lines[3].unit"], "the third is empty, so it is the third that is wrong");
        let read = read(&set(fields, "request.lines[3].unit", "1"), "requests/x").unwrap();
        let lines = read.request.unwrap().lines;
        assert_eq!((lines.len(), lines[0].requested, lines[0].minimum, lines[2].number), (3, 0, 0, 0));
    }
}
