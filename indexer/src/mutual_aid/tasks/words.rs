//! The words of tasks.

use jiff::{
    Timestamp,
    tz::{self, TimeZone},
};
use shouwang_proto::{id::MemberId, wire::AidTaskKind as Kind};

/// The kind in a task's name.
pub(super) fn slug(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "unspecified",
        Kind::TakeUp => "take-up",
        Kind::Verify => "verify",
        Kind::Widen => "widen",
        Kind::Call119 => "call-119",
        Kind::Surplus => "surplus",
        Kind::PhoneOwner => "phone-owner",
        Kind::Overdue => "overdue",
        Kind::FindTeam => "find-team",
        Kind::AwaitRelease => "await-release",
        Kind::Shortfall => "shortfall",
        Kind::Report => "report",
        Kind::Close => "close",
        Kind::MergeCandidates => "merge-candidates",
        Kind::Unreachable => "unreachable",
        Kind::Restored => "restored",
    }
}

pub(super) fn report(title: &str) -> (String, String) {
    (
        format!("“{title}”：一小时内向主管部门报告（令第493号）"),
        format!("“{title}”: tell the authorities within the hour"),
    )
}

pub(super) fn shortfall(title: &str, short: u64, unit: &str) -> (String, String) {
    let short = if unit == "1" { short.to_string() } else { format!("{short} {unit}") };
    (
        format!("{title}：外借少于在用，差 {short}，请决定归还哪一处"),
        format!("{title}: {short} more in use than lent; decide what is given back"),
    )
}

pub(super) fn unreachable(member: &MemberId, count: u64) -> (String, String) {
    (
        format!("{member} 的节点离线，{count} 条通知未送达，请电话联系"),
        format!("the node of {member} is away, {count} notices wait: phone"),
    )
}

/// The time is the hub's own, as on its board: +08:00.
pub(super) fn restored(known: Timestamp) -> (String, String) {
    let known = known.to_zoned(TimeZone::fixed(tz::offset(8))).strftime("%Y-%m-%d %H:%M:%S").to_string();
    (
        format!("枢纽已由备份恢复，{known} 之后的派遣决定可能丢失：请逐一电话成员单位，核对在外的队伍和物资"),
        format!(
            "this hub was restored from a backup and may not know what was decided after {known}: phone the members and ask who and what is out"
        ),
    )
}

pub(super) fn merge(one: &str, other: &str) -> (String, String) {
    (
        format!("“{one}”与“{other}”可能报的是同一件事，请核对，必要时合并"),
        format!("“{one}” and “{other}” may report the same: look, and merge if so"),
    )
}

/// Of a request alone.
pub(super) fn of_request(kind: Kind, title: &str) -> (String, String) {
    if kind == Kind::TakeUp {
        (format!("请接警：“{title}”"), format!("take up “{title}”"))
    } else if kind == Kind::Verify {
        (format!("请核实一级请求“{title}”"), format!("verify the P1 request “{title}”"))
    } else {
        (format!("“{title}”各队均已归队，请关闭"), format!("“{title}”: everybody is home, close it"))
    }
}

/// Of a line.
pub(super) fn of_line(kind: Kind, what: &str) -> (String, String) {
    if kind == Kind::Widen {
        (
            format!("{what}仍无着落，请向下一圈与相邻联盟询援"),
            format!("{what}: ask the next ring and the neighbours"),
        )
    } else if kind == Kind::Call119 {
        (format!("{what}仍无着落，请拨打 119 并报告主管部门"), format!("{what}: call 119 and the bureau"))
    } else {
        (
            format!("{what}派出多于需要，请决定谁不必出动"),
            format!("{what}: more is sent than asked for; decide who stays"),
        )
    }
}

/// Of something that is asked or sent.
pub(super) fn of_assignment(kind: Kind, what: &str, owner: &MemberId) -> (String, String) {
    if kind == Kind::PhoneOwner {
        (format!("{owner} 未答复{what}，请电话联系"), format!("{owner} does not answer for {what}: phone"))
    } else if kind == Kind::Overdue {
        (
            format!("{owner} 的{what}超时未到，请查明位置"),
            format!("{what} of {owner} is overdue: find out where it is"),
        )
    } else if kind == Kind::FindTeam {
        (
            format!("{owner} 的{what}失去联络，请设法联系"),
            format!("nobody reaches {what} of {owner}: find them"),
        )
    } else {
        (
            format!("{owner} 的{what}已被召回但未离场，请催促"),
            format!("{what} of {owner} was asked home and has not left: remind them"),
        )
    }
}
