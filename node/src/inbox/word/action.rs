//! A word about an assignment.

use shouwang_proto::{
    publication::text::TextRule,
    refusal::Violations,
    wire::{self, assignment_action::Action},
};

use super::{NOTE_LENGTH, check_name, check_quantity, check_way, contact_of, note_of, term_of, time_of};

/// Most of a cost in fen.
const MOST_COST: u64 = 10_000_000_000_000;

/// Must it name the order that it answers?
pub(super) fn needs_epoch(action: &wire::AssignmentAction) -> bool {
    matches!(action.action, Some(Action::Confirm(_) | Action::Refuse(_)))
}

pub(super) fn read(
    field: &str,
    action: Option<wire::AssignmentAction>,
    wrong: &mut Violations,
) -> Option<wire::AssignmentAction> {
    let Some(wire::AssignmentAction { assignment, epoch, action }) = action else {
        wrong.add(field, "is required （必填）");
        return None;
    };
    check_name(&format!("{field}.assignment"), "assignments/", &assignment, wrong);
    let Some(action) = action else {
        wrong.add(format!("{field}.action"), "is required: what is said （必填：操作内容）");
        return None;
    };
    let action = Some(read_action(field, action, wrong));
    Some(wire::AssignmentAction { assignment, epoch, action })
}

fn read_action(field: &str, action: Action, wrong: &mut Violations) -> Action {
    let at = |name: &str| format!("{field}.{name}");
    match action {
        Action::Offer(offer) => Action::Offer(read_offer(&at("offer"), offer, wrong)),
        Action::Decline(no) => Action::Decline(read_decline(&at("decline"), no, wrong)),
        Action::Refuse(no) => Action::Refuse(read_decline(&at("refuse"), no, wrong)),
        Action::Withdraw(no) => Action::Withdraw(read_decline(&at("withdraw"), no, wrong)),
        Action::Confirm(yes) => Action::Confirm(read_confirm(&at("confirm"), yes, wrong)),
        Action::Muster(report) => Action::Muster(read_report(&at("muster"), &report, wrong)),
        Action::Stage(report) => Action::Stage(read_report(&at("stage"), &report, wrong)),
        Action::Arrive(report) => Action::Arrive(read_report(&at("arrive"), &report, wrong)),
        Action::Release(report) => Action::Release(read_report(&at("release"), &report, wrong)),
        Action::Depart(wire::DepartAction { eta_seconds, head_count, note }) => {
            check_way(&at("depart.eta_seconds"), eta_seconds, wrong);
            let note = note_of(&at("depart.note"), &note, wrong);
            Action::Depart(wire::DepartAction { eta_seconds, head_count, note })
        }
        Action::Extend(wire::ExtendAction { until_time, note }) => {
            let _ = time_of(&at("extend.until_time"), until_time.as_ref(), wrong);
            let note = note_of(&at("extend.note"), &note, wrong);
            Action::Extend(wire::ExtendAction { until_time, note })
        }
        Action::Recall(why) => Action::Recall(read_recall(&at("recall"), &why, wrong)),
        Action::StandDown(why) => Action::StandDown(read_recall(&at("stand_down"), &why, wrong)),
        Action::Return(wire::Return { returned, consumed, damaged, note }) => {
            let note = note_of(&at("return.note"), &note, wrong);
            Action::Return(wire::Return { returned, consumed, damaged, note })
        }
        Action::Settle(settlement) => Action::Settle(read_settlement(&at("settle"), settlement, wrong)),
        Action::HeadCount(wire::HeadCountAction { people, note }) => {
            let note = note_of(&at("head_count.note"), &note, wrong);
            Action::HeadCount(wire::HeadCountAction { people, note })
        }
        Action::Contact(contact) => {
            wrong.add(at("contact"), "is said by dispatchers at the hub only （仅由枢纽调度员操作）");
            Action::Contact(contact)
        }
    }
}

pub(super) fn read_offer(field: &str, offer: wire::OfferAction, wrong: &mut Violations) -> wire::OfferAction {
    let wire::OfferAction { quantity, eta_seconds, conditions, valid_seconds } = offer;
    check_quantity(&format!("{field}.quantity"), quantity, wrong);
    check_way(&format!("{field}.eta_seconds"), eta_seconds, wrong);
    let conditions = note_of(&format!("{field}.conditions"), &conditions, wrong);
    wire::OfferAction { quantity, eta_seconds, conditions, valid_seconds }
}

fn read_decline(field: &str, no: wire::DeclineAction, wrong: &mut Violations) -> wire::DeclineAction {
    let wire::DeclineAction { reason, note } = no;
    wire::DeclineAction {
        reason: term_of(&format!("{field}.reason"), "decline-reason", &reason, wrong),
        note: note_of(&format!("{field}.note"), &note, wrong),
    }
}

fn read_confirm(field: &str, yes: wire::ConfirmAction, wrong: &mut Violations) -> wire::ConfirmAction {
    let wire::ConfirmAction { eta_seconds, lead } = yes;
    check_way(&format!("{field}.eta_seconds"), eta_seconds, wrong);
    let lead = lead.map(|lead| contact_of(&format!("{field}.lead"), lead, wrong));
    wire::ConfirmAction { eta_seconds, lead }
}

fn read_report(field: &str, report: &wire::ReportAction, wrong: &mut Violations) -> wire::ReportAction {
    wire::ReportAction { note: note_of(&format!("{field}.note"), &report.note, wrong) }
}

fn read_recall(field: &str, why: &wire::RecallAction, wrong: &mut Violations) -> wire::RecallAction {
    let rule = TextRule { least: 1, ..TextRule::lines(NOTE_LENGTH) };
    wire::RecallAction { reason: rule.read(&format!("{field}.reason"), &why.reason, wrong) }
}

fn read_settlement(field: &str, settlement: wire::Settlement, wrong: &mut Violations) -> wire::Settlement {
    let wire::Settlement { cost_fen, payer, basis, note, agreed_by: _ } = settlement;
    if cost_fen > MOST_COST {
        wrong.add(format!("{field}.cost_fen"), "must be at most 10000000000000 fen （金额过大）");
    }
    if wire::Payer::try_from(payer).unwrap_or_default() == wire::Payer::Unspecified {
        wrong.add(format!("{field}.payer"), "is required: who bears the cost （必填：费用承担方）");
    }
    if wire::MissionBasis::try_from(basis).unwrap_or_default() == wire::MissionBasis::Unspecified {
        wrong
            .add(format!("{field}.basis"), "is required: command, agreement or voluntary （必填：出动依据）");
    }
    let note = note_of(&format!("{field}.note"), &note, wrong);
    wire::Settlement { cost_fen, payer, basis, note, agreed_by: Vec::new() }
}
