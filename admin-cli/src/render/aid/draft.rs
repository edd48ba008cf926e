//! A practice for everybody, drafted from what happened: measured times, what happened when, what shall be done
//! differently. A person edits it before it is published; names of people and telephone numbers are left out.

use jiff::Timestamp;
use serde_json::{Value, json};
use shouwang_proto::{
    mutual_aid::term::Worded as _,
    vocabulary,
    wire::{Incident, IncidentMode, MutualAidRequest, RequestState, TimelineEntry},
};

use super::{owner, when};
use crate::render::time;

/// The first team is to be there within three minutes: the goal of neighbours who help before the fire brigade comes.
const ARRIVAL_GOAL: i64 = 180;
/// Most lines of the timeline in a practice.
const LINES: usize = 200;
/// Most characters of the title that the contract allows.
const TITLE: usize = 200;
/// Events that say nothing to somebody who was not there.
const QUIET: [&str; 4] = ["NOTICE_SEEN", "REACHED", "REQUEST_REVIEWED", "CLAIMED"];

/// Measured times in seconds from the call for help; none where it did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    acknowledged: Option<i64>,
    offered: Option<i64>,
    departed: Option<i64>,
    arrived: Option<i64>,
    ended: Option<i64>,
}

impl Measured {
    /// From the request and its timeline, oldest first.
    pub(crate) fn of(request: &MutualAidRequest, entries: &[TimelineEntry]) -> Self {
        let Some(called) = time::read(request.submit_time.as_ref()) else { return Self::default() };
        let since = |at: Option<Timestamp>| at.map(|at| (at.as_second() - called.as_second()).max(0));
        let first = |events: &[&str]| {
            let told = entries.iter().filter(|entry| {
                !entry.noted_only && entry.request == request.name && events.contains(&entry.event.as_str())
            });
            since(told.filter_map(|entry| time::read(entry.occurred_at.as_ref())).min())
        };
        Self {
            acknowledged: since(time::read(request.acknowledge_time.as_ref())),
            offered: first(&["OFFERED", "CONFIRMED", "PACKAGE_COMMITTED", "SELF_DEPLOYED"]),
            departed: first(&["DEPARTED", "SELF_DEPLOYED"]),
            arrived: first(&["ARRIVED"]),
            ended: since(time::read(request.end_time.as_ref())),
        }
    }

    fn words(self) -> String {
        let goal = match self.arrived {
            Some(seconds) if seconds <= ARRIVAL_GOAL => "，达到三分钟目标".to_owned(),
            Some(seconds) => format!("，比三分钟目标晚 {}", span(seconds - ARRIVAL_GOAL)),
            None => String::new(),
        };
        let rows = [
            ("接警", self.acknowledged, String::new()),
            ("首个应援", self.offered, String::new()),
            ("首队出发", self.departed, String::new()),
            ("首队到场", self.arrived, goal),
            ("请求结束", self.ended, String::new()),
        ];
        let row = |(what, seconds, more): (&str, Option<i64>, String)| match seconds {
            Some(seconds) => format!("- {what}：呼救后 {}{more}", span(seconds)),
            None => format!("- {what}：没有"),
        };
        rows.map(row).join("\n")
    }
}

/// Minutes and seconds, as people say them.
fn span(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} 秒"),
        (minutes, 0) => format!("{minutes} 分"),
        (minutes, seconds) => format!("{minutes} 分 {seconds} 秒"),
    }
}

fn asked(request: &MutualAidRequest) -> String {
    let line = |line: &shouwang_proto::wire::NeedLine| {
        let least = if line.minimum > 1 { format!("，至少 {}", line.minimum) } else { String::new() };
        format!("- {} {}{least}", line.what, super::amount(line.requested, &line.unit))
    };
    request.lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn happened(request: &MutualAidRequest, entries: &[TimelineEntry]) -> String {
    let told = entries.iter().filter(|entry| {
        (entry.request.is_empty() || entry.request == request.name) && !QUIET.contains(&entry.event.as_str())
    });
    let line = |entry: &TimelineEntry| {
        let text = if entry.text_zh.is_empty() { entry.event.as_str() } else { &entry.text_zh };
        let noted = if entry.noted_only { "（仅记录）" } else { "" };
        let by = match owner(&entry.resource) {
            "" => String::new(),
            member => format!("{member}："),
        };
        format!("- {} {by}{}{noted}", when::clock(entry.occurred_at.as_ref()), without_numbers(text))
    };
    told.take(LINES).map(line).collect::<Vec<_>>().join("\n")
}

/// Leaves telephone numbers out: seven digits or more, also with spaces and dashes between them.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut number = String::new();
    for sign in text.chars().chain(['\n']) {
        if sign.is_ascii_digit() || (!number.is_empty() && matches!(sign, '-' | ' ')) {
            number.push(sign);
            continue;
        }
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        out.push_str(if digits >= 7 { "…" } else { &number });
        number.clear();
        out.push(sign);
    }
    out.trim_end().to_owned()
}

fn learnt(request: &MutualAidRequest) -> String {
    let Some(review) = &request.review else { return "（请补充）".to_owned() };
    let lessons: String = review.lessons.iter().map(|lesson| format!("\n- {lesson}")).collect();
    format!("{}\n{lessons}", review.text)
}

