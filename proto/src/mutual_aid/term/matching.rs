//! Words of matching: why a resource cannot help, what makes it late, what lies over the roads.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{UNKNOWN, UnknownTerm, Worded};
use crate::wire;

term!(
    /// Why a resource is no candidate.
    ExclusionReason is ExclusionReason {
        /// Another kind, type or unit, or a capability is missing.
        Capability = "capability", "能力、类别或单位不符", "cannot do it, or another kind or unit";
        /// Not enough is free.
        Quantity = "quantity", "可用数量不足", "not enough is free";
        /// A certificate has run out.
        CertificateExpired = "certificate-expired", "资质已过期", "certificate expired";
        /// Its inspection is overdue.
        InspectionOverdue = "inspection-overdue", "检验逾期", "inspection overdue";
        /// The owner keeps the rest for itself.
        DonorFloor = "donor-floor", "单位自留保底", "the owner keeps the rest";
        /// No agreement with the owner, and no command.
        AgreementMissing = "agreement-missing", "无互援协议且无命令", "no agreement and no command";
        /// It must not meet the substance.
        SubstanceIncompatible = "substance-incompatible", "与涉事物质不相容", "not for this substance";
        /// Nobody has confirmed it for too long.
        Stale = "stale", "信息过旧，请电话核实", "too old, phone";
        /// The owner's node has been away for too long.
        Offline = "offline", "节点离线过久，请电话核实", "node away too long, phone";
        /// Not for the requester's groups.
        Visibility = "visibility", "不对求援单位开放", "not for the requester's groups";
        /// On the line already, or in use elsewhere.
        InUse = "in-use", "已在用", "in use";
        /// The owner has said no for this request.
        Declined = "declined", "已谢绝本次请求", "has said no";
        /// No way leads there.
        Unreachable = "unreachable", "道路不通", "no way to get there";
        /// The owner is in trouble itself, or suspended.
        Owner = "owner", "所属单位自身有险情或已停用", "the owner is in trouble or suspended";
    }
);
term!(
    /// What a candidate's cost is made of.
    CostKind is CostKind {
        /// Until it is ready to leave.
        Muster = "muster", "集结", "muster";
        /// The way.
        Travel = "travel", "路程", "travel";
        /// Through the gates.
        Gate = "gate", "过门岗", "gate";
        /// For the age of what is known.
        Staleness = "staleness", "信息陈旧", "age of data";
        /// For a team that has just come from another mission.
        Rest = "rest", "队伍休整", "rest";
        /// For something that does, but is not what was asked.
        Substitute = "substitute", "替代品", "substitute";
        /// For how much the time may be wrong.
        Uncertainty = "uncertainty", "不确定", "uncertainty";
    }
);
term!(
    /// How a travel time was found.
    TravelBasis is TravelBasis {
        /// On the park's road graph.
        RoadGraph = "roads", "路网", "by road";
        /// Great circle with a factor for detours.
        StraightLine = "straight-line", "直线估算", "straight-line estimate";
        /// The resource has no place.
        Unknown = "unknown", "位置不详", "place unknown";
    }
);
term!(
    /// What lies over the roads.
    ClosureKind is ClosureKind {
        /// Nobody passes.
        Closed = "closed", "封闭", "closed";
        /// Smoke or gas.
        Plume = "plume", "烟气或毒气", "smoke or gas";
        /// Passable, slowly.
        Slow = "slow", "缓行", "slow";
    }
);
