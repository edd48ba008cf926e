//! Joint plans.

use shouwang_proto::wire::{ApplyPlanResponse, PlanGap, PlanLine, PlanLineResult, PlanProposal};

use super::{Look, amount, assignment, candidates, tail, when};
use crate::{render::table, words::Lang};

/// A proposal, compared with taking the best for each line in turn.
pub(crate) fn proposal(plan: &PlanProposal, look: Look) -> String {
    let headings = [
        look.say("号", "NO"),
        look.say("请求", "REQUEST"),
        look.say("行", "LINE"),
        look.say("资源", "RESOURCE"),
        look.say("单位", "OWNER"),
        look.say("数量", "QUANTITY"),
        look.say("到场", "ETA"),
        look.say("代价（秒）", "COST (s)"),
    ];
    let row = |line: &PlanLine| {
        let candidate = line.candidate.clone().unwrap_or_default();
        vec![
            line.number.to_string(),
            tail(&line.request).to_owned(),
            line.line.to_string(),
            candidate.title.clone(),
            candidate.member_display_name.clone(),
            amount(line.quantity, &candidate.unit),
            when::minutes(candidate.eta_seconds),
            candidates::cost(&candidate, look),
        ]
    };
    let unmet: u64 = plan.gaps.iter().map(|gap| gap.unmet).sum();
    let (age, cost) = (when::age(plan.create_time.as_ref(), look), plan.cost_seconds);
    let (greedy, greedy_unmet) = (plan.greedy_cost_seconds, plan.greedy_unmet);
    let name = &plan.name;
    let mut out = match look.lang {
        Lang::Zh => format!(
            "联合方案 {name}（{age}，尚未占用任何资源）\n代价 {cost} 秒，缺 {unmet}；逐行择优则 {greedy} 秒，缺 {greedy_unmet}"
        ),
        Lang::En => format!(
            "plan {name} ({age}; it holds nothing)\ncost {cost} s, {unmet} unmet; best for each line in turn: {greedy} s, {greedy_unmet} unmet"
        ),
    };
    if !plan.lines.is_empty() {
        out.push('\n');
        out.push_str(&table(&headings, plan.lines.iter().map(row).collect()));
    }
    for PlanGap { request, line, unmet } in &plan.gaps {
        let (gap, row) = (look.say("无法满足", "cannot be served"), look.say("行", "line"));
        out.push_str(&format!("\n{gap}: {} {row} {line}: {unmet}", tail(request)));
    }
    out
}

/// What became of each line.
pub(crate) fn applied(answer: &ApplyPlanResponse, look: Look) -> String {
    let one = |result: &PlanLineResult| match &result.assignment {
        Some(made) => format!("{}. ✓\n{}", result.line, assignment::one(made, look)),
        None => format!("{}. ✗ {}: {}", result.line, result.reason, result.detail),
    };
    answer.results.iter().map(one).collect::<Vec<_>>().join("\n\n")
}
