//! The page on which a dispatcher opens an incident with a first request, for somebody on the phone. Pure.
//!
//! Inputs are named by their path in the contract, so that what is wrong with a field stands beside it.

use jiff::Timestamp;
use shouwang_pages::{Fields, Lang, age};
use shouwang_proto::{
    mutual_aid::{
        incident::NewIncident,
        request::WrittenRequest,
        term::{Mode, Priority},
    },
    publication::time_to_wire,
    refusal::{Refusal, Violations},
    wire,
};

use super::{
    form::{Input, Kind},
    forms::{codes, terms},
    sent::Sent,
};

/// Lines that the page has. More are added by amending the request.
const LINES: usize = 3;

/// Path of a field of a line.
pub(super) fn at(index: usize, name: &str) -> String {
    format!("request.lines[{index}].{name}")
}

/// What the inputs begin with.
pub(super) struct Start {
    pub(super) now: Timestamp,
    /// Names and words of the members.
    pub(super) members: Vec<(String, String)>,
    /// The middle of the park, if anything is known of it.
    pub(super) middle: Option<(f64, f64)>,
}

/// The inputs about the incident without which nobody can be called.
pub(super) fn incident_inputs(lang: Lang, start: &Start) -> Vec<Input> {
    let input = |name, key: &str, kind| Input::new(lang, name, key, kind);
    let mut member = vec![(String::new(), lang.say("board.new.public").to_owned())];
    member.extend(start.members.iter().cloned());
    vec![
        input("incident.title", "board.new.title", Kind::Line).required(),
        input("incident.accident_type", "board.new.type", codes(lang, "hazard")).value("fire"),
        input("incident.place.address", "board.new.address", Kind::Line).required(),
        input("incident.member", "board.new.member", Kind::Choice(member)),
        input("incident.mode", "board.new.mode", terms(lang, Mode::ALL, Mode::code, Mode::labels))
            .value("actual"),
    ]
}

/// What may be corrected, or said later. None is marked as required: a browser does not lead to what is folded away.
pub(super) fn more_inputs(lang: Lang, start: &Start) -> Vec<Input> {
    let input = |name, key: &str, kind| Input::new(lang, name, key, kind);
    let (latitude, longitude) = match start.middle {
        Some((latitude, longitude)) => (format!("{latitude:.5}"), format!("{longitude:.5}")),
        None => (String::new(), String::new()),
    };
    let mut level = vec![(String::new(), lang.say("board.new.unknown").to_owned())];
    if let Kind::Choice(levels) = codes(lang, "accident-level") {
        level.extend(levels);
    }
    vec![
        input("incident.place.latitude", "board.new.latitude", Kind::Number).value(latitude),
        input("incident.place.longitude", "board.new.longitude", Kind::Number).value(longitude),
        input("incident.occurred_at", "board.new.occurred", Kind::Line).value(age::exact(start.now)),
        input("incident.accident_level", "board.new.level", Kind::Choice(level)),
        input("incident.casualties.injured", "board.new.injured", Kind::Number).value(0),
        input("incident.casualties.missing", "board.new.missing", Kind::Number).value(0),
        input("incident.casualties.dead", "board.new.dead", Kind::Number).value(0),
        input("incident.substances", "board.new.substances", Kind::Text),
        input("incident.description", "board.new.description", Kind::Text),
    ]
}

/// The inputs about the request, without its lines. The first one of a new incident may have its name.
pub(super) fn request_inputs(lang: Lang, start: &Start, is_first: bool) -> Vec<Input> {
    let input = |name, key: &str, kind| Input::new(lang, name, key, kind);
    let title = if is_first {
        input("request.title", "board.new.request-first", Kind::Line)
    } else {
        input("request.title", "board.new.request", Kind::Line).required()
    };
    let priority = terms(lang, Priority::ALL, Priority::code, Priority::labels);
    vec![
        input("request.requester", "board.new.requester", Kind::Choice(start.members.clone())).required(),
        input("request.priority", "board.new.priority", priority).value("p1"),
        title,
        input("request.contact.name", "board.new.contact", Kind::Line).required(),
        input("request.contact.phone", "board.new.phone", Kind::Line).required(),
        input("request.description", "board.new.description", Kind::Text),
    ]
}

