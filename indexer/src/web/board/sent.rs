//! What a form of the board says, as a message of the contract. Pure. What is wrong with it is said by the same code that
//! reads the message from a program; only what is no number or no term at all is noted here.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use shouwang_pages::Fields;
use shouwang_proto::{
    mutual_aid::term::{Basis, Channel, Payer, UnknownTerm},
    publication::time_to_wire,
    refusal::{Refusal, Violations},
    wire::{self, assignment_action::Action},
};

use super::verb::Verb;

/// A form, and what is wrong with it so far.
pub(super) struct Sent<'a> {
    fields: &'a Fields,
    wrong: Violations,
}

impl<'a> Sent<'a> {
    pub(super) fn new(fields: &'a Fields) -> Self {
        Self { fields, wrong: Violations::new() }
    }

    /// The message, if everything could be read.
    pub(super) fn finish<T>(self, message: T) -> Result<T, Refusal> {
        self.wrong.finish(|| Some(message))
    }

    /// What is wrong so far, for whoever looks further.
    pub(super) fn into_wrong(self) -> Violations {
        self.wrong
    }

    /// The value, or none and a note of what is wrong.
    pub(super) fn check<T>(&mut self, name: &str, read: Result<T, &str>) -> Option<T> {
        self.wrong.check(name, read)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.fields.first(name).to_owned()
    }

    /// A whole number; 0 when nothing is there.
    pub(super) fn number(&mut self, name: &str) -> u64 {
        let written = self.fields.first(name);
        if written.is_empty() {
            return 0;
        }
        let read = written.parse().map_err(|_| "must be a whole number （须为整数）");
        self.wrong.check(name, read).unwrap_or_default()
    }

    pub(super) fn small(&mut self, name: &str) -> u32 {
        let number = self.number(name);
        let read = u32::try_from(number).map_err(|_| "is too large （数值过大）");
        self.wrong.check(name, read).unwrap_or_default()
    }

    /// Minutes as seconds.
    pub(super) fn minutes(&mut self, name: &str) -> u32 {
        let minutes = self.small(name);
        let read = minutes.checked_mul(60).ok_or("is too large （数值过大）");
        self.wrong.check(name, read).unwrap_or_default()
    }

    /// Degrees, or another number with a point; 0 when nothing is there, which is then noted.
    pub(super) fn degrees(&mut self, name: &str) -> f64 {
        let read =
            self.fields.first(name).parse().map_err(|_| "must be degrees such as 31.29834 （须为度数）");
        self.wrong.check(name, read).unwrap_or_default()
    }

    /// An amount in yuan, as fen.
    fn fen(&mut self, name: &str) -> u64 {
        let written = self.fields.first(name);
        let (yuan, fen) = written.split_once('.').unwrap_or((written, ""));
        let fen = match fen.len() {
            0 => Ok(0),
            1 => fen.parse::<u64>().map(|fen| fen * 10),
            2 => fen.parse::<u64>(),
            _ => "x".parse::<u64>(),
        };
        let whole = yuan.parse::<u64>().ok().and_then(|yuan| yuan.checked_mul(100)).zip(fen.ok());
        let whole = whole.and_then(|(yuan, fen)| yuan.checked_add(fen));
        let read = whole.ok_or("must be an amount such as 1200.50 （须为金额，例如 1200.50）");
        self.wrong.check(name, read).unwrap_or_default()
    }

    /// The number of a term on the wire; 0 when it is none, which is then noted.
    pub(super) fn term<T: std::str::FromStr<Err = UnknownTerm>>(
        &mut self,
        name: &str,
        wire: impl Fn(T) -> i32,
    ) -> i32 {
        self.wrong.check(name, self.fields.first(name).parse::<T>()).map_or(0, wire)
    }

    /// When the page was made, with which the form keeps its meaning when it is sent again.
    pub(super) fn made(&mut self) -> Option<Timestamp> {
        let made = self.fields.first("made").parse().ok();
        let made = made.and_then(|made| Timestamp::from_millisecond(made).ok());
        self.wrong.check("made", made.ok_or("is no time （时间无效）"))
    }

    /// Day and time in China, as pages show them: `2026-11-22 12:05`.
    pub(super) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let written = DateTime::strptime("%Y-%m-%d %H:%M", self.fields.first(name)).ok();
        let moment = written.and_then(|written| jiff::tz::offset(8).to_timestamp(written).ok());
        self.wrong.check(name, moment.ok_or("must be such as 2026-11-22 12:05 （格式如 2026-11-22 12:05）"))
    }

    /// Which attempt it is, and through what the word came.
    pub(super) fn context(&mut self) -> Option<wire::ChangeContext> {
        let channel = if self.fields.first("channel").is_empty() {
            0
        } else {
            self.term("channel", |channel: Channel| channel.to_wire().into())
        };
        let request_id = self.text("key");
        Some(wire::ChangeContext { request_id, channel, ..wire::ChangeContext::default() })
    }

    pub(super) fn basis(&mut self) -> i32 {
        self.term("basis", |basis: Basis| basis.to_wire().into())
    }
}

