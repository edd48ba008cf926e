//! Words for the enumerations of mutual aid, Chinese and English.

use shouwang_proto::{
    vocabulary,
    wire::{
        ActorRole, AssignmentState, Channel, ClosureKind, CommandOutcome, CostKind, ExclusionReason,
        FulfilmentState, IncidentMode, IncidentState, MissionBasis, NoticeDeliveryState, NoticeKind,
        OwnCommandState, Payer, RequestPriority, RequestState, TravelBasis,
    },
};

type Pair = (&'static str, &'static str);

const UNKNOWN: Pair = ("？", "?");

pub(crate) fn mode(mode: IncidentMode) -> Pair {
    match mode {
        IncidentMode::Unspecified => UNKNOWN,
        IncidentMode::Actual => ("实战", "ACTUAL"),
        IncidentMode::Exercise => ("演练", "EXERCISE"),
        IncidentMode::Test => ("测试", "TEST"),
    }
}

pub(crate) fn incident_state(state: IncidentState) -> Pair {
    match state {
        IncidentState::Unspecified => UNKNOWN,
        IncidentState::Open => ("进行中", "open"),
        IncidentState::Halted => ("已中止", "halted"),
        IncidentState::Closed => ("已结束", "closed"),
    }
}

pub(crate) fn priority(priority: RequestPriority) -> Pair {
    match priority {
        RequestPriority::Unspecified => UNKNOWN,
        RequestPriority::P1 => ("P1 危及生命", "P1"),
        RequestPriority::P2 => ("P2 会恶化", "P2"),
        RequestPriority::P3 => ("P3 支援", "P3"),
    }
}

pub(crate) fn request_state(state: RequestState) -> Pair {
    match state {
        RequestState::Unspecified => UNKNOWN,
        RequestState::Draft => ("草稿", "draft"),
        RequestState::Submitted => ("待受理", "submitted"),
        RequestState::Open => ("调派中", "open"),
        RequestState::StandingDown => ("收队中", "standing down"),
        RequestState::Closed => ("已关闭", "closed"),
        RequestState::Reviewed => ("已复盘", "reviewed"),
        RequestState::Rejected => ("未受理", "rejected"),
        RequestState::Merged => ("已合并", "merged"),
        RequestState::Expired => ("已过期", "expired"),
    }
}

pub(crate) fn fulfilment(state: FulfilmentState) -> Pair {
    match state {
        FulfilmentState::Unspecified => ("", ""),
        FulfilmentState::Open => ("未落实", "open"),
        FulfilmentState::BelowMinimum => ("低于最低需求", "below minimum"),
        FulfilmentState::PartlyMet => ("部分落实", "partly met"),
        FulfilmentState::Met => ("已落实", "met"),
    }
}

pub(crate) fn assignment_state(state: AssignmentState) -> Pair {
    match state {
        AssignmentState::Unspecified => UNKNOWN,
        AssignmentState::Solicited => ("已询问", "solicited"),
        AssignmentState::Offered => ("愿支援", "offered"),
        AssignmentState::Held => ("已下令待确认", "held"),
        AssignmentState::Committed => ("已确认", "committed"),
        AssignmentState::Mobilising => ("集结中", "mobilising"),
        AssignmentState::EnRoute => ("途中", "en route"),
        AssignmentState::Staged => ("集结点待命", "staged"),
        AssignmentState::OnScene => ("在现场", "on scene"),
        AssignmentState::Returning => ("返程中", "returning"),
        AssignmentState::Returned => ("已归队", "returned"),
        AssignmentState::Settled => ("已结算", "settled"),
        AssignmentState::Declined => ("已谢绝", "declined"),
        AssignmentState::Lapsed => ("逾期未复", "lapsed"),
        AssignmentState::StoodDown => ("已取消", "stood down"),
        AssignmentState::Failed => ("已撤回", "failed"),
    }
}

