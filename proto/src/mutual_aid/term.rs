//! Words with a fixed meaning: modes, priorities, states, channels. Each has a code for files and the command line, a
//! Chinese and an English name, and its number on the wire.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{vocabulary, wire};

/// A text is none of the words allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {allowed} （须为其中之一：{allowed}）")]
pub struct UnknownTerm {
    /// The codes allowed, with commas.
    pub allowed: String,
}

/// An enumeration of the contract that people read. Every program shows the same words, so that two people who speak about
/// one assignment on the telephone see it called the same.
pub trait Worded {
    /// Chinese and English name; `？` and `?` when it is unspecified, or newer than this program.
    fn words(self) -> (&'static str, &'static str);
}

const UNKNOWN: (&str, &str) = ("？", "?");

macro_rules! term {
    ($(#[$doc:meta])* $name:ident is $wire:ident {
        $($(#[$word:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$word])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code in files and on the command line.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Chinese and English names.
            #[must_use]
            pub fn labels(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$variant => ($zh, $en),)+
                }
            }

            /// As on the wire.
            #[must_use]
            pub fn to_wire(self) -> wire::$wire {
                match self {
                    $(Self::$variant => wire::$wire::$variant,)+
                }
            }

            /// From the wire.
            ///
            /// # Errors
            /// [`UnknownTerm`] when unspecified or unknown.
            pub fn from_wire(number: i32) -> Result<Self, UnknownTerm> {
                Self::ALL.iter().copied().find(|term| term.to_wire() as i32 == number).ok_or_else(Self::unknown)
            }

            fn unknown() -> UnknownTerm {
                UnknownTerm { allowed: [$($code,)+].join(", ") }
            }
        }

        impl Worded for wire::$wire {
            fn words(self) -> (&'static str, &'static str) {
                $name::from_wire(self.into()).map_or(UNKNOWN, $name::labels)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.code())
            }
        }

        impl FromStr for $name {
            type Err = UnknownTerm;

            fn from_str(text: &str) -> Result<Self, UnknownTerm> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|term| term.code().eq_ignore_ascii_case(text) || term.labels().0 == text)
                    .ok_or_else(Self::unknown)
            }
        }
    };
}

