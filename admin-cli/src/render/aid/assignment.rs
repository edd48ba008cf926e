//! Assignments.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{
        ActOnAssignmentResponse, Assignment, ListAssignmentsResponse, MissionBasis, OrderResponse,
        Settlement, SolicitResponse,
    },
};

use super::{Look, amount, incident::mode_banner, labels, more, owner, tail, when};
use crate::render::{facts, table};

/// Overdue, lost contact, recall: what somebody has to look at.
fn flags(assignment: &Assignment, look: Look) -> String {
    let mut flags = Vec::new();
    if assignment.overdue {
        flags.push(look.say("逾期未到", "OVERDUE").to_owned());
    }
    if assignment.lost_contact {
        flags.push(look.say("失去联系", "LOST CONTACT").to_owned());
    }
    if !assignment.recall_reason.is_empty() {
        flags.push(format!("{}: {}", look.say("已召回", "RECALLED"), assignment.recall_reason));
    }
    if assignment.self_deployed {
        flags.push(look.say("自行出动", "self-deployed").to_owned());
    }
    if assignment.unsolicited {
        flags.push(look.say("主动支援", "unsolicited").to_owned());
    }
    flags.join(" · ")
}

fn state(assignment: &Assignment, look: Look) -> String {
    let state = look.pick(assignment.state().words());
    match when::age(assignment.state_time.as_ref(), look) {
        age if age.is_empty() => state.to_owned(),
        age => format!("{state} ({age})"),
    }
}

/// On what ground the aid is given; empty before an order says it.
pub(super) fn basis(assignment: &Assignment, look: Look) -> String {
    match assignment.basis() {
        MissionBasis::Unspecified => String::new(),
        ground @ (MissionBasis::Command | MissionBasis::Agreement | MissionBasis::Voluntary) => {
            look.pick(ground.words()).to_owned()
        }
    }
}

fn reason(assignment: &Assignment, look: Look) -> String {
    let said = labels::term("decline-reason", &assignment.reason, look.lang);
    [said.as_str(), assignment.reason_text.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

fn head_count(assignment: &Assignment, look: Look) -> String {
    match assignment.head_count {
        0 => String::new(),
        people => format!("{people} ({})", when::age(assignment.head_count_time.as_ref(), look)),
    }
}

fn home(assignment: &Assignment, look: Look) -> String {
    let Some(home) = &assignment.r#return else { return String::new() };
    let counted = format!(
        "{} {} · {} {} · {} {}",
        look.say("完好", "usable"),
        home.returned,
        look.say("消耗", "used up"),
        home.consumed,
        look.say("损坏", "damaged"),
        home.damaged
    );
    if home.note.is_empty() { counted } else { format!("{counted} · {}", home.note) }
}

fn costs(settlement: Option<&Settlement>, look: Look) -> String {
    let Some(settlement) = settlement else { return String::new() };
    let (yuan, fen) = (settlement.cost_fen / 100, settlement.cost_fen % 100);
    let payer = look.pick(settlement.payer().words());
    let agreed: Vec<&str> = settlement.agreed_by().map(|role| look.pick(role.words())).collect();
    format!("¥{yuan}.{fen:02} · {payer} · {}: {}", look.say("已认可", "agreed by"), agreed.join("、"))
}

/// One assignment.
pub(crate) fn one(assignment: &Assignment, look: Look) -> String {
    facts(&[
        (look.say("调派", "assignment"), assignment.name.clone()),
        (
            look.say("状态", "state"),
            format!("{}{}", mode_banner(assignment.mode(), look), state(assignment, look)),
        ),
        (look.say("注意", "flags"), flags(assignment, look)),
        (look.say("支援单位", "owner"), owner(&assignment.resource).to_owned()),
        (look.say("资源", "resource"), assignment.resource.clone()),
        (look.say("数量", "quantity"), amount(assignment.quantity, &assignment.unit)),
        (
            look.say("请求", "request"),
            format!("{} {} {}", assignment.request, look.say("行", "line"), assignment.line),
        ),
        (look.say("命令序号", "epoch"), assignment.epoch.to_string()),
        (look.say("依据", "basis"), basis(assignment, look)),
        (look.say("协议", "agreement"), assignment.agreement.clone()),
        (look.say("条件", "conditions"), assignment.conditions.clone()),
        (look.say("原因", "reason"), reason(assignment, look)),
        (look.say("答复期限", "answer by"), when::clock_and_age(assignment.expire_time.as_ref(), look)),
        (look.say("预计到场", "expected"), when::clock_and_age(assignment.arrival_time.as_ref(), look)),
        (look.say("需要至", "needed until"), when::clock_and_age(assignment.until_time.as_ref(), look)),
        (look.say("清点人数", "head count"), head_count(assignment, look)),
        (look.say("归还", "came home"), home(assignment, look)),
        (look.say("费用", "costs"), costs(assignment.settlement.as_ref(), look)),
        (look.say("版本", "version"), assignment.version.to_string()),
    ])
}

/// A table of assignments.
pub(crate) fn rows(assignments: &[Assignment], look: Look) -> String {
    let headings = [
        look.say("编号", "NAME"),
        look.say("行", "LINE"),
        look.say("支援单位", "OWNER"),
        look.say("数量", "QUANTITY"),
        look.say("状态", "STATE"),
        look.say("预计到场", "EXPECTED"),
        look.say("注意", "FLAGS"),
    ];
    let row = |assignment: &Assignment| {
        vec![
            tail(&assignment.name).to_owned(),
            assignment.line.to_string(),
            owner(&assignment.resource).to_owned(),
            amount(assignment.quantity, &assignment.unit),
            state(assignment, look),
            when::age(assignment.arrival_time.as_ref(), look),
            flags(assignment, look),
        ]
    };
    table(&headings, assignments.iter().map(row).collect())
}

/// A page of assignments.
pub(crate) fn list(page: &ListAssignmentsResponse, look: Look) -> String {
    rows(&page.assignments, look) + &more(&page.next_page_token, look)
}

/// Whom a solicitation asked.
pub(crate) fn solicited(answer: &SolicitResponse, look: Look) -> String {
    rows(&answer.assignments, look)
}

/// What an order made, and what it was taken from.
pub(crate) fn ordered(answer: &OrderResponse, look: Look) -> String {
    let mut out = answer.assignment.as_ref().map(|made| one(made, look)).unwrap_or_default();
    if !answer.preempted.is_empty() {
        out.push_str(&format!("\n\n{}\n", look.say("由以下调派让出：", "taken from:")));
        out.push_str(&rows(&answer.preempted, look));
    }
    out
}

/// What became of an action.
pub(crate) fn acted(answer: &ActOnAssignmentResponse, look: Look) -> String {
    let outcome = look.pick(answer.outcome().words());
    let reason = if answer.reason.is_empty() { String::new() } else { format!(" ({})", answer.reason) };
    let rest = answer.assignment.as_ref().map(|now| one(now, look)).unwrap_or_default();
    format!("{outcome}{reason}\n{rest}")
}
