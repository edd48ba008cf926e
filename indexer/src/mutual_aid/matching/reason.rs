//! Why a resource is left out: a code for programs, words and figures for the dispatcher.

use jiff::{Timestamp, civil::Date};
use shouwang_proto::id::MemberId;

use super::{
    capability::Word,
    inventory::local,
    resource::{Link, Standing},
};

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

/// A reason with the figures that a dispatcher reads. Amounts are shown in the need's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// See [`Reason::WrongKind`].
    WrongKind {
        /// Code that is asked for.
        asked: String,
        /// Code that it has.
        has: String,
    },
    /// See [`Reason::WrongType`].
    WrongType {
        /// The owner's word for it.
        has: Word,
    },
    /// See [`Reason::Capability`].
    Capability {
        /// Each demand that is not met: the demand and what the owner says of it, both as text.
        gaps: Vec<(String, Option<String>)>,
    },
    /// See [`Reason::WrongUnit`].
    WrongUnit {
        /// Unit of the need.
        asked: String,
        /// Unit of the resource.
        has: String,
    },
    /// See [`Reason::Quantity`].
    Quantity {
        /// The least that is worth sending.
        wanted: String,
        /// What the owner has.
        total: String,
    },
    /// See [`Reason::DonorFloor`].
    DonorFloor {
        /// The least that is worth sending.
        wanted: String,
        /// What is free.
        free: String,
        /// What the owner keeps.
        floor: String,
    },
    /// See [`Reason::AlreadyCommitted`].
    AlreadyCommitted {
        /// The least that is worth sending.
        wanted: String,
        /// What is free.
        free: String,
        /// What others have.
        taken: String,
    },
    /// See [`Reason::CertificateExpired`].
    CertificateExpired {
        /// Last day on which it was valid.
        due: Date,
    },
    /// See [`Reason::InspectionOverdue`].
    InspectionOverdue {
        /// Last day by which it had to be inspected.
        due: Date,
    },
    /// See [`Reason::AgreementMissing`].
    AgreementMissing {
        /// The owner.
        owner: MemberId,
    },
    /// See [`Reason::SubstanceIncompatible`].
    SubstanceIncompatible {
        /// Those on the scene that it must not meet.
        substances: Vec<Word>,
    },
    /// See [`Reason::Stale`].
    Stale {
        /// When the owner last said that it is available.
        reported_at: Timestamp,
        /// Minutes since then.
        age_minutes: i64,
        /// For how many minutes that held.
        holds_minutes: i64,
    },
    /// See [`Reason::Offline`].
    Offline {
        /// How the owner's node is connected.
        link: Link,
    },
    /// See [`Reason::NotVisible`].
    NotVisible,
    /// See [`Reason::OwnResource`].
    OwnResource,
    /// See [`Reason::Declined`].
    Declined,
    /// See [`Reason::OnLine`].
    OnLine,
    /// See [`Reason::Owner`].
    Owner {
        /// Why it cannot.
        standing: Standing,
    },
    /// See [`Reason::Unreachable`].
    Unreachable {
        /// Every way into the destination is blocked, so nobody arrives from wherever.
        is_destination_cut_off: bool,
    },
}

