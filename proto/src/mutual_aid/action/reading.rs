//! Actions from the wire and back.

use super::{
    Account, Action, AssignmentAction, Claim, Confirm, ContactReport, Decline, Departure, Extension,
    HeadCount, Note, Offer, Reason,
};
use crate::{
    mutual_aid::{
        MOST_QUANTITY, MOST_SECONDS,
        id::AssignmentId,
        term::{Basis, DeclineReason, Payer},
    },
    publication::{DutyContact, read_time, text::TextRule, time_to_wire},
    refusal::Violations,
    wire::{self, assignment_action::Action as Wire},
};

/// Most a mission may cost, in CNY fen.
const MOST_FEN: u64 = 10_000_000_000_000;

const NOTE: TextRule = TextRule::lines(500);

impl AssignmentAction {
    /// Reads the message of the field `field`. None when something is wrong, which is then noted.
    #[must_use]
    pub fn read(field: &str, message: wire::AssignmentAction, violations: &mut Violations) -> Option<Self> {
        let wire::AssignmentAction { assignment, epoch, action } = message;
        let assignment =
            violations.check(format!("{field}.assignment"), AssignmentId::from_name(&assignment));
        let Some(action) = action else {
            violations.add(format!("{field}.action"), "is required （必填）");
            return None;
        };
        let action = Action::read(field, action, violations);
        Some(Self { assignment: assignment?, epoch, action: action? })
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::AssignmentAction {
        let Self { assignment, epoch, action } = self;
        wire::AssignmentAction {
            assignment: assignment.name(),
            epoch: *epoch,
            action: Some(action.to_wire()),
        }
    }
}

impl Action {
    fn read(field: &str, action: Wire, violations: &mut Violations) -> Option<Self> {
        let at = |name: &str| format!("{field}.{name}");
        Some(match action {
            Wire::Offer(offer) => Self::Offer(Offer::read(&at("offer"), offer, violations)?),
            Wire::Decline(no) => Self::Decline(Decline::read(&at("decline"), no, violations)?),
            Wire::Confirm(yes) => Self::Confirm(Confirm::read(&at("confirm"), yes, violations)),
            Wire::Refuse(no) => Self::Refuse(Decline::read(&at("refuse"), no, violations)?),
            Wire::Withdraw(no) => Self::Withdraw(Decline::read(&at("withdraw"), no, violations)?),
            Wire::Muster(note) => Self::Muster(Note::read(&at("muster"), &note, violations)),
            Wire::Depart(left) => Self::Depart(Departure::read(&at("depart"), &left, violations)),
            Wire::Stage(note) => Self::Stage(Note::read(&at("stage"), &note, violations)),
            Wire::Arrive(note) => Self::Arrive(Note::read(&at("arrive"), &note, violations)),
            Wire::Extend(longer) => Self::Extend(Extension::read(&at("extend"), &longer, violations)?),
            Wire::Recall(why) => Self::Recall(Reason::read(&at("recall"), &why, violations)),
            Wire::Release(note) => Self::Release(Note::read(&at("release"), &note, violations)),
            Wire::Return(home) => Self::Return(Account::read(&at("return"), &home, violations)),
            Wire::Settle(costs) => Self::Settle(Claim::read(&at("settle"), &costs, violations)?),
            Wire::HeadCount(count) => {
                let wire::HeadCountAction { people, note } = count;
                let note = NOTE.read(&at("head_count.note"), &note, violations);
                Self::HeadCount(HeadCount { people, note })
            }
            Wire::Contact(contact) => {
                let wire::ContactAction { lost, note } = contact;
                let note = NOTE.read(&at("contact.note"), &note, violations);
                Self::Contact(ContactReport { lost, note })
            }
            Wire::StandDown(why) => Self::StandDown(Reason::read(&at("stand_down"), &why, violations)),
        })
    }

