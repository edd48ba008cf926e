//! Requests with the gap of each line.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{FulfilmentState, LineFulfilment, ListRequestsResponse, MutualAidRequest, NeedLine},
};

use super::{Look, amount, contact, incident::mode_banner, labels, more, owner, place, tail, when};
use crate::render::{facts, table};

/// One request: facts, then its lines.
pub(crate) fn one(request: &MutualAidRequest, look: Look) -> String {
    let verified = if request.verified { "" } else { look.say("，待核实", ", not verified") };
    let state = look.pick(request.state().words());
    let mut out = facts(&[
        (look.say("请求", "request"), format!("{}{}", mode_banner(request.mode(), look), request.title)),
        (look.say("编号", "name"), request.name.clone()),
        (look.say("事件", "incident"), request.incident.clone()),
        (look.say("求援单位", "requester"), owner(&request.requester).to_owned()),
        (look.say("紧急程度", "priority"), look.pick(request.priority().words()).to_owned()),
        (look.say("状态", "state"), format!("{state}{verified}")),
        (look.say("原因", "reason"), request.reason.clone()),
        (look.say("并入", "merged into"), request.merged_into.clone()),
        (look.say("地点", "place"), place(request.place.as_ref())),
        (look.say("现场联系人", "contact"), request.contact.as_ref().map(contact).unwrap_or_default()),
        (look.say("提交", "submitted"), when::clock_and_age(request.submit_time.as_ref(), look)),
        (look.say("受理", "taken up"), when::clock_and_age(request.acknowledge_time.as_ref(), look)),
        (look.say("结束", "ended"), when::clock_and_age(request.end_time.as_ref(), look)),
        (look.say("说明", "description"), request.description.clone()),
        (look.say("复盘", "review"), review(request)),
        (look.say("版本", "version"), request.version.to_string()),
    ]);
    out.push_str("\n\n");
    out.push_str(&lines(request, look));
    out
}

fn review(request: &MutualAidRequest) -> String {
    let Some(review) = &request.review else { return String::new() };
    let mut parts = vec![review.text.clone()];
    parts.extend(review.lessons.iter().enumerate().map(|(index, lesson)| format!("{}. {lesson}", index + 1)));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// The lines with what is met and what is missing.
pub(crate) fn lines(request: &MutualAidRequest, look: Look) -> String {
    let headings = [
        look.say("行", "LINE"),
        look.say("需要", "NEED"),
        look.say("数量", "ASKED"),
        look.say("缺口", "MISSING"),
        look.say("落实", "MET"),
        look.say("意向", "OFFERED"),
        look.say("待确认", "HELD"),
        look.say("已确认", "COMMITTED"),
        look.say("途中", "UNDER WAY"),
        look.say("在场", "ON SCENE"),
        look.say("需到时间", "NEEDED BY"),
    ];
    let row = |line: &NeedLine| {
        let nothing = LineFulfilment {
            missing: line.requested,
            state: FulfilmentState::Open.into(),
            ..LineFulfilment::default()
        };
        let met = request.fulfilment.iter().find(|met| met.line == line.number).unwrap_or(&nothing);
        let least = match line.minimum {
            0 | 1 => String::new(),
            least => format!(" ({}{least})", look.say("至少", "least ")),
        };
        let over = match line.overcommitted {
            0 => String::new(),
            more => format!(" +{more}"),
        };
        vec![
            line.number.to_string(),
            what(line, look),
            format!("{}{least}{over}", amount(line.requested, &line.unit)),
            if met.missing == 0 { "—".to_owned() } else { amount(met.missing, &line.unit) },
            look.pick(met.state().words()).to_owned(),
            number(met.offered),
            number(met.held),
            number(met.committed),
            number(met.under_way),
            number(met.on_scene),
            when::age(line.needed_by.as_ref(), look),
        ]
    };
    table(&headings, request.lines.iter().map(row).collect())
}

fn number(count: u64) -> String {
    if count == 0 { "·".to_owned() } else { count.to_string() }
}

fn what(line: &NeedLine, look: Look) -> String {
    let kind = labels::term("resource-kind", &line.resource_kind, look.lang);
    let able = line.capabilities.join("、");
    if able.is_empty() { format!("{} [{kind}]", line.what) } else { format!("{} [{kind}] {able}", line.what) }
}

/// A page of requests.
pub(crate) fn list(page: &ListRequestsResponse, look: Look) -> String {
    let headings = [
        look.say("编号", "NAME"),
        look.say("紧急程度", "PRIORITY"),
        look.say("状态", "STATE"),
        look.say("请求", "TITLE"),
        look.say("求援单位", "REQUESTER"),
        look.say("缺口", "MISSING"),
        look.say("提交", "SUBMITTED"),
    ];
    let row = |request: &MutualAidRequest| {
        vec![
            tail(&request.name).to_owned(),
            look.pick(request.priority().words()).to_owned(),
            look.pick(request.state().words()).to_owned(),
            format!("{}{}", mode_banner(request.mode(), look), request.title),
            owner(&request.requester).to_owned(),
            gap(request),
            when::age(request.submit_time.as_ref(), look),
        ]
    };
    table(&headings, page.requests.iter().map(row).collect()) + &more(&page.next_page_token, look)
}

/// What is missing, by line: `1:2 2:500 L`.
pub(crate) fn gap(request: &MutualAidRequest) -> String {
    let missing = request.fulfilment.iter().filter(|met| met.missing > 0).map(|met| {
        let unit = request.lines.iter().find(|line| line.number == met.line).map_or("1", |line| &line.unit);
        format!("{}:{}", met.line, amount(met.missing, unit))
    });
    let missing: Vec<String> = missing.collect();
    if missing.is_empty() { "—".to_owned() } else { missing.join(" ") }
}
