//! What is asked for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MOST_QUANTITY, id::LineNumber, term::Priority};
use crate::{
    publication::{
        DutyContact, Location, is_unit, read_time,
        text::{TextRule, read_code, read_lines},
        time_to_wire,
    },
    refusal::Violations,
    wire,
};

/// Most lines of a request.
pub const MOST_LINES: usize = 50;

/// What a request says, and what may be amended; see `mutual_aid.proto` for the limits of each field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// How much depends on time.
    pub priority: Priority,
    /// Title.
    pub title: String,
    /// In words.
    pub description: String,
    /// Where to come to; none: the incident's place.
    pub place: Option<Location>,
    /// Who is called back on the scene.
    pub contact: DutyContact,
}

/// One kind of thing that is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Code of the list `resource-kind`.
    pub resource_kind: String,
    /// What, in words.
    pub what: String,
    /// What it must be able to do.
    pub capabilities: Vec<String>,
    /// How much; 0 only when an amendment takes the line back.
    pub requested: u64,
    /// Less than this is of no use; 1 to `requested`.
    pub minimum: u64,
    /// UCUM unit.
    pub unit: String,
    /// When it must be there.
    pub needed_by: Option<Timestamp>,
}

/// A line as it is written: an amendment names the lines that exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenLine {
    /// The line, when it exists already.
    pub number: Option<LineNumber>,
    /// What is needed.
    pub need: Need,
}

/// A request as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenRequest {
    /// What it says.
    pub facts: RequestFacts,
    /// 1 to [`MOST_LINES`] lines.
    pub lines: Vec<WrittenLine>,
}

impl WrittenRequest {
    /// Reads the message of the field `field`; output-only fields, `incident` and `requester` are ignored. None when
    /// something is wrong, which is then noted. `amending` lets lines have numbers and be reduced to 0.
    #[must_use]
    pub fn read(
        field: &str,
        request: wire::MutualAidRequest,
        amending: bool,
        violations: &mut Violations,
    ) -> Option<Self> {
        let at = |name: &str| format!("{field}.{name}");
        let priority = violations.check(at("priority"), Priority::from_wire(request.priority));
        if !(1..=MOST_LINES).contains(&request.lines.len()) {
            violations
                .add(at("lines"), format!("must have 1 to {MOST_LINES} lines （须有 1–{MOST_LINES} 行）"));
        }
        let lines: Vec<_> = (request.lines.into_iter().take(MOST_LINES).enumerate())
            .filter_map(|(index, line)| {
                WrittenLine::read(&at(&format!("lines[{index}]")), line, amending, violations)
            })
            .collect();
        for (index, line) in lines.iter().enumerate() {
            if line.number.is_some() && lines.iter().take(index).any(|before| before.number == line.number) {
                violations.add(at(&format!("lines[{index}].number")), "is there twice （行号重复）");
            }
        }
        if request.contact.is_none() {
            violations.add(at("contact"), "is required （必填）");
        }
        let contact = request.contact.map(|contact| DutyContact::read(&at("contact"), contact, violations));
        let title = TextRule::line(1, 100).read(&at("title"), &request.title, violations);
        let description = TextRule::lines(2_000).read(&at("description"), &request.description, violations);
        let place = request.place.map(|place| Location::read(&at("place"), place, violations));
        let facts = RequestFacts { priority: priority?, title, description, place, contact: contact? };
        Some(Self { facts, lines })
    }
}

impl WrittenLine {
    fn read(field: &str, line: wire::NeedLine, amending: bool, violations: &mut Violations) -> Option<Self> {
        let number = if amending && line.number != 0 {
            let number = LineNumber::new(line.number);
            Some(violations.check(format!("{field}.number"), number.ok_or("is no line （行号无效）"))?)
        } else {
            None
        };
        let need = Need::read(field, line, number.is_some(), violations)?;
        Some(Self { number, need })
    }
}

impl Need {
    fn read(
        field: &str,
        line: wire::NeedLine,
        may_be_none: bool,
        violations: &mut Violations,
    ) -> Option<Self> {
        let wire::NeedLine {
            number: _,
            resource_kind,
            what,
            capabilities,
            requested,
            minimum,
            unit,
            needed_by,
            overcommitted: _,
        } = line;
        let at = |name: &str| format!("{field}.{name}");
        let least = u64::from(!may_be_none);
        if !(least..=MOST_QUANTITY).contains(&requested) {
            violations.add(
                at("requested"),
                format!("must be {least} to {MOST_QUANTITY} （须为 {least}–{MOST_QUANTITY}）"),
            );
        }
        if minimum > requested {
            violations.add(at("minimum"), "must be at most what is requested （不得超过需求数量）");
        }
        if !is_unit(&unit) {
            violations.add(at("unit"), "must be a UCUM unit such as 1, kg, L, m3 （须为 UCUM 单位）");
        }
        let needed_by = match needed_by {
            None => None,
            time @ Some(_) => Some(read_time(&at("needed_by"), time, violations)?),
        };
        let resource_kind = read_code(&at("resource_kind"), "resource-kind", &resource_kind, violations);
        let what = TextRule::line(1, 100).read(&at("what"), &what, violations);
        let capabilities = read_lines(&at("capabilities"), &capabilities, 16, 100, violations);
        let minimum = if requested == 0 { 0 } else { minimum.max(1) };
        Some(Self { resource_kind: resource_kind?, what, capabilities, requested, minimum, unit, needed_by })
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self, number: LineNumber, overcommitted: u64) -> wire::NeedLine {
        let Self { resource_kind, what, capabilities, requested, minimum, unit, needed_by } = self.clone();
        wire::NeedLine {
            number: number.get(),
            resource_kind,
            what,
            capabilities,
            requested,
            minimum,
            unit,
            needed_by: needed_by.map(time_to_wire),
            overcommitted,
        }
    }
}
