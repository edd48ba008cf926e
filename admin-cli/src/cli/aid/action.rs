//! What is done with or reported of an assignment: the same words at the hub and at the own node.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use shouwang_proto::{
    publication::time_to_wire,
    wire::{
        AssignmentAction, ConfirmAction, ContactAction, DeclineAction, DepartAction, DutyContact,
        ExtendAction, HeadCountAction, MissionBasis, OfferAction, Payer, RecallAction, ReportAction, Return,
        Settlement, assignment_action::Action,
    },
};

use super::{content, moment, said::Said};
use crate::{
    failure::{Failure, Outcome},
    words::words,
};

/// Codes of the list `decline-reason`.
const DECLINE_REASONS: [&str; 8] =
    ["NO_STAFF", "IN_USE", "OWN_RISK", "BROKEN", "NOT_CAPABLE", "TOO_FAR", "NO_AGREEMENT", "OTHER"];

#[derive(Debug, Subcommand)]
pub(crate) enum ActionVerb {
    /// Owner: we can help （愿支援）
    Offer(Acted<OfferFlags>),
    /// Owner: we cannot （谢绝）
    Decline(Acted<DeclineFlags>),
    /// Owner: yes to the order （确认命令）
    Confirm(Acted<ConfirmFlags>),
    /// Owner: no to the order （拒绝命令）
    Refuse(Acted<DeclineFlags>),
    /// Owner: we take it back; always succeeds （撤回）
    Withdraw(Acted<DeclineFlags>),
    /// Team: getting ready （集结）
    Muster(Acted<NoteFlags>),
    /// Team: departed （出发）
    Depart(Acted<DepartFlags>),
    /// Team: in the staging area （到达集结点）
    Stage(Acted<NoteFlags>),
    /// Team: on the scene （到场）
    Arrive(Acted<NoteFlags>),
    /// On the scene: needed longer （延长）
    Extend(Acted<ExtendFlags>),
    /// Ask the team home （召回）
    Recall(Acted<ReasonFlags>),
    /// The team leaves the scene （撤离现场）
    Release(Acted<NoteFlags>),
    /// Owner: home and counted （归队清点）
    Return(Acted<ReturnFlags>),
    /// Costs （结算）
    Settle(Acted<SettleFlags>),
    /// Team: so many of us, all well （清点人数）
    HeadCount(Acted<HeadCountFlags>),
    /// Nobody reaches the team, or it was reached again （联系情况）
    Contact(Acted<ContactFlags>),
    /// Not needed any more, before departure （取消）
    StandDown(Acted<ReasonFlags>),
}

