//! Why a resource is left out: a code for programs, a label for people.

/// Why a resource cannot serve a need. A resource may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Another kind of resource.
    WrongKind,
    /// Another type, and not one that would do.
    WrongType,
    /// A demanded capability is missing or too small.
    Capability,
    /// Its unit measures something else.
    WrongUnit,
    /// The owner has too little of it.
    Quantity,
    /// The owner keeps it for itself.
    DonorFloor,
    /// It is held, committed, deployed, consumed or damaged.
    AlreadyCommitted,
    /// Its certificate has run out.
    CertificateExpired,
    /// Its inspection is overdue.
    InspectionOverdue,
    /// The mission needs a signed agreement with the owner, and there is none.
    AgreementMissing,
    /// It must not meet a substance on the scene.
    SubstanceIncompatible,
    /// The owner has not said for too long that it is available.
    Stale,
    /// The owner's node is not connected.
    Offline,
    /// The requester may not see it.
    NotVisible,
    /// It belongs to the requester.
    OwnResource,
    /// Its owner said no for this request.
    Declined,
    /// It is on the line already.
    OnLine,
    /// Its owner has an emergency itself, or is suspended.
    Owner,
    /// No way leads to the destination.
    Unreachable,
}

impl Reason {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 19] = [
        Self::WrongKind,
        Self::WrongType,
        Self::Capability,
        Self::WrongUnit,
        Self::Quantity,
        Self::DonorFloor,
        Self::AlreadyCommitted,
        Self::CertificateExpired,
        Self::InspectionOverdue,
        Self::AgreementMissing,
        Self::SubstanceIncompatible,
        Self::Stale,
        Self::Offline,
        Self::NotVisible,
        Self::OwnResource,
        Self::Declined,
        Self::OnLine,
        Self::Owner,
        Self::Unreachable,
    ];

    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongKind => "WRONG_KIND",
            Self::WrongType => "WRONG_TYPE",
            Self::Capability => "CAPABILITY",
            Self::WrongUnit => "WRONG_UNIT",
            Self::Quantity => "QUANTITY",
            Self::DonorFloor => "DONOR_FLOOR",
            Self::AlreadyCommitted => "ALREADY_COMMITTED",
            Self::CertificateExpired => "CERTIFICATE_EXPIRED",
            Self::InspectionOverdue => "INSPECTION_OVERDUE",
            Self::AgreementMissing => "AGREEMENT_MISSING",
            Self::SubstanceIncompatible => "SUBSTANCE_INCOMPATIBLE",
            Self::Stale => "STALE",
            Self::Offline => "OFFLINE",
            Self::NotVisible => "NOT_VISIBLE",
            Self::OwnResource => "OWN_RESOURCE",
            Self::Declined => "DECLINED",
            Self::OnLine => "ON_LINE",
            Self::Owner => "OWNER",
            Self::Unreachable => "UNREACHABLE",
        }
    }

    /// Chinese and English label.
    #[must_use]
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::WrongKind => ("类别不符", "another kind"),
            Self::WrongType => ("类型不符", "another type"),
            Self::Capability => ("能力不足", "capability missing"),
            Self::WrongUnit => ("计量单位不符", "another unit"),
            Self::Quantity => ("数量不足", "too little of it"),
            Self::DonorFloor => ("供方自留", "kept by its owner"),
            Self::AlreadyCommitted => ("已被占用", "already committed"),
            Self::CertificateExpired => ("证书过期", "certificate expired"),
            Self::InspectionOverdue => ("检验超期", "inspection overdue"),
            Self::AgreementMissing => ("无救援协议", "no agreement"),
            Self::SubstanceIncompatible => ("与现场物质不相容", "incompatible with a substance"),
            Self::Stale => ("状态陈旧", "availability out of date"),
            Self::Offline => ("供方离线", "owner offline"),
            Self::NotVisible => ("请求方无权查看", "not visible to the requester"),
            Self::OwnResource => ("请求方自有", "the requester's own"),
            Self::Declined => ("供方已谢绝", "declined by its owner"),
            Self::OnLine => ("已在本需求行", "on this line already"),
            Self::Owner => ("供方无法支援", "its owner cannot help"),
            Self::Unreachable => ("无路可达", "no way leads there"),
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of reasons. Empty: the resource is a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reasons(u32);

impl Reasons {
    /// No reason.
    pub const NONE: Self = Self(0);

    /// Only this one, when it holds.
    #[must_use]
    pub fn when(holds: bool, reason: Reason) -> Self {
        Self(reason.bit() * u32::from(holds))
    }

    /// Those of either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True when it is among them.
    #[must_use]
    pub fn has(self, reason: Reason) -> bool {
        self.0 & reason.bit() != 0
    }

    /// Each, in the order in which they are shown.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.has(*reason))
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        Self(reasons.into_iter().fold(0, |bits, reason| bits | reason.bit()))
    }
}
