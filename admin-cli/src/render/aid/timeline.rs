//! What happened, in order; what a watcher sees; whom the notices have reached.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{
        Delivery, ListDeliveriesResponse, ListTimelineResponse, NoticeDeliveryState, TimelineEntry,
        WatchRequestResponse,
    },
};

use super::{Look, assignment, incident, more, owner, request, when};
use crate::render::{table, time};

/// One entry in one line: when recorded, what, who through what, and when it happened if that was told late.
pub(crate) fn entry(entry: &TimelineEntry, look: Look) -> String {
    let text = look.say(&entry.text_zh, &entry.text_en);
    let text = if text.is_empty() { entry.event.as_str() } else { text };
    let mark = if entry.alarm { "‼ " } else { "" };
    let noted = if entry.noted_only { look.say("〔仅记录〕", "[noted] ") } else { "" };
    let behalf = match owner(&entry.on_behalf_of) {
        "" => String::new(),
        member => format!("{} {member} ", look.say("代", "for")),
    };
    let who = format!(
        "{behalf}{} · {} · {}",
        entry.actor,
        look.pick(entry.role().words()),
        look.pick(entry.channel().words())
    );
    let happened = match (time::read(entry.occurred_at.as_ref()), time::read(entry.recorded_at.as_ref())) {
        (Some(happened), Some(recorded)) if recorded.as_second() - happened.as_second() > 60 => {
            format!(" {} {}", look.say("发生于", "happened"), when::clock(entry.occurred_at.as_ref()))
        }
        _ => String::new(),
    };
    format!(
        "{:>4} {} {mark}{noted}{} ({who}){happened}",
        entry.sequence,
        when::clock(entry.recorded_at.as_ref()),
        crate::words::harmless(text)
    )
}

/// A page of the timeline.
pub(crate) fn list(page: &ListTimelineResponse, look: Look) -> String {
    let lines: Vec<String> = page.entries.iter().map(|one| entry(one, look)).collect();
    lines.join("\n") + &more(&page.next_page_token, look)
}

/// The first picture in full, then each change: what happened and how it stands now.
pub(crate) fn watched(change: &WatchRequestResponse, look: Look) -> String {
    let mut parts = Vec::new();
    match &change.entry {
        None => {
            parts.extend(change.incident.iter().map(|one| incident::one(one, look)));
            parts.extend(change.requests.iter().map(|one| request::one(one, look)));
            if !change.assignments.is_empty() {
                parts.push(assignment::rows(&change.assignments, look));
            }
        }
        Some(happened) => {
            parts.push(entry(happened, look));
            for request in &change.requests {
                let state = look.pick(request.state().words());
                let gap = request::gap(request);
                parts.push(format!("     {} {state} · {} {gap}", request.title, look.say("缺口", "missing")));
            }
        }
    }
    if !change.present.is_empty() {
        parts.push(format!("{}: {}", look.say("正在处理", "looking at it"), change.present.join("、")));
    }
    parts.join(if change.entry.is_some() { "\n" } else { "\n\n" })
}

/// Whom the notices of an incident have reached.
pub(crate) fn deliveries(page: &ListDeliveriesResponse, look: Look) -> String {
    let headings = [
        look.say("单位", "MEMBER"),
        look.say("内容", "NOTICE"),
        look.say("送达", "STATE"),
        look.say("时间", "SINCE"),
        look.say("联系不上时", "PHONE"),
    ];
    let row = |delivery: &Delivery| {
        let notice = delivery.notice.clone().unwrap_or_default();
        let arrived = matches!(
            delivery.state(),
            NoticeDeliveryState::Delivered | NoticeDeliveryState::Seen | NoticeDeliveryState::Answered
        );
        let phone = match (delivery.unreachable, arrived) {
            (true, _) => format!("{} {}", look.say("离线！", "AWAY"), delivery.phones.join("、")),
            (false, true) => String::new(),
            (false, false) => delivery.phones.join("、"),
        };
        let state = look.pick(delivery.state().words()).to_owned();
        vec![
            delivery.member_display_name.clone(),
            look.pick(notice.kind().words()).to_owned(),
            state,
            when::age(delivery.state_time.as_ref(), look),
            phone,
        ]
    };
    table(&headings, page.deliveries.iter().map(row).collect()) + &more(&page.next_page_token, look)
}
