//! What happened, as it is written down in the same transaction as its effect.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        id::{AssignmentId, IncidentId, LineNumber, RequestId},
        term::{Channel, Role},
    },
};

use super::ledger::LedgerKey;

/// In which timeline an entry stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stream {
    /// An incident's: 1, 2, 3 … without a gap.
    Incident(IncidentId),
    /// A ledger's, for what the owner says outside any incident: its sequence is the ledger's version.
    Ledger(LedgerKey),
}

/// One thing that happened. Never changed, never deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// In which timeline.
    pub stream: Stream,
    /// Its number there.
    pub sequence: u64,
    /// What it concerns.
    pub about: About,
    /// What happened.
    pub event: Event,
    /// Told late or for nothing: it changed nothing.
    pub noted_only: bool,
    /// Somebody must look now.
    pub alarm: bool,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Who, through what, when.
    pub told: Told,
    /// When the hub wrote it down.
    pub recorded: Timestamp,
}

/// What an entry concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The request.
    pub request: Option<RequestId>,
    /// The line.
    pub line: Option<LineNumber>,
    /// The assignment.
    pub assignment: Option<AssignmentId>,
    /// The resource.
    pub resource: Option<PublicationName>,
}

/// Who told it, in what part, for whom, through what, and when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who.
    pub actor: String,
    /// In what part.
    pub role: Role,
    /// For whom somebody else spoke.
    pub on_behalf_of: Option<MemberId>,
    /// Through what.
    pub channel: Channel,
    /// When it happened, as told.
    pub occurred: Timestamp,
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        /// What happened, in one stable word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Event {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable word.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// In Chinese and English.
            #[must_use]
            pub fn labels(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$variant => ($zh, $en),)+
                }
            }
        }
    };
}

events! {
    /// An incident.
    IncidentOpened = "INCIDENT_OPENED", "事件立案", "incident opened";
    /// An incident.
    IncidentUpdated = "INCIDENT_UPDATED", "事件信息更新", "incident updated";
    /// An incident.
    IncidentClosed = "INCIDENT_CLOSED", "事件结束", "incident closed";
    /// A drill.
    DrillHalted = "DRILL_HALTED", "演练中止", "drill halted";
    /// A request.
    RequestDrafted = "REQUEST_DRAFTED", "请求起草", "request drafted";
    /// A request.
    RequestSubmitted = "REQUEST_SUBMITTED", "请求提交", "request submitted";
    /// A request.
    RequestOpened = "REQUEST_OPENED", "请求受理", "request opened";
    /// A P1 request, opened before.
    RequestVerified = "REQUEST_VERIFIED", "请求核实", "request verified";
    /// A request.
    RequestRejected = "REQUEST_REJECTED", "请求未受理", "request rejected";
    /// A request.
    RequestAmended = "REQUEST_AMENDED", "请求变更", "request amended";
    /// A request.
    RequestMerged = "REQUEST_MERGED", "请求合并", "request merged";
    /// A request.
    RequestStoodDown = "REQUEST_STOOD_DOWN", "请求收队", "request stands down";
    /// A request.
    RequestClosed = "REQUEST_CLOSED", "请求关闭", "request closed";
    /// A request.
    RequestReviewed = "REQUEST_REVIEWED", "请求复盘", "request reviewed";
    /// A request.
    RequestExpired = "REQUEST_EXPIRED", "请求过期", "request expired";
    /// An owner was asked.
    Solicited = "SOLICITED", "询援", "asked for help";
    /// An owner offers.
    Offered = "OFFERED", "应援", "offered";
    /// An owner says no.
    Declined = "DECLINED", "谢绝", "declined";
    /// Ordered.
    Ordered = "ORDERED", "调用（待确认）", "ordered";
    /// Confirmed.
    Confirmed = "CONFIRMED", "确认出动", "confirmed";
    /// Committed in one step.
    PackageCommitted = "PACKAGE_COMMITTED", "即调资源包出动", "pre-authorised package committed";
    /// An owner takes back.
    Withdrawn = "WITHDRAWN", "支援方退出", "withdrawn";
    /// Nobody answered in time.
    Lapsed = "LAPSED", "逾时失效", "lapsed";
    /// Not needed any more.
    StoodDown = "STOOD_DOWN", "撤销", "stood down";
    /// Taken for a P1.
    Preempted = "PREEMPTED", "被一级请求征用", "pre-empted";
    /// A team.
    Mustered = "MUSTERED", "集结", "mobilising";
    /// A team.
    Departed = "DEPARTED", "出发", "departed";
    /// A team.
    Staged = "STAGED", "到达集结点", "staged";
    /// A team.
    Arrived = "ARRIVED", "到场", "arrived";
    /// A team that came before any order.
    SelfDeployed = "SELF_DEPLOYED", "自行出动", "self-deployed";
    /// On the scene.
    Extended = "EXTENDED", "延长", "extended";
    /// A team.
    Recalled = "RECALLED", "召回", "recalled";
    /// A team.
    Released = "RELEASED", "离场", "released";
    /// A team.
    Returned = "RETURNED", "归队清点", "returned";
    /// Costs.
    Claimed = "CLAIMED", "费用申报", "costs claimed";
    /// Costs.
    Settled = "SETTLED", "费用结清", "settled";
    /// A team.
    HeadCounted = "HEAD_COUNTED", "人数清点", "head-count";
    /// A team.
    ContactLost = "CONTACT_LOST", "失去联络", "contact lost";
    /// A team.
    ContactRestored = "CONTACT_RESTORED", "恢复联络", "contact restored";
    /// A person has seen a notice.
    NoticeSeen = "NOTICE_SEEN", "已阅", "notice seen";
    /// Whether somebody was reached.
    Reached = "REACHED", "通知送达情况", "reached or not";
    /// A timer called the next one.
    Escalated = "ESCALATED", "升级催办", "escalated";
    /// A team.
    Overdue = "OVERDUE", "超时未到", "overdue";
    /// A team.
    HeadCountMissed = "HEAD_COUNT_MISSED", "未清点人数", "head-count missed";
    /// A line has less than it had.
    LineReopened = "LINE_REOPENED", "需求重新缺口", "line reopened";
    /// More is sent than is asked for.
    Surplus = "SURPLUS", "超出需求", "more sent than asked for";
    /// The owner says what it lends.
    QuotaSet = "QUOTA_SET", "可借数量变更", "quota set";
    /// The owner lends less than is in use.
    Shortfall = "SHORTFALL", "资源缺口", "shortfall";
}
