//! A reason with its figures, in words for the dispatcher.

use jiff::{Timestamp, civil::Date};
use shouwang_proto::id::MemberId;

use super::{
    capability::Word,
    inventory::local,
    reason::Reason,
    resource::{Link, Standing},
};

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
