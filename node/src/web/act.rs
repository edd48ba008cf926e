//! What can be answered to a notice: its buttons, its fields, its words in the contract. Pure.

use shouwang_pages::{Fields, Lang, wrong::Wrong};
use shouwang_proto::{refusal::Violations, wire};
use wire::assignment_action::Action;

use super::{
    form,
    form_view::{Input, Maker, Shape},
};

/// Something that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// We can help.
    Offer,
    /// We cannot.
    Decline,
    /// Yes to the order.
    Confirm,
    /// No to the order.
    Refuse,
    /// We take it back.
    Withdraw,
    /// Getting ready.
    Muster,
    /// Departed.
    Depart,
    /// In the staging area.
    Stage,
    /// Arrived.
    Arrive,
    /// Everybody is well.
    HeadCount,
    /// Leaves the scene.
    Release,
    /// Home and counted.
    Return,
}

/// What somebody has just tried, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Of which assignment.
    pub assignment: String,
    /// What.
    pub act: Option<Act>,
    /// What was typed.
    pub typed: Fields,
    /// What is wrong.
    pub wrong: Wrong,
}

impl Act {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::Offer,
        Self::Decline,
        Self::Confirm,
        Self::Refuse,
        Self::Withdraw,
        Self::Muster,
        Self::Depart,
        Self::Stage,
        Self::Arrive,
        Self::HeadCount,
        Self::Release,
        Self::Return,
    ];

    /// As forms name it, and the contract.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Decline => "decline",
            Self::Confirm => "confirm",
            Self::Refuse => "refuse",
            Self::Withdraw => "withdraw",
            Self::Muster => "muster",
            Self::Depart => "depart",
            Self::Stage => "stage",
            Self::Arrive => "arrive",
            Self::HeadCount => "head_count",
            Self::Release => "release",
            Self::Return => "return",
        }
    }

    /// The act with this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    /// Key of its words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Offer => "aid.offer",
            Self::Decline => "aid.decline",
            Self::Confirm => "aid.confirm",
            Self::Refuse => "aid.refuse",
            Self::Withdraw => "aid.withdraw",
            Self::Muster => "aid.muster",
            Self::Depart => "aid.depart",
            Self::Stage => "aid.stage",
            Self::Arrive => "aid.arrive",
            Self::HeadCount => "aid.head-count",
            Self::Release => "aid.release",
            Self::Return => "aid.return",
        }
    }

    /// True for the answer that is hoped for: it takes one tap.
    #[must_use]
    pub fn is_main(self) -> bool {
        match self {
            Self::Offer | Self::Confirm | Self::Depart | Self::Arrive | Self::Release | Self::Return => true,
            Self::Decline | Self::Refuse | Self::Withdraw | Self::Muster | Self::Stage | Self::HeadCount => {
                false
            }
        }
    }

    fn path(self, field: &str) -> String {
        format!("action.{}.{field}", self.code())
    }

    /// The form before anybody types: so much is asked for or bound.
    #[must_use]
    pub fn blank(self, quantity: u64) -> Fields {
        let fields = Fields::default();
        match self {
            Self::Offer => {
                fields.and(&self.path("quantity"), &quantity.to_string()).and(&self.path("eta_seconds"), "30")
            }
            Self::Return => fields.and(&self.path("returned"), &quantity.to_string()),
            Self::Decline
            | Self::Confirm
            | Self::Refuse
            | Self::Withdraw
            | Self::Muster
            | Self::Depart
            | Self::Stage
            | Self::Arrive
            | Self::HeadCount
            | Self::Release => fields,
        }
    }

    /// Its fields. Times are said in minutes.
    #[must_use]
    pub fn inputs(self, lang: Lang, typed: &Fields, wrong: &Wrong) -> Vec<Input> {
        let maker = Maker { lang, typed, wrong };
        let input = |field: &str, key: &str, shape| maker.input(&self.path(field), key, shape);
        match self {
            Self::Offer => vec![
                maker.required(&self.path("quantity"), "aid.quantity", Shape::Number),
                maker.required(&self.path("eta_seconds"), "aid.eta", Shape::Number),
                input("conditions", "aid.conditions", Shape::Line),
            ],
            Self::Decline | Self::Refuse | Self::Withdraw => vec![
                Input {
                    is_required: true,
                    ..maker.terms(&self.path("reason"), "aid.reason", "decline-reason", Shape::Select)
                },
                input("note", "aid.note", Shape::Line),
            ],
            Self::Confirm => vec![
                input("lead.name", "aid.lead", Shape::Line),
                input("lead.phone", "node.phone", Shape::Phone),
            ],
            Self::Depart => vec![
                input("eta_seconds", "aid.eta", Shape::Number),
                input("head_count", "aid.people", Shape::Number),
            ],
            Self::HeadCount => vec![maker.required(&self.path("people"), "aid.people", Shape::Number)],
            Self::Return => vec![
                maker.required(&self.path("returned"), "aid.returned", Shape::Number),
                input("consumed", "aid.consumed", Shape::Number),
                input("damaged", "aid.damaged", Shape::Number),
            ],
            Self::Muster | Self::Stage | Self::Arrive | Self::Release => Vec::new(),
        }
    }

    /// What a form says, as the contract has it.
    pub fn read(self, fields: &Fields, wrong: &mut Violations) -> Action {
        let text = |field: &str| fields.first(&self.path(field)).to_owned();
        let decline = || wire::DeclineAction { reason: text("reason"), note: text("note") };
        let report = || wire::ReportAction { note: text("note") };
        let mut number = |field: &str| form::number::<u64>(&self.path(field), &text(field), wrong);
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        match self {
            Self::Offer => Action::Offer(wire::OfferAction {
                quantity: number("quantity"),
                eta_seconds: small(number("eta_seconds").saturating_mul(60)),
                conditions: text("conditions"),
                valid_seconds: 0,
            }),
            Self::Decline => Action::Decline(decline()),
            Self::Refuse => Action::Refuse(decline()),
            Self::Withdraw => Action::Withdraw(decline()),
            Self::Confirm => {
                let (name, phone) = (text("lead.name"), text("lead.phone"));
                let is_led = !(name.is_empty() && phone.is_empty());
                let lead = is_led.then(|| wire::DutyContact { name, phone, duty: String::new() });
                Action::Confirm(wire::ConfirmAction { eta_seconds: 0, lead })
            }
            Self::Muster => Action::Muster(report()),
            Self::Depart => Action::Depart(wire::DepartAction {
                eta_seconds: small(number("eta_seconds").saturating_mul(60)),
                head_count: small(number("head_count")),
                note: text("note"),
            }),
            Self::Stage => Action::Stage(report()),
            Self::Arrive => Action::Arrive(report()),
            Self::HeadCount => {
                let people = small(number("people"));
                Action::HeadCount(wire::HeadCountAction { people, note: text("note") })
            }
            Self::Release => Action::Release(report()),
            Self::Return => Action::Return(wire::Return {
                returned: number("returned"),
                consumed: number("consumed"),
                damaged: number("damaged"),
                note: text("note"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::mutual_aid::action::AssignmentAction;

    use super::*;

    #[test]
    fn every_act_is_read_as_the_contract_has_it() {
        for act in Act::ALL {
            assert_eq!(Act::of_code(act.code()), Some(act));
            let mut fields = act.blank(2);
            if matches!(act, Act::Decline | Act::Refuse | Act::Withdraw) {
                fields = fields.and(&act.path("reason"), "no-staff");
            }
            let mut wrong = Violations::new();
            let action = act.read(&fields, &mut wrong);
            let message = wire::AssignmentAction {
                assignment: "assignments/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a92".to_owned(),
                epoch: 1,
                action: Some(action),
            };
            let read = AssignmentAction::read("action", message, &mut wrong);
            assert!(read.is_some() && wrong.is_empty(), "{act:?}: {wrong:?}");
            for lang in Lang::ALL {
                assert!(lang.find(act.key()).is_some(), "{act:?}");
            }
        }
    }

    #[test]
    fn what_is_wrong_stands_at_a_field_that_is_shown() {
        for (act, field) in [(Act::Decline, "reason"), (Act::Offer, "quantity")] {
            let mut wrong = Violations::new();
            let action = act.read(&Fields::default(), &mut wrong);
            let message = wire::AssignmentAction {
                assignment: "assignments/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a92".to_owned(),
                epoch: 1,
                action: Some(action),
            };
            drop(AssignmentAction::read("action", message, &mut wrong));
            let refusal = wrong.into_refusal();
            let wrong = Wrong::of_refusal(Lang::Zh, &refusal);
            let inputs = act.inputs(Lang::Zh, &Fields::default(), &wrong);
            assert!(inputs.iter().any(|input| input.name == act.path(field) && !input.wrong.is_empty()));
        }
    }
}
