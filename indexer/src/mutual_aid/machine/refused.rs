//! The refusals of mutual aid: stable reasons, and words that say what happened and what to do.

use std::fmt::Display;

use jiff::{
    Timestamp,
    tz::{TimeZone, offset},
};
use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        id::{AssignmentId, IncidentId, LineId, RequestId},
        term::{AssignmentState, RequestState},
    },
    refusal::Refusal,
};
use tonic::Code;

/// Something is not there.
fn unknown(reason: &'static str, what: impl Display) -> Refusal {
    Refusal::not_found(reason, format!("there is no {what} （不存在）"))
}

pub(super) fn incident_unknown(id: IncidentId) -> Refusal {
    unknown("INCIDENT_UNKNOWN", id.name())
}

pub(super) fn request_unknown(id: RequestId) -> Refusal {
    unknown("REQUEST_UNKNOWN", id.name())
}

pub(super) fn line_unknown(id: LineId) -> Refusal {
    unknown("LINE_UNKNOWN", id)
}

pub(super) fn assignment_unknown(id: AssignmentId) -> Refusal {
    unknown("ASSIGNMENT_UNKNOWN", id.name())
}

pub(super) fn resource_unknown(name: &PublicationName) -> Refusal {
    unknown("RESOURCE_UNKNOWN", format!("mutual-aid resource {name}"))
}

pub(super) fn version_mismatch(expected: u64, found: u64) -> Refusal {
    Refusal::new(
        Code::Aborted,
        "VERSION_MISMATCH",
        format!(
            "somebody changed it meanwhile: version {found}, not {expected}; read it again （内容已被他人更新，\
             请重新读取后再操作）"
        ),
    )
}

pub(super) fn key_reused() -> Refusal {
    Refusal::new(
        Code::AlreadyExists,
        "REQUEST_ID_REUSED",
        "this request_id was used for something else; use a new one （request_id 已用于其他操作）",
    )
}

pub(super) fn not_yours() -> Refusal {
    Refusal::denied(
        "NOT_YOURS",
        "this is for the other side, or for a dispatcher （此操作属于另一方或调度员）",
    )
}

pub(super) fn dispatcher_only() -> Refusal {
    Refusal::denied("ROLE_MISSING", "this is for a dispatcher （此操作仅限调度员）")
}

pub(super) fn on_behalf_missing(owner: impl Display) -> Refusal {
    Refusal::precondition(
        "ON_BEHALF_OF_REQUIRED",
        format!(
            "this binds or frees the owner; say that you speak for members/{owner}, and through what （须注明代表 \
             {owner} 及联络方式）"
        ),
    )
}

pub(super) fn assignment_unfit(state: AssignmentState, word: &str) -> Refusal {
    let (zh, en) = state.labels();
    Refusal::precondition(
        "STATE_UNFIT",
        format!("`{word}` does not fit: the assignment is {en} （当前状态为“{zh}”，不能执行此操作）"),
    )
}

pub(super) fn request_unfit(state: RequestState, word: &str) -> Refusal {
    let (zh, en) = state.labels();
    Refusal::precondition(
        "STATE_UNFIT",
        format!("`{word}` does not fit: the request is {en} （请求当前状态为“{zh}”，不能执行此操作）"),
    )
}

pub(super) fn request_not_open(state: RequestState) -> Refusal {
    let (zh, en) = state.labels();
    Refusal::precondition(
        "REQUEST_NOT_OPEN",
        format!("aid is sought only for open requests; this one is {en} （请求当前为“{zh}”，不在调派中）"),
    )
}

pub(super) fn incident_closed() -> Refusal {
    Refusal::precondition(
        "INCIDENT_CLOSED",
        "the incident is closed; open a new one （事件已结束，请另行立案）",
    )
}

pub(super) fn drill_halted() -> Refusal {
    Refusal::precondition(
        "DRILL_HALTED",
        "this drill was halted by a real emergency; only standing down and closing are possible \
         （演练因实战已中止，只能收队与关闭）",
    )
}

pub(super) fn not_a_drill() -> Refusal {
    Refusal::precondition(
        "NOT_A_DRILL",
        "only an open drill can be halted; a real incident is closed （仅可中止进行中的演练）",
    )
}

pub(super) fn order_superseded(answered: u64, newest: u64) -> Refusal {
    Refusal::new(
        Code::Aborted,
        "ORDER_SUPERSEDED",
        format!(
            "this answers order {answered}, and order {newest} is the newest; it binds nobody, read the newest and \
             answer it （所答复的调用已被新的调用取代，请按最新调用答复）"
        ),
    )
}

pub(super) fn order_unknown() -> Refusal {
    Refusal::precondition("ORDER_UNKNOWN", "there is no such order to answer （没有可答复的调用）")
}

pub(super) fn order_ended(zh: &str, en: &str) -> Refusal {
    Refusal::precondition(
        "ORDER_ENDED",
        format!(
            "the order does not stand any more: {en}; you are not bound （调用已失效：{zh}，贵方不受约束）"
        ),
    )
}