/// What the machine calls an owner: `members/{member}` of a resource's name.
pub(super) fn owner(resource: &str) -> String {
    resource.split_once("/publications/").map_or_else(String::new, |(owner, _)| owner.to_owned())
}

/// An order for the request.
pub(super) fn order(fields: &Fields, request: &str) -> Result<wire::OrderRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let message = wire::OrderRequest {
        context: sent.context(),
        request: request.to_owned(),
        line: sent.small("line"),
        resource: sent.text("resource"),
        quantity: sent.number("quantity"),
        basis: sent.basis(),
        expected_version: sent.number("version"),
        overcommit: fields.first("overcommit") == "1",
        eta_seconds: sent.small("eta"),
        preempt: fields.all("preempt"),
        preempt_reason: sent.text("preempt_reason"),
        ..wire::OrderRequest::default()
    };
    sent.finish(message)
}

/// A question to the owner of a candidate.
pub(super) fn solicit(fields: &Fields, request: &str) -> Result<wire::SolicitRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let message = wire::SolicitRequest {
        context: sent.context(),
        request: request.to_owned(),
        line: sent.small("line"),
        resources: vec![sent.text("resource")],
        quantity: sent.number("quantity"),
        expected_version: sent.number("version"),
    };
    sent.finish(message)
}

/// What was learnt.
pub(super) fn review(fields: &Fields, request: &str) -> Result<wire::ReviewRequestRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let lessons = fields.first("lessons").lines().map(str::trim).filter(|line| !line.is_empty());
    let review = wire::Review {
        text: sent.text("text"),
        lessons: lessons.map(str::to_owned).collect(),
        review_time: None,
    };
    let message = wire::ReviewRequestRequest {
        context: sent.context(),
        name: request.to_owned(),
        expected_version: sent.number("version"),
        review: Some(review),
    };
    sent.finish(message)
}

/// What was done of a task.
pub(super) fn task(fields: &Fields) -> Result<wire::CompleteTaskRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let message = wire::CompleteTaskRequest {
        context: sent.context(),
        name: sent.text("task"),
        who: sent.text("who"),
        note: sent.text("note"),
        not_reached: fields.first("reached") == "0",
    };
    sent.finish(message)
}

/// That an authority was told, added to what is known of the incident. Sent twice it says the same.
pub(super) fn report(
    fields: &Fields,
    incident: wire::Incident,
) -> Result<wire::UpdateIncidentRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let told = wire::AuthorityReport {
        authority: sent.text("authority"),
        report_time: sent.moment("report_time").map(time_to_wire),
        note: sent.text("note"),
    };
    let is_known = incident.reports.contains(&told);
    let expected_version = incident.version - u64::from(is_known);
    let mut reports = incident.reports;
    reports.retain(|known| *known != told);
    reports.push(told);
    let known = wire::Incident {
        name: incident.name,
        mode: incident.mode,
        title: incident.title,
        place: incident.place,
        accident_type: incident.accident_type,
        accident_level: incident.accident_level,
        substances: incident.substances,
        casualties: incident.casualties,
        description: incident.description,
        member: incident.member,
        reports,
        ..wire::Incident::default()
    };
    let context = sent.context();
    sent.finish(wire::UpdateIncidentRequest { context, incident: Some(known), expected_version })
}

/// What was done with, or reported of, an assignment.
pub(super) fn act(
    fields: &Fields,
    assignment: &str,
    resource: &str,
) -> Result<wire::ActOnAssignmentRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let verb = Verb::of_code(fields.first("verb"))
        .ok_or_else(|| Refusal::field("verb", "is no such action （没有这个操作）"))?;
    let action = action(&mut sent, verb);
    let on_behalf_of = if verb.is_owners() { owner(resource) } else { String::new() };
    let context = sent.context().map(|context| wire::ChangeContext { on_behalf_of, ..context });
    let version = sent.number("version");
    let epoch = sent.number("epoch");
    let message = wire::ActOnAssignmentRequest {
        context,
        action: Some(wire::AssignmentAction {
            assignment: assignment.to_owned(),
            epoch,
            action: Some(action),
        }),
        expected_version: if verb.is_decision() { version } else { 0 },
    };
    sent.finish(message)
}

