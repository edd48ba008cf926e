//! The mission order (调令) on one page: plain text, and HTML to print. Every text of others is escaped.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{IncidentMode, MissionOrder},
};

use super::{Look, amount, assignment::basis, contact, labels, place, tail, when};
use crate::words::harmless;

/// The rows of the page: name and value; empty values are left out.
fn rows(order: &MissionOrder, look: Look) -> Vec<(&'static str, String)> {
    let incident = order.incident.clone().unwrap_or_default();
    let request = order.request.clone().unwrap_or_default();
    let assignment = order.assignment.clone().unwrap_or_default();
    let line = request.lines.first().cloned().unwrap_or_default();
    let come_to = request.place.as_ref().or(incident.place.as_ref());
    let hazard = labels::term("hazard", &incident.accident_type, look.lang);
    let mut rows = vec![
        (look.say("调令编号", "Order"), order.number.clone()),
        (look.say("事件", "Incident"), format!("{} [{hazard}]", incident.title)),
        (look.say("涉及物质", "Substances"), incident.substances.join("、")),
        (look.say("紧急程度", "Priority"), look.pick(request.priority().words()).to_owned()),
        (look.say("求援单位", "Requester"), order.requester_display_name.clone()),
        (look.say("支援单位", "Owner"), order.owner_display_name.clone()),
        (
            look.say("调派资源", "Resource"),
            format!("{} × {}", order.resource_title, amount(assignment.quantity, &assignment.unit)),
        ),
        (look.say("任务", "Task"), line.what.clone()),
        (look.say("能力要求", "Must be able to"), line.capabilities.join("、")),
        (look.say("到达地点", "Come to"), place(come_to)),
        (
            look.say("现场联系人", "Contact on the scene"),
            request.contact.as_ref().map(contact).unwrap_or_default(),
        ),
        (look.say("预计到场", "Expected"), when::clock_with_zone(assignment.arrival_time.as_ref())),
        (look.say("需要至", "Needed until"), when::clock_with_zone(assignment.until_time.as_ref())),
        (look.say("依据", "Basis"), basis(&assignment, look)),
        (look.say("协议", "Agreement"), tail(&assignment.agreement).to_owned()),
        (look.say("条件", "Conditions"), assignment.conditions.clone()),
        (
            look.say("签发", "Issued"),
            signed(&order.issued_by, &when::clock_with_zone(order.issue_time.as_ref())),
        ),
        (
            look.say("确认", "Confirmed"),
            signed(&order.confirmed_by, &when::clock_with_zone(order.confirm_time.as_ref())),
        ),
        (look.say("调派编号", "Assignment"), assignment.name),
    ];
    rows.retain(|(_, value)| !value.trim().is_empty());
    rows
}

fn signed(who: &str, when: &str) -> String {
    [who, when].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn title(order: &MissionOrder, look: Look) -> String {
    let mode = order.incident.as_ref().map_or(IncidentMode::Unspecified, |incident| incident.mode());
    let banner = super::incident::mode_banner(mode, look);
    format!("{banner}{}", look.say("应急互援调令", "Mutual aid mission order"))
}

/// As plain text.
pub(crate) fn text(order: &MissionOrder, look: Look) -> String {
    let rows = rows(order, look);
    let rows: Vec<(&str, String)> = rows.iter().map(|(name, value)| (*name, value.clone())).collect();
    let rule = "─".repeat(60);
    format!("{}\n{rule}\n{}\n{rule}\n{}", title(order, look), crate::render::facts(&rows), closing(look))
}

fn closing(look: Look) -> &'static str {
    look.say(
        "出发、到场、撤离、归队请即时报告；现场情况变化或人员受威胁时可随时撤回并报告。",
        "Report departure, arrival, leaving and return at once. You may withdraw at any time when your people are in danger.",
    )
}

const STYLE: &str = "\
@page{size:A4;margin:18mm}*{box-sizing:border-box}\
body{font:11pt/1.5 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif;color:#000;\
background:#fff;max-width:174mm;margin:0 auto}\
h1{font-size:20pt;text-align:center;margin:0 0 6mm;letter-spacing:.2em}\
table{width:100%;border-collapse:collapse}th,td{border:1px solid #000;padding:2mm 3mm;text-align:left;\
vertical-align:top;overflow-wrap:anywhere}th{width:32mm;white-space:nowrap;font-weight:600}\
.banner{border:2px solid #000;text-align:center;font-weight:700;padding:2mm;margin:0 0 4mm}\
.sign{display:flex;justify-content:space-between;margin-top:14mm}p{margin:4mm 0}";

/// As one page of HTML: no script, nothing loaded from elsewhere.
pub(crate) fn html(order: &MissionOrder, look: Look) -> String {
    let mode = order.incident.as_ref().map_or(IncidentMode::Unspecified, |incident| incident.mode());
    let banner = match mode {
        IncidentMode::Exercise | IncidentMode::Test => format!(
            "<div class=\"banner\">{}</div>\n",
            escape(&format!("{} — {}", look.pick(mode.words()), look.say("非实战", "not real")))
        ),
        IncidentMode::Actual | IncidentMode::Unspecified => String::new(),
    };
    let cells: String = rows(order, look)
        .iter()
        .map(|(name, value)| format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(name), escape(value)))
        .collect();
    let language = look.say("zh-CN", "en");
    let heading = escape(look.say("应急互援调令", "Mutual aid mission order"));
    let number = escape(&order.number);
    let (issuer, leader) = (look.say("签发人：", "Issued by:"), look.say("带队负责人：", "Team leader:"));
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{number}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{banner}<h1>{heading}</h1>\n\
         <table>\n{cells}</table>\n<p>{}</p>\n\
         <div class=\"sign\"><span>{issuer}________________</span><span>{leader}________________</span></div>\n\
         </body>\n</html>",
        escape(closing(look))
    )
}

/// Text that cannot become markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for shown in harmless(text).chars() {
        match shown {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(shown),
        }
    }
    out
}