pub(crate) fn basis(basis: MissionBasis) -> Pair {
    match basis {
        MissionBasis::Unspecified => ("", ""),
        MissionBasis::Command => ("救援命令", "command"),
        MissionBasis::Agreement => ("应急救援协议", "agreement"),
        MissionBasis::Voluntary => ("自愿互援", "voluntary"),
    }
}

pub(crate) fn payer(payer: Payer) -> Pair {
    match payer {
        Payer::Unspecified => UNKNOWN,
        Payer::ResponsibleParty => ("事故责任单位", "responsible party"),
        Payer::Requester => ("求援单位", "requester"),
        Payer::Owner => ("支援单位自担", "owner"),
        Payer::Other => ("其他", "other"),
    }
}

pub(crate) fn role(role: ActorRole) -> Pair {
    match role {
        ActorRole::Unspecified => UNKNOWN,
        ActorRole::Requester => ("求援方", "requester"),
        ActorRole::Supplier => ("支援方", "supplier"),
        ActorRole::Dispatcher => ("调度员", "dispatcher"),
        ActorRole::System => ("系统", "system"),
    }
}

pub(crate) fn channel(channel: Channel) -> Pair {
    match channel {
        Channel::Unspecified => UNKNOWN,
        Channel::Node => ("节点", "node"),
        Channel::Hub => ("中心", "hub"),
        Channel::Phone => ("电话", "phone"),
        Channel::Radio => ("对讲", "radio"),
        Channel::InPerson => ("当面", "in person"),
        Channel::Message => ("消息", "message"),
        Channel::Import => ("导入", "import"),
        Channel::System => ("系统", "system"),
    }
}

pub(crate) fn exclusion(reason: ExclusionReason) -> Pair {
    match reason {
        ExclusionReason::Unspecified => UNKNOWN,
        ExclusionReason::Capability => ("能力、类别或单位不符", "cannot do it, or another kind or unit"),
        ExclusionReason::Quantity => ("可用数量不足", "not enough is free"),
        ExclusionReason::CertificateExpired => ("资质已过期", "certificate expired"),
        ExclusionReason::InspectionOverdue => ("年检逾期", "inspection overdue"),
        ExclusionReason::DonorFloor => ("自留保底", "the owner keeps the rest"),
        ExclusionReason::AgreementMissing => ("无互援协议且无命令", "no agreement and no command"),
        ExclusionReason::SubstanceIncompatible => ("与涉事物质不相容", "not for this substance"),
        ExclusionReason::Stale => ("信息过旧，请电话核实", "too old, phone"),
        ExclusionReason::Offline => ("节点离线过久，请电话核实", "node away too long, phone"),
        ExclusionReason::Visibility => ("不对求援单位开放", "not for the requester's groups"),
        ExclusionReason::InUse => ("已在用", "in use"),
        ExclusionReason::Declined => ("已谢绝本次请求", "has said no"),
        ExclusionReason::Unreachable => ("道路不通", "no way to get there"),
        ExclusionReason::Owner => ("所属单位自身受困或停用", "the owner is in trouble or suspended"),
    }
}

pub(crate) fn cost(kind: CostKind) -> Pair {
    match kind {
        CostKind::Unspecified => UNKNOWN,
        CostKind::Muster => ("集结", "muster"),
        CostKind::Travel => ("路程", "travel"),
        CostKind::Gate => ("过门岗", "gate"),
        CostKind::Staleness => ("信息陈旧", "staleness"),
        CostKind::Rest => ("休整", "rest"),
        CostKind::Substitute => ("替代", "substitute"),
        CostKind::Uncertainty => ("不确定", "uncertainty"),
    }
}

pub(crate) fn travel(basis: TravelBasis) -> Pair {
    match basis {
        TravelBasis::Unspecified => UNKNOWN,
        TravelBasis::RoadGraph => ("路网", "roads"),
        TravelBasis::StraightLine => ("直线估算", "straight line"),
        TravelBasis::Unknown => ("位置不详", "place unknown"),
    }
}