/// One action on one assignment.
#[derive(Args, Debug)]
pub(crate) struct Acted<F: Args> {
    /// The assignment: its name, its UUID, or `last`; at the node also a notice （调派编号）
    assignment: String,
    #[command(flatten)]
    flags: F,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct OfferFlags {
    /// How much （数量）
    #[arg(long, value_name = "N")]
    pub(super) quantity: u64,
    /// Time until it can be on the scene: 15m, 90s, 2h （预计多久到场）
    #[arg(long, value_name = "LENGTH", value_parser = moment::seconds)]
    pub(super) eta: u32,
    /// Conditions （条件）
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(super) conditions: String,
    /// How long the offer stands; without it until the request ends （有效时长）
    #[arg(long, value_name = "LENGTH", value_parser = moment::seconds)]
    pub(super) valid: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct DeclineFlags {
    /// Why （原因）
    #[arg(long, ignore_case = true, value_parser = DECLINE_REASONS)]
    reason: String,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct ConfirmFlags {
    /// Time until it can be on the scene （预计多久到场）
    #[arg(long, value_name = "LENGTH", value_parser = moment::seconds)]
    eta: Option<u32>,
    /// Who leads the team, NAME:PHONE （带队负责人）
    #[arg(long, value_name = "NAME:PHONE", value_parser = content::contact)]
    lead: Option<DutyContact>,
    /// Number of the order that is answered; the newest when absent （命令序号）
    #[arg(long, value_name = "N")]
    epoch: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct NoteFlags {
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct ReasonFlags {
    /// Why （原因）
    #[arg(long)]
    reason: String,
}

#[derive(Args, Debug)]
pub(crate) struct DepartFlags {
    /// Time until it can be on the scene （预计多久到场）
    #[arg(long, value_name = "LENGTH", value_parser = moment::seconds)]
    eta: Option<u32>,
    /// People on board （人数）
    #[arg(long, value_name = "N")]
    people: Option<u32>,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct ExtendFlags {
    /// Until when: 18:00, +2h or RFC 3339 （延长至）
    #[arg(long, value_name = "TIME")]
    until: String,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct ReturnFlags {
    /// Usable again （完好归还）
    #[arg(long, value_name = "N")]
    returned: u64,
    /// Used up （消耗）
    #[arg(long, value_name = "N", default_value_t = 0)]
    consumed: u64,
    /// To be repaired （损坏）
    #[arg(long, value_name = "N", default_value_t = 0)]
    damaged: u64,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct SettleFlags {
    /// Costs in CNY, such as 1200.50 （费用，元）
    #[arg(long, value_name = "YUAN", value_parser = moment::fen)]
    cost: u64,
    /// Who bears them （由谁承担）
    #[arg(long, value_enum)]
    payer: PayerName,
    /// On what ground aid was given （依据）
    #[arg(long, value_enum)]
    basis: BasisName,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct HeadCountFlags {
    /// People who are there and well （人数）
    #[arg(long, value_name = "N")]
    people: u32,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Args, Debug)]
pub(crate) struct ContactFlags {
    /// Nobody reaches the team （失联）
    #[arg(long, conflicts_with = "reached", required_unless_present = "reached")]
    lost: bool,
    /// It was reached again （恢复联系）
    #[arg(long)]
    reached: bool,
    /// In words （说明）
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PayerName {
    /// The responsible party of the accident （事故责任单位）
    ResponsibleParty,
    /// The requesting member （求援单位）
    Requester,
    /// The owner gives it （支援单位自担）
    Owner,
    /// Another, see the note （其他）
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BasisName {
    /// Rescue command （救援命令）
    Command,
    /// Signed agreement （应急救援协议）
    Agreement,
    /// Of one's own will （自愿互援）
    Voluntary,
}

impl BasisName {
    pub(super) fn to_wire(self) -> MissionBasis {
        match self {
            Self::Command => MissionBasis::Command,
            Self::Agreement => MissionBasis::Agreement,
            Self::Voluntary => MissionBasis::Voluntary,
        }
    }
}

/// An action whose assignment is still as people wrote it.
pub(crate) struct Written {
    /// As written.
    pub(super) assignment: String,
    /// Who says it.
    pub(super) said: Said,
    /// What.
    pub(super) action: Action,
    /// The order answered, 0 when none was named.
    pub(super) epoch: u64,
}

impl Written {
    /// The action on the assignment with this name.
    pub(super) fn on(self, assignment: String) -> AssignmentAction {
        AssignmentAction { assignment, epoch: self.epoch, action: Some(self.action) }
    }

    /// True when the action answers one order and not another.
    pub(super) fn answers_an_order(&self) -> bool {
        matches!(self.action, Action::Confirm(_) | Action::Refuse(_))
    }

    /// True when the hub wants to know on which version somebody decided.
    pub(super) fn needs_version(&self) -> bool {
        matches!(self.action, Action::Recall(_) | Action::StandDown(_))
    }
}

impl<F: Args> Acted<F> {
    fn with(self, action: impl FnOnce(F) -> Action) -> Written {
        let Self { assignment, flags, said } = self;
        Written { assignment, said, action: action(flags), epoch: 0 }
    }
}

impl ActionVerb {
    /// The action that was typed.
    pub(super) fn written(self, now: Timestamp) -> Outcome<Written> {
        Ok(match self {
            Self::Offer(acted) => acted.with(|flags| Action::Offer(flags.into())),
            Self::Decline(acted) => acted.with(|flags| Action::Decline(flags.into())),
            Self::Refuse(acted) => acted.with(|flags| Action::Refuse(flags.into())),
            Self::Withdraw(acted) => acted.with(|flags| Action::Withdraw(flags.into())),
            Self::Confirm(acted) => {
                let epoch = acted.flags.epoch.unwrap_or_default();
                let written = acted.with(|ConfirmFlags { eta, lead, epoch: _ }| {
                    Action::Confirm(ConfirmAction { eta_seconds: eta.unwrap_or_default(), lead })
                });
                Written { epoch, ..written }
            }
            Self::Muster(acted) => acted.with(|flags| Action::Muster(flags.into())),
            Self::Stage(acted) => acted.with(|flags| Action::Stage(flags.into())),
            Self::Arrive(acted) => acted.with(|flags| Action::Arrive(flags.into())),
            Self::Release(acted) => acted.with(|flags| Action::Release(flags.into())),
            Self::Depart(acted) => acted.with(|DepartFlags { eta, people, note }| {
                let (eta_seconds, head_count) = (eta.unwrap_or_default(), people.unwrap_or_default());
                Action::Depart(DepartAction { eta_seconds, head_count, note })
            }),
            Self::Extend(acted) => {
                let until = until(&acted.flags.until, now)?;
                acted.with(|flags| Action::Extend(ExtendAction { until_time: Some(until), note: flags.note }))
            }
            Self::Recall(acted) => acted.with(|flags| Action::Recall(flags.into())),
            Self::StandDown(acted) => acted.with(|flags| Action::StandDown(flags.into())),
            Self::Return(acted) => acted.with(|ReturnFlags { returned, consumed, damaged, note }| {
                Action::Return(Return { returned, consumed, damaged, note })
            }),
            Self::Settle(acted) => acted.with(|flags| Action::Settle(flags.into())),
            Self::HeadCount(acted) => acted
                .with(|HeadCountFlags { people, note }| Action::HeadCount(HeadCountAction { people, note })),
            Self::Contact(acted) => acted.with(|ContactFlags { lost, reached: _, note }| {
                Action::Contact(ContactAction { lost, note })
            }),
        })
    }
}

fn until(text: &str, now: Timestamp) -> Outcome<prost_types::Timestamp> {
    moment::read(text, now).map(time_to_wire).ok_or_else(|| {
        Failure::usage(words!("--until 的时间 {text} 有误", "--until: {text} is not a time"))
            .hint(words!("可写 18:00 或 +2h", "write 18:00 or +2h"))
    })
}

impl From<OfferFlags> for OfferAction {
    fn from(flags: OfferFlags) -> Self {
        let OfferFlags { quantity, eta, conditions, valid } = flags;
        Self { quantity, eta_seconds: eta, conditions, valid_seconds: valid.unwrap_or_default() }
    }
}

impl From<DeclineFlags> for DeclineAction {
    fn from(flags: DeclineFlags) -> Self {
        Self { reason: flags.reason.to_ascii_uppercase(), note: flags.note }
    }
}

impl From<NoteFlags> for ReportAction {
    fn from(flags: NoteFlags) -> Self {
        Self { note: flags.note }
    }
}

impl From<ReasonFlags> for RecallAction {
    fn from(flags: ReasonFlags) -> Self {
        Self { reason: flags.reason }
    }
}

impl From<SettleFlags> for Settlement {
    fn from(flags: SettleFlags) -> Self {
        let payer = match flags.payer {
            PayerName::ResponsibleParty => Payer::ResponsibleParty,
            PayerName::Requester => Payer::Requester,
            PayerName::Owner => Payer::Owner,
            PayerName::Other => Payer::Other,
        };
        Self {
            cost_fen: flags.cost,
            payer: payer as i32,
            basis: flags.basis.to_wire() as i32,
            note: flags.note,
            agreed_by: Vec::new(),
        }
    }
}