term!(
    /// Whether lives depend on it.
    Mode is IncidentMode {
        /// 实战
        Actual = "actual", "实战", "actual";
        /// 演练
        Exercise = "exercise", "演练", "exercise";
        /// 测试
        Test = "test", "测试", "test";
    }
);
term!(
    /// The life of an incident.
    IncidentState is IncidentState {
        /// Going on.
        Open = "open", "进行中", "open";
        /// A drill stopped by a real emergency.
        Halted = "halted", "已中止", "halted";
        /// Over.
        Closed = "closed", "已结束", "closed";
    }
);
term!(
    /// How much depends on time; the most urgent is the least.
    Priority is RequestPriority {
        /// Life in danger.
        P1 = "p1", "P1 危及生命", "P1, life in danger";
        /// It will grow worse.
        P2 = "p2", "P2 险情扩大", "P2, growing worse";
        /// Support.
        P3 = "p3", "P3 支援保障", "P3, support";
    }
);
term!(
    /// The life of a request, in its order; it never goes back.
    RequestState is RequestState {
        /// Written, not sent.
        Draft = "draft", "草稿", "draft";
        /// Waits for a dispatcher.
        Submitted = "submitted", "待受理", "submitted";
        /// Aid is sought and sent.
        Open = "open", "调派中", "open";
        /// What is out comes home.
        StandingDown = "standing-down", "收队中", "standing down";
        /// Nobody is out any more.
        Closed = "closed", "已关闭", "closed";
        /// Closed and learnt from.
        Reviewed = "reviewed", "已复盘", "reviewed";
        /// Not taken up.
        Rejected = "rejected", "未受理", "rejected";
        /// The other report goes on.
        Merged = "merged", "已合并", "merged";
        /// Nobody took it up in time.
        Expired = "expired", "已过期", "expired";
    }
);
term!(
    /// How far a line is met.
    FulfilmentState is FulfilmentState {
        /// Nothing is held or committed.
        Open = "open", "未落实", "open";
        /// Less than the minimum.
        BelowMinimum = "below-minimum", "低于最低需求", "below minimum";
        /// At least the minimum, not all.
        PartlyMet = "partly-met", "部分落实", "partly met";
        /// All.
        Met = "met", "已落实", "met";
        /// The request does not look for aid any more.
        NotSought = "not-sought", "不再需要", "not sought any more";
    }
);
term!(
    /// On what ground aid is given (令第708号第十条、第十九条).
    Basis is MissionBasis {
        /// 救援命令
        Command = "command", "救援命令", "rescue command";
        /// 应急救援协议
        Agreement = "agreement", "应急救援协议", "agreement";
        /// 自愿互援
        Voluntary = "voluntary", "自愿互援", "voluntary";
    }
);
term!(
    /// The life of an assignment, in its order.
    AssignmentState is AssignmentState {
        /// The owner was asked.
        Solicited = "solicited", "已询问", "solicited";
        /// The owner offers.
        Offered = "offered", "愿支援", "offered";
        /// Ordered, not confirmed.
        Held = "held", "已下令待确认", "held";
        /// Confirmed.
        Committed = "committed", "已确认", "committed";
        /// Getting ready.
        Mobilising = "mobilising", "集结中", "mobilising";
        /// On the way.
        EnRoute = "en-route", "途中", "en route";
        /// In the staging area.
        Staged = "staged", "集结点待命", "staged";
        /// On the scene.
        OnScene = "on-scene", "在现场", "on scene";
        /// On the way home.
        Returning = "returning", "返程中", "returning";
        /// Home and counted.
        Returned = "returned", "已归队", "returned";
        /// Costs agreed.
        Settled = "settled", "已结算", "settled";
        /// The owner said no.
        Declined = "declined", "已谢绝", "declined";
        /// Nobody answered in time.
        Lapsed = "lapsed", "逾期未复", "lapsed";
        /// Not needed any more.
        StoodDown = "stood-down", "已取消", "stood down";
        /// Withdrawn after confirming.
        Failed = "failed", "已撤回", "withdrawn";
    }
);
term!(
    /// Who bears the cost.
    Payer is Payer {
        /// The responsible party of the accident.
        ResponsibleParty = "responsible-party", "事故责任单位", "responsible party";
        /// The requesting member.
        Requester = "requester", "求援单位", "requester";
        /// The owner gives it.
        Owner = "owner", "支援单位自担", "owner";
        /// Another.
        Other = "other", "其他", "other";
    }
);
term!(
    /// In what part somebody acts.
    Role is ActorRole {
        /// The member that asks.
        Requester = "requester", "求援方", "requester";
        /// The owner of the resource.
        Supplier = "supplier", "支援方", "supplier";
        /// The council's dispatcher.
        Dispatcher = "dispatcher", "调度员", "dispatcher";
        /// The hub itself.
        System = "system", "系统", "system";
    }
);
term!(
    /// Through what a word came, or somebody was reached.
    Channel is Channel {
        /// The member's own node.
        Node = "node", "成员节点", "node";
        /// The hub's own port.
        Hub = "hub", "中心", "hub";
        /// Telephone.
        Phone = "phone", "电话", "phone";
        /// Radio.
        Radio = "radio", "对讲", "radio";
        /// Face to face.
        InPerson = "in-person", "当面", "in person";
        /// SMS, chat.
        Message = "message", "消息", "message";
        /// Imported document.
        Import = "import", "导入", "import";
        /// The hub itself.
        System = "system", "系统", "system";
    }
);
term!(
    /// Why a member is told.
    NoticeKind is NoticeKind {
        /// Can you help?
        Solicitation = "solicitation", "询问能否支援", "can you help?";
        /// Confirm or refuse.
        Order = "order", "调度令待确认", "order to confirm";
        /// Depart.
        MissionOrder = "mission-order", "调令，请出动", "mission order, depart";
        /// The order does not stand any more.
        OrderEnded = "order-ended", "调度令已失效", "order ended";
        /// Stay at home.
        StandDown = "stand-down", "取消，无需出动", "stand down";
        /// Come home.
        Recall = "recall", "召回", "come home";
        /// Please stay longer.
        Extension = "extension", "请延长", "please stay longer";
        /// Your request has changed.
        RequestUpdate = "request-update", "请求有变化", "request update";
        /// What was sent to you does not come.
        AidLost = "aid-lost", "支援落空，正在补派", "aid lost, being replaced";
        /// Stop, there is a real emergency.
        DrillHalted = "drill-halted", "演练中止：有真实险情", "drill halted: real emergency";
        /// Again.
        Reminder = "reminder", "再次提醒", "reminder";
    }
);
term!(
    /// What became of a word.
    Outcome is CommandOutcome {
        /// Done.
        Accepted = "accepted", "已办理", "accepted";
        /// Written down; it changed nothing.
        Noted = "noted", "仅记入时间线，未改变状态", "noted, changed nothing";
        /// A late yes: an unsolicited offer.
        BecameOffer = "became-offer", "命令已失效，转为主动支援意向", "the order had lapsed; it became an offer";
        /// Refused.
        Refused = "refused", "被拒绝", "refused";
    }
);

mod matching;
mod telling;

pub use matching::{ClosureKind, CostKind, ExclusionReason, TravelBasis};
pub use telling::{DeliveryState, OwnCommandState};

/// Why an owner says no: a code of the vocabulary list `decline-reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct DeclineReason(&'static str);

impl DeclineReason {
    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0
    }

    /// Chinese and English names.
    #[must_use]
    pub fn labels(self) -> (&'static str, &'static str) {
        vocabulary::term("decline-reason", self.0)
            .map_or((self.0, self.0), |term| (term.zh.as_str(), term.en.as_str()))
    }
}

impl fmt::Display for DeclineReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl FromStr for DeclineReason {
    type Err = UnknownTerm;

    fn from_str(text: &str) -> Result<Self, UnknownTerm> {
        vocabulary::code_of("decline-reason", text).map(Self).ok_or_else(|| {
            let terms = vocabulary::list("decline-reason").map_or(&[][..], |list| &list.terms);
            let codes: Vec<_> = terms.iter().map(|term| term.code.as_str()).collect();
            UnknownTerm { allowed: codes.join(", ") }
        })
    }
}

// By hand: derived, it would want to borrow the code from the text that is read.
impl<'de> Deserialize<'de> for DeclineReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl From<DeclineReason> for String {
    fn from(reason: DeclineReason) -> Self {
        reason.0.to_owned()
    }
}