/// The practice as `publication publish` reads it from a `.json` file. A drill says that it was one.
pub(crate) fn practice(request: &MutualAidRequest, incident: &Incident, entries: &[TimelineEntry]) -> Value {
    let mode = match incident.mode() {
        IncidentMode::Actual => "",
        IncidentMode::Exercise | IncidentMode::Test | IncidentMode::Unspecified => "【演练】",
    };
    let measured = Measured::of(request, entries).words();
    let title: String = format!("{mode}复盘：{}", request.title).chars().take(TITLE).collect();
    let state = if request.state() == RequestState::Reviewed {
        String::new()
    } else {
        format!("\n\n（本请求{}，尚未复盘）", request.state().words().0)
    };
    let body = format!(
        "## 事件\n\n{}（{}）{state}\n\n## 求援\n\n{}\n\n## 用时\n\n{measured}\n\n## 经过\n\n{}\n\n## 经验\n\n{}\n",
        incident.title,
        when::clock(incident.occurred_at.as_ref()),
        asked(request),
        happened(request, entries),
        learnt(request),
    );
    let known = vocabulary::term("hazard", &incident.accident_type).is_some();
    let hazards: Vec<&str> = if known { vec![incident.accident_type.as_str()] } else { Vec::new() };
    json!({
        "kind": "practice",
        "external_id": format!("review-{}", super::tail(&request.name)),
        "title": title,
        "summary": format!("{} 的互援复盘", incident.title),
        "body": body,
        "tags": ["复盘", "应急互援"],
        "hazards": hazards,
        "evidence": measured,
    })
}

#[cfg(test)]
mod tests {
    use shouwang_proto::{
        publication::time_to_wire,
        wire::{NeedLine, Review},
    };

    use super::*;

    fn at(seconds: i64) -> Option<prost_types::Timestamp> {
        Some(time_to_wire(Timestamp::from_second(1_783_836_000 + seconds).unwrap()))
    }

    fn entry(event: &str, seconds: i64, text: &str) -> TimelineEntry {
        TimelineEntry {
            event: event.to_owned(),
            request: "requests/0197".to_owned(),
            occurred_at: at(seconds),
            // Told later than it happened.
            recorded_at: at(seconds + 600),
            text_zh: text.to_owned(),
            actor: "傅鸣岐".to_owned(),
            ..TimelineEntry::default()
        }
    }

    fn told() -> (MutualAidRequest, Incident, Vec<TimelineEntry>) {
        let line = NeedLine {
            what: "汽车起重机".to_owned(),
            requested: 2,
            minimum: 1,
            unit: "1".to_owned(),
            ..NeedLine::default()
        };
        let review = Review {
            text: "起重机及时到场".to_owned(),
            lessons: vec!["仓库通道须留出十米作业面".to_owned()],
            review_time: None,
        };
        let request = MutualAidRequest {
            name: "requests/0197".to_owned(),
            title: "货架坍塌".to_owned(),
            state: RequestState::Reviewed as i32,
            submit_time: at(0),
            acknowledge_time: at(40),
            end_time: at(3_600),
            lines: vec![line],
            review: Some(review),
            ..MutualAidRequest::default()
        };
        let incident = Incident {
            title: "2号仓库".to_owned(),
            mode: IncidentMode::Actual as i32,
            accident_type: "collapse".to_owned(),
            occurred_at: at(-60),
            ..Incident::default()
        };
        let late = TimelineEntry { noted_only: true, ..entry("ARRIVED", 30, "晚到的报告") };
        let entries = vec![
            entry("CONFIRMED", 75, "确认，领队 傅鸣岐 0512-5550-0124"),
            entry("DEPARTED", 100, ""),
            late,
            entry("ARRIVED", 252, "到场"),
            entry("NOTICE_SEEN", 260, "已阅"),
        ];
        (request, incident, entries)
    }

    #[test]
    fn times_are_measured_from_the_call_as_they_happened() {
        let (request, _, entries) = told();
        let measured = Measured::of(&request, &entries);
        let expected = Measured {
            acknowledged: Some(40),
            offered: Some(75),
            departed: Some(100),
            arrived: Some(252),
            ended: Some(3_600),
        };
        assert_eq!(measured, expected);
        assert!(measured.words().contains("首队到场：呼救后 4 分 12 秒，比三分钟目标晚 1 分 12 秒"));
        let soon = Measured { arrived: Some(180), ..measured };
        assert!(soon.words().contains("达到三分钟目标"), "{}", soon.words());
        assert_eq!(Measured::of(&MutualAidRequest::default(), &entries), Measured::default());
    }

    #[test]
    fn the_draft_can_be_published_and_names_nobody() {
        let (request, incident, entries) = told();
        let draft = practice(&request, &incident, &entries);
        let Value::Object(object) = draft.clone() else { panic!("an object") };
        let record = crate::import::line::read_object(object).unwrap();
        assert_eq!(record.publication.title, "复盘：货架坍塌");
        let body = draft["body"].as_str().unwrap();
        for there in
            ["2号仓库", "汽车起重机 2", "接警：呼救后 40 秒", "仓库通道须留出十米作业面", "（仅记录）"]
        {
            assert!(body.contains(there), "{there} in {body}");
        }
        for absent in ["0124", "已阅"] {
            assert!(!body.contains(absent), "{absent} in {body}");
        }
        let drill = Incident { mode: IncidentMode::Exercise as i32, ..incident };
        assert!(practice(&request, &drill, &entries)["title"].as_str().unwrap().starts_with("【演练】"));
    }

    #[test]
    fn telephone_numbers_are_left_out_and_other_numbers_stay() {
        assert_eq!(without_numbers("王队 138 0000-0000 到场，2 台 50 吨"), "王队 …到场，2 台 50 吨");
        assert_eq!(without_numbers("5 台"), "5 台");
    }
}