/// The inputs of each line. The first one has to be filled in.
pub(super) fn line_inputs(lang: Lang) -> Vec<Vec<Input>> {
    let mut lines: Vec<_> = (0..LINES).map(|index| one_line(lang, index)).collect();
    for input in lines.iter_mut().take(1).flatten() {
        if input.name == at(0, "requested") {
            "1".clone_into(&mut input.value);
        }
        input.is_required = input.name == at(0, "what") || input.name == at(0, "requested");
    }
    lines
}

/// The inputs of one line, with nothing typed yet.
pub(super) fn one_line(lang: Lang, index: usize) -> Vec<Input> {
    let input = |name: &str, key: &str, kind| Input::new(lang, at(index, name), key, kind);
    vec![
        input("resource_kind", "board.new.kind", codes(lang, "resource-kind")).value("equipment"),
        input("what", "board.new.what", Kind::Line),
        input("requested", "board.field.quantity", Kind::Number),
        input("unit", "board.new.unit", Kind::Line).value("1"),
        input("capabilities", "board.new.capabilities", Kind::Line),
    ]
}

/// Inputs with what was typed and what is wrong with it.
pub(super) fn typed(lang: Lang, mut inputs: Vec<Input>, fields: &Fields, refusal: &Refusal) -> Vec<Input> {
    for input in &mut inputs {
        fields.first(&input.name).clone_into(&mut input.value);
        let wrong = refusal.violations.iter().find(|wrong| wrong.field == input.name);
        input.wrong = wrong.map_or_else(String::new, |wrong| lang.part(&wrong.description).to_owned());
    }
    inputs
}

/// What the page says: the incident, unless there is one already, and the request.
pub(super) struct Report {
    pub(super) incident: Option<wire::Incident>,
    pub(super) request: wire::MutualAidRequest,
}

/// Reads the page, and says all that is wrong with it before anything is done.
pub(super) fn read(fields: &Fields) -> Result<Report, Refusal> {
    let mut sent = Sent::new(fields);
    let is_known = !fields.first("incident").is_empty();
    let incident = (!is_known).then(|| incident(&mut sent, fields));
    let (lines, places) = lines(&mut sent, fields);
    let contact = wire::DutyContact {
        name: sent.text("request.contact.name"),
        phone: sent.text("request.contact.phone"),
        duty: String::new(),
    };
    let title = match (sent.text("request.title"), &incident) {
        (title, Some(incident)) if title.is_empty() => incident.title.clone(),
        (title, _) => title,
    };
    let request = wire::MutualAidRequest {
        requester: sent.text("request.requester"),
        priority: sent.term("request.priority", |priority: Priority| priority.to_wire().into()),
        title,
        description: sent.text("request.description"),
        contact: Some(contact),
        lines,
        ..wire::MutualAidRequest::default()
    };
    let mut wrong = sent.into_wrong();
    if let Some(incident) = &incident {
        // Only what it finds wrong is wanted here; the desk reads it again.
        drop(NewIncident::read("incident", incident.clone(), &mut wrong));
    }
    drop(WrittenRequest::read("request", request.clone(), false, &mut wrong));
    let report = Report { incident, request };
    wrong.finish(|| Some(report)).map_err(|refusal| at_their_inputs(refusal, &places))
}

