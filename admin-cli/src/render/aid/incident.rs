//! Incidents.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{Casualties, Incident, IncidentMode, ListIncidentsResponse},
};

use super::{Look, labels, more, owner, place, tail, when};
use crate::render::{facts, table};

/// Before everything that is not real.
pub(crate) fn mode_banner(mode: IncidentMode, look: Look) -> String {
    match mode {
        IncidentMode::Exercise | IncidentMode::Test => format!("【{}】", look.pick(mode.words())),
        IncidentMode::Actual | IncidentMode::Unspecified => String::new(),
    }
}

fn casualties(people: Option<&Casualties>, look: Look) -> String {
    let Some(Casualties { injured, missing, dead }) = people else { return String::new() };
    format!(
        "{} {injured} · {} {missing} · {} {dead}",
        look.say("受伤", "injured"),
        look.say("失联或被困", "missing"),
        look.say("死亡", "dead")
    )
}

/// One incident.
pub(crate) fn one(incident: &Incident, look: Look) -> String {
    let reports = incident.reports.iter().map(|report| {
        let note = if report.note.is_empty() { String::new() } else { format!(" {}", report.note) };
        format!("{} {}{note}", report.authority, when::clock(report.report_time.as_ref()))
    });
    let state = look.pick(incident.state().words());
    let halted = if incident.halted_by.is_empty() {
        String::new()
    } else {
        format!(" ← {}", tail(&incident.halted_by))
    };
    facts(&[
        (look.say("事件", "incident"), format!("{}{}", mode_banner(incident.mode(), look), incident.title)),
        (look.say("编号", "name"), incident.name.clone()),
        (look.say("状态", "state"), format!("{state}{halted}")),
        (look.say("致害类型", "type"), labels::term("hazard", &incident.accident_type, look.lang)),
        (look.say("事故等级", "level"), labels::term("accident-level", &incident.accident_level, look.lang)),
        (look.say("涉及物质", "substances"), incident.substances.join(" · ")),
        (look.say("地点", "place"), place(incident.place.as_ref())),
        (look.say("单位", "member"), owner(&incident.member).to_owned()),
        (look.say("伤亡", "people"), casualties(incident.casualties.as_ref(), look)),
        (look.say("发生", "happened"), when::clock_and_age(incident.occurred_at.as_ref(), look)),
        (look.say("建档", "opened"), when::clock_and_age(incident.open_time.as_ref(), look)),
        (look.say("结束", "closed"), when::clock_and_age(incident.close_time.as_ref(), look)),
        (look.say("已报告", "reported to"), reports.collect::<Vec<_>>().join(" · ")),
        (look.say("说明", "description"), incident.description.clone()),
        (look.say("版本", "version"), incident.version.to_string()),
    ])
}

/// A page of incidents.
pub(crate) fn list(page: &ListIncidentsResponse, look: Look) -> String {
    let headings = [
        look.say("编号", "NAME"),
        look.say("性质", "MODE"),
        look.say("状态", "STATE"),
        look.say("事件", "TITLE"),
        look.say("类型", "TYPE"),
        look.say("建档", "OPENED"),
    ];
    let row = |incident: &Incident| {
        vec![
            tail(&incident.name).to_owned(),
            look.pick(incident.mode().words()).to_owned(),
            look.pick(incident.state().words()).to_owned(),
            incident.title.clone(),
            labels::term("hazard", &incident.accident_type, look.lang),
            when::age(incident.open_time.as_ref(), look),
        ]
    };
    table(&headings, page.incidents.iter().map(row).collect()) + &more(&page.next_page_token, look)
}