    fn to_wire(&self) -> Wire {
        match self.clone() {
            Self::Offer(offer) => Wire::Offer(offer.to_wire()),
            Self::Decline(no) => Wire::Decline(no.to_wire()),
            Self::Confirm(Confirm { eta_seconds, lead }) => Wire::Confirm(wire::ConfirmAction {
                eta_seconds: eta_seconds.unwrap_or(0),
                lead: lead.as_ref().map(DutyContact::to_wire),
            }),
            Self::Refuse(no) => Wire::Refuse(no.to_wire()),
            Self::Withdraw(no) => Wire::Withdraw(no.to_wire()),
            Self::Muster(Note { note }) => Wire::Muster(wire::ReportAction { note }),
            Self::Depart(Departure { eta_seconds, head_count, note }) => Wire::Depart(wire::DepartAction {
                eta_seconds: eta_seconds.unwrap_or(0),
                head_count: head_count.unwrap_or(0),
                note,
            }),
            Self::Stage(Note { note }) => Wire::Stage(wire::ReportAction { note }),
            Self::Arrive(Note { note }) => Wire::Arrive(wire::ReportAction { note }),
            Self::Extend(Extension { until, note }) => {
                Wire::Extend(wire::ExtendAction { until_time: Some(time_to_wire(until)), note })
            }
            Self::Recall(Reason { reason }) => Wire::Recall(wire::RecallAction { reason }),
            Self::Release(Note { note }) => Wire::Release(wire::ReportAction { note }),
            Self::Return(account) => Wire::Return(account.to_wire()),
            Self::Settle(claim) => Wire::Settle(claim.to_wire()),
            Self::HeadCount(HeadCount { people, note }) => {
                Wire::HeadCount(wire::HeadCountAction { people, note })
            }
            Self::Contact(ContactReport { lost, note }) => Wire::Contact(wire::ContactAction { lost, note }),
            Self::StandDown(Reason { reason }) => Wire::StandDown(wire::RecallAction { reason }),
        }
    }
}

impl Offer {
    /// Reads the message of the field `field`. None when something is wrong, which is then noted.
    #[must_use]
    pub fn read(field: &str, offer: wire::OfferAction, violations: &mut Violations) -> Option<Self> {
        let wire::OfferAction { quantity, eta_seconds, conditions, valid_seconds } = offer;
        let quantity = read_quantity(&format!("{field}.quantity"), quantity, violations);
        let eta_seconds = read_seconds(&format!("{field}.eta_seconds"), eta_seconds, violations);
        let valid = read_seconds(&format!("{field}.valid_seconds"), valid_seconds, violations);
        let conditions = NOTE.read(&format!("{field}.conditions"), &conditions, violations);
        let valid_seconds = valid.filter(|seconds| *seconds > 0);
        Some(Self { quantity: quantity?, eta_seconds: eta_seconds?, conditions, valid_seconds })
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::OfferAction {
        let Self { quantity, eta_seconds, conditions, valid_seconds } = self.clone();
        wire::OfferAction { quantity, eta_seconds, conditions, valid_seconds: valid_seconds.unwrap_or(0) }
    }
}

impl Decline {
    fn read(field: &str, decline: wire::DeclineAction, violations: &mut Violations) -> Option<Self> {
        let wire::DeclineAction { reason, note } = decline;
        let note = NOTE.read(&format!("{field}.note"), &note, violations);
        let reason = violations.check(format!("{field}.reason"), reason.parse::<DeclineReason>())?;
        Some(Self { reason, note })
    }