pub(crate) fn closure(kind: ClosureKind) -> Pair {
    match kind {
        ClosureKind::Unspecified => UNKNOWN,
        ClosureKind::Closed => ("封闭", "closed"),
        ClosureKind::Plume => ("烟气", "plume"),
        ClosureKind::Slow => ("缓行", "slow"),
    }
}

pub(crate) fn notice(kind: NoticeKind) -> Pair {
    match kind {
        NoticeKind::Unspecified => UNKNOWN,
        NoticeKind::Solicitation => ("询问能否支援", "can you help?"),
        NoticeKind::Order => ("调度令待确认", "order to confirm"),
        NoticeKind::MissionOrder => ("调令，请出动", "mission order, depart"),
        NoticeKind::OrderEnded => ("调度令已失效", "order ended"),
        NoticeKind::StandDown => ("取消，无需出动", "stand down"),
        NoticeKind::Recall => ("召回", "come home"),
        NoticeKind::Extension => ("请延长", "please stay longer"),
        NoticeKind::RequestUpdate => ("请求有变化", "request update"),
        NoticeKind::AidLost => ("支援落空，正在补派", "aid lost, being replaced"),
        NoticeKind::DrillHalted => ("演练中止：有真实险情", "drill halted: real emergency"),
        NoticeKind::Reminder => ("再次提醒", "reminder"),
    }
}

pub(crate) fn delivery(state: NoticeDeliveryState) -> Pair {
    match state {
        NoticeDeliveryState::Unspecified => UNKNOWN,
        NoticeDeliveryState::Queued => ("待发", "queued"),
        NoticeDeliveryState::Sent => ("已发出", "sent"),
        NoticeDeliveryState::Delivered => ("已送达", "delivered"),
        NoticeDeliveryState::Seen => ("已阅", "seen"),
        NoticeDeliveryState::Answered => ("已答复", "answered"),
        NoticeDeliveryState::Expired => ("已过期", "expired"),
    }
}

pub(crate) fn command_state(state: OwnCommandState) -> Pair {
    match state {
        OwnCommandState::Unspecified => UNKNOWN,
        OwnCommandState::Waiting => ("已存盘，待送达中心", "on disk, waits for the hub"),
        OwnCommandState::Answered => ("中心已答复", "decided by the hub"),
    }
}

pub(crate) fn outcome(outcome: CommandOutcome) -> Pair {
    match outcome {
        CommandOutcome::Unspecified => UNKNOWN,
        CommandOutcome::Accepted => ("已办理", "accepted"),
        CommandOutcome::Noted => ("仅记入时间线，未改变状态", "noted, changed nothing"),
        CommandOutcome::BecameOffer => {
            ("命令已失效，转为主动支援意向", "the order had lapsed; it became an offer")
        }
        CommandOutcome::Refused => ("被拒绝", "refused"),
    }
}

/// The label of a code of a vocabulary; the code itself when the list does not know it.
pub(crate) fn term(list: &str, code: &str, lang: crate::words::Lang) -> String {
    vocabulary::term(list, code)
        .map_or_else(|| code.to_owned(), |term| lang.pick(&term.zh, &term.en).to_owned())
}

/// Why an owner says no. The codes of the list `decline-reason`.
pub(crate) fn decline(code: &str) -> Pair {
    match code {
        "NO_STAFF" => ("无人可派", "no staff"),
        "IN_USE" => ("正在使用", "in use"),
        "OWN_RISK" => ("自身有险情", "own risk"),
        "BROKEN" => ("故障", "broken"),
        "NOT_CAPABLE" => ("能力不符", "not capable"),
        "TOO_FAR" => ("距离过远", "too far"),
        "NO_AGREEMENT" => ("无协议", "no agreement"),
        "OTHER" => ("其他", "other"),
        _ => ("", ""),
    }
}