impl Exclusion {
    /// Its reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::WrongKind { .. } => Reason::WrongKind,
            Self::WrongType { .. } => Reason::WrongType,
            Self::Capability { .. } => Reason::Capability,
            Self::WrongUnit { .. } => Reason::WrongUnit,
            Self::Quantity { .. } => Reason::Quantity,
            Self::DonorFloor { .. } => Reason::DonorFloor,
            Self::AlreadyCommitted { .. } => Reason::AlreadyCommitted,
            Self::CertificateExpired { .. } => Reason::CertificateExpired,
            Self::InspectionOverdue { .. } => Reason::InspectionOverdue,
            Self::AgreementMissing { .. } => Reason::AgreementMissing,
            Self::SubstanceIncompatible { .. } => Reason::SubstanceIncompatible,
            Self::Stale { .. } => Reason::Stale,
            Self::Offline { .. } => Reason::Offline,
            Self::NotVisible => Reason::NotVisible,
            Self::OwnResource => Reason::OwnResource,
            Self::Declined => Reason::Declined,
            Self::OnLine => Reason::OnLine,
            Self::Owner { .. } => Reason::Owner,
            Self::Unreachable { .. } => Reason::Unreachable,
        }
    }

    /// Chinese and English words with the figures.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        let (zh, en) = self.reason().labels();
        match self.figures() {
            None => (zh.to_owned(), en.to_owned()),
            Some((zh_figures, en_figures)) => (format!("{zh}：{zh_figures}"), format!("{en}: {en_figures}")),
        }
    }

    fn figures(&self) -> Option<(String, String)> {
        let figures = match self {
            Self::NotVisible | Self::OwnResource | Self::Declined | Self::OnLine => return None,
            Self::WrongKind { asked, has } | Self::WrongUnit { asked, has } => {
                (format!("需 {asked}，现为 {has}"), format!("asked {asked}, is {has}"))
            }
            Self::WrongType { has } => (format!("现为 {}", has.as_str()), format!("is {}", has.as_str())),
            Self::Capability { gaps } => capability_words(gaps),
            Self::Quantity { wanted, total } => {
                (format!("需 {wanted}，共有 {total}"), format!("asked {wanted}, has {total}"))
            }
            Self::DonorFloor { wanted, free, floor } => (
                format!("需 {wanted}，可用 {free}，自留 {floor}"),
                format!("asked {wanted}, free {free}, keeps {floor}"),
            ),
            Self::AlreadyCommitted { wanted, free, taken } => (
                format!("需 {wanted}，可用 {free}，已占用 {taken}"),
                format!("asked {wanted}, free {free}, taken {taken}"),
            ),
            Self::CertificateExpired { due } => (format!("有效期至 {due}"), format!("valid until {due}")),
            Self::InspectionOverdue { due } => (format!("应于 {due} 前检验"), format!("was due by {due}")),
            Self::AgreementMissing { owner } => (format!("与 {owner}"), format!("with {owner}")),
            Self::SubstanceIncompatible { substances } => {
                let names: Vec<_> = substances.iter().map(Word::as_str).collect();
                (names.join("、"), names.join(", "))
            }
            Self::Stale { reported_at: _, age_minutes, holds_minutes } => (
                format!("{age_minutes} 分钟前报告，有效 {holds_minutes} 分钟"),
                format!("said {age_minutes} min ago, holds {holds_minutes} min"),
            ),
            Self::Offline { link } => return link_words(*link),
            Self::Owner { standing } => return standing_words(*standing),
            Self::Unreachable { is_destination_cut_off: false } => return None,
            Self::Unreachable { is_destination_cut_off: true } => (
                "目的地各路均封闭，请改选集结点".to_owned(),
                "every way into the destination is closed, choose a staging area".to_owned(),
            ),
        };
        Some(figures)
    }
}

fn link_words(link: Link) -> Option<(String, String)> {
    match link {
        Link::Online => None,
        Link::Offline(since) => {
            let since = local(since).strftime("%F %H:%M").to_string();
            Some((format!("自 {since} 起，请电话确认"), format!("since {since} (+08:00), call by phone")))
        }
        Link::NeverSeen => {
            Some(("从未连接，请电话确认".to_owned(), "never connected, call by phone".to_owned()))
        }
    }
}

fn standing_words(standing: Standing) -> Option<(String, String)> {
    let (zh, en) = match standing {
        Standing::Active => return None,
        Standing::InTrouble => ("自身处于突发事件中", "has an emergency itself"),
        Standing::Suspended => ("已被理事会暂停", "suspended by the council"),
    };
    Some((zh.to_owned(), en.to_owned()))
}

fn capability_words(gaps: &[(String, Option<String>)]) -> (String, String) {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for (demand, has) in gaps {
        match has {
            Some(has) => {
                zh.push(format!("需 {demand}，现有 {has}"));
                en.push(format!("asked {demand}, has {has}"));
            }
            None => {
                zh.push(format!("缺 {demand}"));
                en.push(format!("lacks {demand}"));
            }
        }
    }
    (zh.join("；"), en.join("; "))
}
