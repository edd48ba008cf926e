//! Who could help: cost in seconds split in its parts, and in words why the others cannot.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{Candidate, ExcludedResource, ListCandidatesResponse},
};

use super::{Look, amount, tail, when};
use crate::{
    render::table,
    words::{Lang, harmless},
};

/// Cost with its parts: `415 = 集结 300 + 路程 95 + 过门岗 20`.
pub(crate) fn cost(candidate: &Candidate, look: Look) -> String {
    let part = |part: &shouwang_proto::wire::CostPart| {
        format!("{} {}", look.pick(part.kind().words()), part.seconds)
    };
    let parts: Vec<String> = candidate.parts.iter().map(part).collect();
    if parts.is_empty() {
        return candidate.cost_seconds.to_string();
    }
    format!("{} = {}", candidate.cost_seconds, parts.join(" + "))
}

fn travel(candidate: &Candidate, look: Look) -> String {
    let basis = look.pick(candidate.travel_basis().words());
    match candidate.distance_metres {
        0 => basis.to_owned(),
        metres => format!("{:.1} km {basis}", f64::from(metres) / 1_000.0),
    }
}

fn notes(candidate: &Candidate, look: Look) -> String {
    let mut notes = Vec::new();
    if candidate.pre_authorised {
        notes.push(look.say("即调", "pre-authorised").to_owned());
    }
    if !candidate.connected {
        let phone = candidate.duty_contacts.first().map(super::contact).unwrap_or_default();
        notes.push(format!("{} {phone}", look.say("离线，电话", "away, phone")));
    }
    notes.join(" · ")
}

/// The best candidates, and those excluded.
pub(crate) fn list(answer: &ListCandidatesResponse, look: Look) -> String {
    let headings = [
        "#",
        look.say("资源", "RESOURCE"),
        look.say("单位", "OWNER"),
        look.say("建议/可用", "TAKE/FREE"),
        look.say("到场", "ETA"),
        look.say("代价（秒）", "COST (s)"),
        look.say("路程", "WAY"),
        look.say("核实于", "CONFIRMED"),
        look.say("备注", "NOTES"),
        look.say("编号", "ID"),
    ];
    let row = |(index, candidate): (usize, &Candidate)| {
        let (take, free) = (candidate.quantity, amount(candidate.free, &candidate.unit));
        vec![
            (index + 1).to_string(),
            candidate.title.clone(),
            candidate.member_display_name.clone(),
            format!("{take}/{free}"),
            when::minutes(candidate.eta_seconds),
            cost(candidate, look),
            travel(candidate, look),
            when::age(candidate.confirm_time.as_ref(), look),
            notes(candidate, look),
            tail(&candidate.resource).to_owned(),
        ]
    };
    let (total, considered) = (answer.total, answer.considered);
    let mut out = match look.lang {
        Lang::Zh => format!("{considered} 项资源中 {total} 项可用"),
        Lang::En => format!("{total} of {considered} resources can serve"),
    };
    if !answer.candidates.is_empty() {
        out.push('\n');
        out.push_str(&table(&headings, answer.candidates.iter().enumerate().map(row).collect()));
    }
    if !answer.excluded.is_empty() {
        out.push_str(&format!(
            "\n\n{}\n{}",
            look.say("未列入：", "excluded:"),
            excluded(&answer.excluded, look)
        ));
    }
    out
}

fn excluded(resources: &[ExcludedResource], look: Look) -> String {
    let headings = [look.say("资源", "RESOURCE"), look.say("单位", "OWNER"), look.say("原因", "WHY NOT")];
    let row = |resource: &ExcludedResource| {
        let reasons: Vec<&str> = resource.reasons().map(|reason| look.pick(reason.words())).collect();
        let mut why = reasons.join("；");
        if !resource.detail.is_empty() {
            why.push_str(&format!(" ({})", harmless(&resource.detail)));
        }
        vec![resource.title.clone(), resource.member_display_name.clone(), why]
    };
    table(&headings, resources.iter().map(row).collect())
}