pub(super) fn confirmed_already() -> Refusal {
    Refusal::precondition(
        "CONFIRMED_ALREADY",
        "the order was confirmed; to take it back, withdraw （调用已确认；如需取消，请使用“退出”）",
    )
}

pub(super) fn no_mission_order(state: AssignmentState) -> Refusal {
    let (zh, en) = state.labels();
    Refusal::precondition(
        "NO_MISSION_ORDER",
        format!("nobody departs without a mission order; this is {en} （无调令不得出动，当前为“{zh}”）"),
    )
}

pub(super) fn departed_already() -> Refusal {
    Refusal::precondition("DEPARTED_ALREADY", "it has departed; recall it instead （已出发，请使用“召回”）")
}

pub(super) fn counts_differ(deployed: u64, counted: u64) -> Refusal {
    Refusal::precondition(
        "COUNTS_DIFFER",
        format!(
            "{deployed} went out, and {counted} are accounted for: returned, consumed and damaged must add up \
             （出动 {deployed}，清点 {counted}，归还、消耗与损坏之和须相等）"
        ),
    )
}

pub(super) fn assignments_active(names: &[String]) -> Refusal {
    Refusal::precondition(
        "ASSIGNMENTS_ACTIVE",
        format!("still active: {} （仍有未结束的调派）", names.join(", ")),
    )
}

pub(super) fn requests_still_open(names: &[String]) -> Refusal {
    Refusal::precondition(
        "REQUESTS_STILL_OPEN",
        format!("requests have not ended: {} （仍有未结束的请求）", names.join(", ")),
    )
}

pub(super) fn merge_elsewhere() -> Refusal {
    Refusal::precondition(
        "MERGE_ELSEWHERE",
        "requests are merged within one incident, and not into themselves （只能合并同一事件内的不同请求）",
    )
}

pub(super) fn line_already_met() -> Refusal {
    Refusal::precondition(
        "LINE_ALREADY_MET",
        "the line has all it asked for; to send more, say so （需求已满足；如需超额请注明）",
    )
}

pub(super) fn quantity_exceeds_need(missing: u64) -> Refusal {
    Refusal::precondition(
        "QUANTITY_EXCEEDS_NEED",
        format!("only {missing} are missing; to send more, say so （仅缺 {missing}；如需超额请注明）"),
    )
}

pub(super) fn unit_differs(line: &str, resource: &str) -> Refusal {
    Refusal::precondition(
        "UNIT_DIFFERS",
        format!("the line counts in {line} and the resource in {resource} （计量单位不一致）"),
    )
}

pub(super) fn agreement_missing(owner: impl Display, requester: impl Display) -> Refusal {
    Refusal::precondition(
        "AGREEMENT_MISSING",
        format!(
            "no agreement in force binds {owner} to help {requester} with this; order it on a command, or ask for \
             voluntary aid （{owner} 与 {requester} 之间没有涵盖该资源的有效救援协议，可改为救援命令或自愿互援）"
        ),
    )
}

pub(super) fn not_preemptible(words: &str) -> Refusal {
    Refusal::precondition("NOT_PREEMPTIBLE", format!("{words} （不可征用）"))
}

/// Who has what somebody else wants.
pub(super) struct Holder {
    /// Title of the request, and who asks.
    pub(super) request: String,
    /// State.
    pub(super) state: AssignmentState,
    /// How much.
    pub(super) quantity: u64,
    /// When it is expected to be free.
    pub(super) frees: Option<Timestamp>,
}

pub(super) fn resource_taken(free: u64, holders: &[Holder], alternatives: &[String]) -> Refusal {
    let zh: Vec<_> = holders.iter().map(|holder| holder.words().0).collect();
    let en: Vec<_> = holders.iter().map(|holder| holder.words().1).collect();
    let mut message = format!("only {free} free");
    let mut chinese = format!("仅余 {free}");
    if !holders.is_empty() {
        message += &format!("; taken by {}", en.join(", "));
        chinese += &format!("；已被占用：{}", zh.join("，"));
    }
    if !alternatives.is_empty() {
        message += &format!("; next: {}", alternatives.join(", "));
        chinese += &format!("；可改选：{}", alternatives.join("、"));
    }
    Refusal::new(Code::Aborted, "RESOURCE_TAKEN", format!("{message} （{chinese}）"))
}

impl Holder {
    /// In Chinese and English.
    fn words(&self) -> (String, String) {
        let Self { request, state, quantity, frees } = self;
        let (state_zh, state_en) = state.labels();
        let (frees_zh, frees_en) = match frees {
            None => ("归还时间未知".to_owned(), "nobody can say when it is free".to_owned()),
            Some(at) => {
                // As the clocks on the wall show it.
                let at = at.to_zoned(TimeZone::fixed(offset(8))).strftime("%Y-%m-%d %H:%M");
                (format!("预计 {at} 释放"), format!("free at {at} (+08:00)"))
            }
        };
        (
            format!("{request} × {quantity}（{state_zh}，{frees_zh}）"),
            format!("{request} × {quantity} ({state_en}, {frees_en})"),
        )
    }
}