fn action(sent: &mut Sent<'_>, verb: Verb) -> Action {
    let (note, reason) = (sent.text("note"), sent.text("reason"));
    let no = || wire::DeclineAction { reason: reason.clone(), note: note.clone() };
    let told = || wire::ReportAction { note: note.clone() };
    match verb {
        Verb::Offer => Action::Offer(wire::OfferAction {
            quantity: sent.number("quantity"),
            eta_seconds: sent.minutes("eta_seconds"),
            conditions: sent.text("conditions"),
            valid_seconds: 0,
        }),
        Verb::Decline => Action::Decline(no()),
        Verb::Refuse => Action::Refuse(no()),
        Verb::Withdraw => Action::Withdraw(no()),
        Verb::Confirm => {
            let (name, phone) = (sent.text("name"), sent.text("phone"));
            let is_named = !(name.is_empty() && phone.is_empty());
            let lead = is_named.then(|| wire::DutyContact { name, phone, duty: String::new() });
            Action::Confirm(wire::ConfirmAction { eta_seconds: sent.minutes("eta_seconds"), lead })
        }
        Verb::Muster => Action::Muster(told()),
        Verb::Depart => Action::Depart(wire::DepartAction {
            eta_seconds: sent.minutes("eta_seconds"),
            head_count: sent.small("head_count"),
            note,
        }),
        Verb::Stage => Action::Stage(told()),
        Verb::Arrive => Action::Arrive(told()),
        Verb::Release => Action::Release(told()),
        Verb::Extend => {
            let longer = SignedDuration::from_secs(sent.minutes("until_time").into());
            let until = sent.made().and_then(|made| made.checked_add(longer).ok());
            Action::Extend(wire::ExtendAction { until_time: until.map(time_to_wire), note })
        }
        Verb::Recall => Action::Recall(wire::RecallAction { reason }),
        Verb::StandDown => Action::StandDown(wire::RecallAction { reason }),
        Verb::Return => Action::Return(wire::Return {
            returned: sent.number("returned"),
            consumed: sent.number("consumed"),
            damaged: sent.number("damaged"),
            note,
        }),
        Verb::Settle => Action::Settle(wire::Settlement {
            cost_fen: sent.fen("cost_fen"),
            payer: sent.term("payer", |payer: Payer| payer.to_wire().into()),
            basis: sent.basis(),
            note,
            agreed_by: Vec::new(),
        }),
        Verb::HeadCount => Action::HeadCount(wire::HeadCountAction { people: sent.small("people"), note }),
        Verb::Contact => {
            let lost = sent.fields.first("lost") == "1";
            Action::Contact(wire::ContactAction { lost, note })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRANE: &str = "members/hengrui-crane/publications/01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn a_form_that_is_sent_twice_says_the_same() {
        let fields = Fields::read(b"verb=extend&made=1700000000000&until_time=60&key=k&version=3&epoch=2");
        let once = act(&fields, "assignments/x", CRANE).unwrap();
        assert_eq!(once, act(&fields, "assignments/x", CRANE).unwrap());
        assert_eq!(once.expected_version, 0, "a fact is true whatever else has happened");
        let fields = Fields::read("authority=119&note=张&report_time=2026-11-22+12:05&key=k".as_bytes());
        let incident = wire::Incident { version: 4, title: "泄漏".into(), ..wire::Incident::default() };
        let first = report(&fields, incident).unwrap();
        let mut after = first.incident.clone().unwrap();
        (after.version, after.sequence) = (5, 9);
        assert_eq!(report(&fields, after).unwrap(), first);
    }

    #[test]
    fn an_owner_is_spoken_for_and_a_decision_names_its_version() {
        let fields = Fields::read(b"verb=confirm&key=k&version=3&epoch=2&channel=phone&eta_seconds=15");
        let said = act(&fields, "assignments/x", CRANE).unwrap();
        assert_eq!(said.context.as_ref().unwrap().on_behalf_of, "members/hengrui-crane");
        assert_eq!(said.context.unwrap().channel, i32::from(Channel::Phone.to_wire()));
        assert_eq!(said.expected_version, 3);
        let Some(Action::Confirm(confirm)) = said.action.unwrap().action else { panic!("another action") };
        assert_eq!((confirm.eta_seconds, confirm.lead), (900, None));
        let fields = Fields::read(b"verb=recall&key=k&version=3&reason=x");
        assert_eq!(act(&fields, "assignments/x", CRANE).unwrap().context.unwrap().on_behalf_of, "");
    }

    #[test]
    fn all_that_is_no_number_is_said_at_once() {
        let fields = Fields::read(b"verb=return&returned=many&consumed=-1&damaged=0&key=k");
        let wrong = act(&fields, "assignments/x", CRANE).unwrap_err().violations;
        let wrong: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(wrong, ["returned", "consumed"]);
        let settle = |cost: &str| {
            let fields = Fields::read(b"verb=settle&payer=owner&basis=agreement&key=k").and("cost_fen", cost);
            act(&fields, "assignments/x", CRANE).map(|said| said.action.unwrap().action.unwrap())
        };
        for (cost, fen) in [("1200.5", 120_050), ("0", 0), ("3.07", 307)] {
            let Ok(Action::Settle(settled)) = settle(cost) else { panic!("{cost}") };
            assert_eq!(settled.cost_fen, fen);
        }
        for cost in ["", "-1", "1.234", "x", "1.x"] {
            assert!(settle(cost).is_err(), "{cost}");
        }
    }
}