    fn to_wire(&self) -> wire::DeclineAction {
        wire::DeclineAction { reason: self.reason.code().to_owned(), note: self.note.clone() }
    }
}

impl Confirm {
    fn read(field: &str, confirm: wire::ConfirmAction, violations: &mut Violations) -> Self {
        let wire::ConfirmAction { eta_seconds, lead } = confirm;
        let eta = read_seconds(&format!("{field}.eta_seconds"), eta_seconds, violations);
        Self {
            eta_seconds: eta.filter(|seconds| *seconds > 0),
            lead: lead.map(|lead| DutyContact::read(&format!("{field}.lead"), lead, violations)),
        }
    }
}

impl Note {
    fn read(field: &str, report: &wire::ReportAction, violations: &mut Violations) -> Self {
        Self { note: NOTE.read(&format!("{field}.note"), &report.note, violations) }
    }
}

impl Departure {
    fn read(field: &str, departure: &wire::DepartAction, violations: &mut Violations) -> Self {
        let wire::DepartAction { eta_seconds, head_count, note } = departure;
        let eta = read_seconds(&format!("{field}.eta_seconds"), *eta_seconds, violations);
        Self {
            eta_seconds: eta.filter(|seconds| *seconds > 0),
            head_count: (*head_count > 0).then_some(*head_count),
            note: NOTE.read(&format!("{field}.note"), note, violations),
        }
    }
}

impl Extension {
    fn read(field: &str, extension: &wire::ExtendAction, violations: &mut Violations) -> Option<Self> {
        let wire::ExtendAction { until_time, note } = extension;
        let note = NOTE.read(&format!("{field}.note"), note, violations);
        let until = read_time(&format!("{field}.until_time"), *until_time, violations)?;
        Some(Self { until, note })
    }
}

impl Reason {
    fn read(field: &str, recall: &wire::RecallAction, violations: &mut Violations) -> Self {
        let rule = TextRule { least: 1, ..NOTE };
        Self { reason: rule.read(&format!("{field}.reason"), &recall.reason, violations) }
    }
}

impl Account {
    fn read(field: &str, account: &wire::Return, violations: &mut Violations) -> Self {
        let wire::Return { returned, consumed, damaged, note } = account;
        for (name, quantity) in [("returned", *returned), ("consumed", *consumed), ("damaged", *damaged)] {
            if quantity > MOST_QUANTITY {
                violations.add(format!("{field}.{name}"), "is more than can be lent （数量过大）");
            }
        }
        let note = NOTE.read(&format!("{field}.note"), note, violations);
        Self { returned: *returned, consumed: *consumed, damaged: *damaged, note }
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::Return {
        let Self { returned, consumed, damaged, note } = self.clone();
        wire::Return { returned, consumed, damaged, note }
    }
}

impl Claim {
    fn read(field: &str, settlement: &wire::Settlement, violations: &mut Violations) -> Option<Self> {
        let wire::Settlement { cost_fen, payer, basis, note, agreed_by: _ } = settlement;
        if *cost_fen > MOST_FEN {
            violations.add(
                format!("{field}.cost_fen"),
                format!("must be at most {MOST_FEN} （最多 {MOST_FEN} 分）"),
            );
        }
        let note = NOTE.read(&format!("{field}.note"), note, violations);
        let payer = violations.check(format!("{field}.payer"), Payer::from_wire(*payer));
        let basis = violations.check(format!("{field}.basis"), Basis::from_wire(*basis));
        Some(Self { cost_fen: *cost_fen, payer: payer?, basis: basis?, note })
    }

    /// As on the wire, agreed by nobody yet.
    #[must_use]
    pub fn to_wire(&self) -> wire::Settlement {
        let Self { cost_fen, payer, basis, note } = self.clone();
        wire::Settlement {
            cost_fen,
            payer: payer.to_wire().into(),
            basis: basis.to_wire().into(),
            note,
            agreed_by: Vec::new(),
        }
    }
}

/// A quantity of something that is asked for, offered or ordered.
pub(in crate::mutual_aid) fn read_quantity(
    field: &str,
    quantity: u64,
    violations: &mut Violations,
) -> Option<u64> {
    if (1..=MOST_QUANTITY).contains(&quantity) {
        return Some(quantity);
    }
    violations.add(field, format!("must be 1 to {MOST_QUANTITY} （须为 1–{MOST_QUANTITY}）"));
    None
}

fn read_seconds(field: &str, seconds: u32, violations: &mut Violations) -> Option<u32> {
    if seconds <= MOST_SECONDS {
        return Some(seconds);
    }
    violations.add(field, format!("must be at most {MOST_SECONDS} seconds （最多 {MOST_SECONDS} 秒）"));
    None
}