fn incident(sent: &mut Sent<'_>, fields: &Fields) -> wire::Incident {
    let substances = fields.first("incident.substances").lines().map(str::trim);
    let place = wire::Location {
        latitude: sent.degrees("incident.place.latitude"),
        longitude: sent.degrees("incident.place.longitude"),
        address: sent.text("incident.place.address"),
    };
    let casualties = wire::Casualties {
        injured: sent.small("incident.casualties.injured"),
        missing: sent.small("incident.casualties.missing"),
        dead: sent.small("incident.casualties.dead"),
    };
    wire::Incident {
        mode: sent.term("incident.mode", |mode: Mode| mode.to_wire().into()),
        title: sent.text("incident.title"),
        place: Some(place),
        accident_type: sent.text("incident.accident_type"),
        accident_level: sent.text("incident.accident_level"),
        substances: substances.filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        casualties: Some(casualties),
        description: sent.text("incident.description"),
        member: sent.text("incident.member"),
        occurred_at: sent.moment("incident.occurred_at").map(time_to_wire),
        ..wire::Incident::default()
    }
}

/// The lines that say something, and at which place of the page each stands. The first one always counts.
fn lines(sent: &mut Sent<'_>, fields: &Fields) -> (Vec<wire::NeedLine>, Vec<usize>) {
    let says = |index: &usize| *index == 0 || says_something(fields, *index);
    let places: Vec<_> = (0..LINES).filter(says).collect();
    (places.iter().map(|index| read_line(sent, fields, *index)).collect(), places)
}

/// True when somebody has filled in the line.
pub(super) fn says_something(fields: &Fields, index: usize) -> bool {
    ["what", "requested"].iter().any(|name| !fields.first(&at(index, name)).is_empty())
}

/// What a line says.
pub(super) fn read_line(sent: &mut Sent<'_>, fields: &Fields, index: usize) -> wire::NeedLine {
    wire::NeedLine {
        resource_kind: sent.text(&at(index, "resource_kind")),
        what: sent.text(&at(index, "what")),
        requested: sent.number(&at(index, "requested")),
        unit: sent.text(&at(index, "unit")),
        capabilities: capabilities_of(fields.first(&at(index, "capabilities"))),
        ..wire::NeedLine::default()
    }
}

/// What it must be able to do, one after the other.
fn capabilities_of(written: &str) -> Vec<String> {
    let each = written.split([';', '；']).map(str::trim);
    each.filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// Where a line of the message stands on the page, when lines in between were left empty.
pub(super) fn at_their_inputs(refusal: Refusal, places: &[usize]) -> Refusal {
    let mut wrong = Violations::new();
    for violation in refusal.violations {
        let mut field = violation.field;
        for (index, place) in places.iter().enumerate().rev() {
            let (message, page) = (format!("request.lines[{index}]."), format!("request.lines[{place}]."));
            if let Some(rest) = field.strip_prefix(&message) {
                field = format!("{page}{rest}");
                break;
            }
        }
        wrong.add(field, violation.description);
    }
    wrong.into_refusal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_said_at_its_input_at_once() {
        let fields =
            Fields::read(b"request.lines[2].requested=many&request.priority=p9&incident.place.latitude=x");
        let refusal = read(&fields).err().unwrap();
        let wrong: Vec<_> = refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect();
        for field in [
            "incident.title",
            "incident.place.latitude",
            "incident.mode",
            "request.priority",
            "request.title",
            "request.lines[0].what",
            "request.lines[2].requested",
            "request.lines[2].what",
        ] {
            assert!(wrong.contains(&field), "{field} is not among {wrong:?}");
        }
        assert!(!wrong.iter().any(|field| field.starts_with("request.lines[1]")), "{wrong:?}");
        let start = Start { now: Timestamp::UNIX_EPOCH, members: Vec::new(), middle: None };
        let inputs = typed(Lang::Zh, more_inputs(Lang::Zh, &start), &fields, &refusal);
        let latitude = inputs.iter().find(|input| input.name == "incident.place.latitude").unwrap();
        assert!(latitude.value == "x" && !latitude.wrong.is_empty());
    }
}
