//! Puts the question "who could help" to the matching: what is offered, what of it is free, how the owners stand, and
//! the roads as they are at this moment. Changes nothing; what is laid out is kept in [`pool`](super::pool).

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use shouwang_proto::{
    id::{MemberId, PublicationName},
    mutual_aid::{
        agreement::KeptAgreement,
        id::LineId,
        request::Need as Wanted,
        term::{Mode, Priority},
    },
    publication::{Location, time_to_wire},
    wire,
};

use super::{
    machine::ledger::Ledger,
    matching::{
        amount::{Amount, Unit},
        capability::{Capability, Demand, Word},
        cost::Cost,
        eligibility::Policy,
        inventory::Inventory,
        need::{self, Ask, LineKey, Need},
        place::Place,
        ranking::Candidate,
        reason::Reason,
        resource::{Availability, Link, Owner, Owners, Resource, Standing, Stock},
        roads::{Affected, Basis, Travel},
    },
    pool::Pool,
    room::Shared,
    shelf::Offered,
};
use crate::{council::membership::RosterSnapshot, link::board::LinkBoard};

/// How long an owner's word that something is there holds, in seconds: thirty days.
const WORD_HOLDS: u32 = 30 * 86_400;

/// One line that wants something, with what matters of its request and incident.
#[derive(Clone, Debug)]
pub(crate) struct LineWanted {
    pub(crate) line: LineId,
    pub(crate) priority: Priority,
    pub(crate) mode: Mode,
    pub(crate) requester: MemberId,
    pub(crate) need: Wanted,
    /// Still to be found.
    pub(crate) missing: u64,
    pub(crate) substances: Vec<String>,
    pub(crate) place: Location,
    /// The agreements in force with the requester or the alliance, when aid shall stand on one.
    pub(crate) agreements: Option<Arc<[KeptAgreement]>>,
}

impl LineWanted {
    /// True when an agreement binds the owner to help with this line now.
    fn is_owed_by(&self, owner: &MemberId, now: Timestamp) -> bool {
        let kind = &self.need.resource_kind;
        let mut agreements = self.agreements.iter().flat_map(|agreements| agreements.iter());
        agreements.any(|kept| kept.agreement.binds(owner, &self.requester, kind, now))
    }
}

/// Everything that the answers depend on, at one moment.
pub(crate) struct Scene {
    pub(super) room: Arc<Shared>,
    pub(super) pool: Arc<RwLock<Pool>>,
    /// What is closed.
    pub(super) closures: Vec<wire::Closure>,
    pub(super) roster: Arc<RosterSnapshot>,
    pub(super) now: Timestamp,
}

/// A look at the scene. It keeps the pool as it is; nothing may be waited for meanwhile.
pub(crate) struct View<'a> {
    scene: &'a Scene,
    pool: RwLockReadGuard<'a, Pool>,
}

pub(super) fn mode_of(mode: Mode) -> need::Mode {
    match mode {
        Mode::Actual => need::Mode::Actual,
        Mode::Exercise => need::Mode::Exercise,
        Mode::Test => need::Mode::Test,
    }
}

fn priority_of(priority: Priority) -> need::Priority {
    match priority {
        Priority::P1 => need::Priority::P1,
        Priority::P2 => need::Priority::P2,
        Priority::P3 => need::Priority::P3,
    }
}

fn place_of(location: &Location) -> Option<Place> {
    Place::new(location.latitude, location.longitude).ok()
}

/// The key by which matching names a line.
pub(crate) fn key_of(line: LineId) -> LineKey {
    LineKey { request: line.request.uuid(), line: line.number.get() }
}

impl Scene {
    /// Looks at it.
    pub(crate) fn look(&self) -> View<'_> {
        View { scene: self, pool: self.pool.read().unwrap_or_else(PoisonError::into_inner) }
    }

    /// How strict the filter is.
    pub(crate) fn policy() -> Policy {
        Policy::default()
    }
}

impl View<'_> {
    /// All resources with what of them is free.
    pub(crate) fn inventory(&self) -> &Inventory {
        &self.pool.inventory
    }

    /// A resource as its owner published it.
    pub(crate) fn offered(&self, name: &PublicationName) -> Option<&Offered> {
        self.pool.offered.get(name).map(AsRef::as_ref)
    }

    fn board(&self) -> &LinkBoard {
        &self.scene.room.parts.board
    }

    /// How the owners stand to this line now.
    pub(crate) fn owners(&self, wanted: &LineWanted) -> Owners {
        let members = self.scene.roster.members();
        members
            .map(|member| {
                let row = self.board().row(&member.id);
                let link = match &row {
                    Some(row) if row.connected => Link::Online,
                    Some(row) => row.heard.map_or(Link::NeverSeen, Link::Offline),
                    None => Link::NeverSeen,
                };
                let standing = if member.is_active() { Standing::Active } else { Standing::Suspended };
                let has_agreement = wanted.is_owed_by(&member.id, self.scene.now);
                (member.id.clone(), Owner { link, has_agreement, standing })
            })
            .collect()
    }

    /// The line as matching sees it; none when nothing is missing or its place is none.
    pub(crate) fn need(&self, wanted: &LineWanted) -> Option<Need> {
        let unit = Unit::new(&wanted.need.unit);
        let least = wanted.need.minimum.min(wanted.missing);
        let member = self.scene.roster.member(&wanted.requester);
        Some(Need {
            key: key_of(wanted.line),
            priority: priority_of(wanted.priority),
            mode: mode_of(wanted.mode),
            kind: wanted.need.resource_kind.clone(),
            types: Vec::new(),
            demands: wanted.need.capabilities.iter().map(|written| demand(written)).collect(),
            ask: Ask::new(&wanted.need.unit, number(wanted.missing), number(least))?
                .with_lot(unit.amount(1.0)?),
            substances: wanted.substances.iter().map(|name| Word::new(name)).collect(),
            requester: wanted.requester.clone(),
            groups: member.map(|member| member.groups.clone()).unwrap_or_default(),
            needs_agreement: wanted.agreements.is_some(),
            destination: place_of(&wanted.place)?,
            now: self.scene.now,
        })
    }

    /// The times to a place, on the roads as they are.
    pub(crate) fn travel(&self, destination: Place) -> Arc<Travel> {
        let Scene { room, closures, .. } = self.scene;
        room.pools.travel(self.inventory().roads(), closures, destination)
    }

    /// What is closed or slow on the roads; nothing without roads.
    pub(crate) fn affected(&self) -> Affected {
        let Scene { room, closures, .. } = self.scene;
        let roads = self.inventory().roads();
        roads.map_or_else(Affected::default, |roads| room.pools.affected(roads, closures))
    }

    /// A candidate for people; none when it has gone meanwhile.
    pub(crate) fn write_candidate(
        &self,
        candidate: &Candidate,
        wanted: &LineWanted,
        quantity: Option<Amount>,
    ) -> Option<wire::Candidate> {
        let offered = self.offered(&candidate.id)?;
        let unit = Unit::new(&offered.resource.unit);
        let ledger = self.pool.ledgers.get(&candidate.id);
        let available = whole(unit.value(candidate.available));
        let suggested = quantity.map_or(available.min(wanted.missing), |amount| {
            whole(Unit::new(&wanted.need.unit).value(amount))
        });
        let owner = &candidate.id.member;
        Some(wire::Candidate {
            resource: candidate.id.to_string(),
            title: offered.title.clone(),
            member_display_name: self.display_name(owner),
            free: ledger.map_or(available, Ledger::free),
            quantity: suggested,
            unit: offered.resource.unit.clone(),
            cost_seconds: candidate.cost.total(),
            parts: cost_parts(&candidate.cost),
            eta_seconds: candidate.cost.arrival(),
            travel_basis: match candidate.basis {
                Basis::Roads => wire::TravelBasis::RoadGraph,
                Basis::StraightLine => wire::TravelBasis::StraightLine,
                Basis::Unknown => wire::TravelBasis::Unknown,
            }
            .into(),
            distance_metres: candidate.metres.unwrap_or(0),
            pre_authorised: candidate.pre_authorised,
            connected: self.board().row(owner).is_some_and(|row| row.is_reachable()),
            confirm_time: Some(time_to_wire(ledger.map_or(offered.published, |ledger| ledger.confirmed))),
            duty_contacts: offered.resource.duty_contacts.iter().map(|contact| contact.to_wire()).collect(),
            ledger_version: ledger.map_or(0, |ledger| ledger.version),
        })
    }

    pub(crate) fn display_name(&self, member: &MemberId) -> String {
        let member = self.scene.roster.member(member);
        member.map(|member| member.display_name.clone()).unwrap_or_default()
    }
}

fn demand(written: &str) -> Demand {
    let Capability { name, figure } = Capability::parse(written);
    Demand { name, at_least: figure }
}

/// A resource as the matching sees it; what has no ledger yet counts as free as published. None when its quantities are
/// none.
pub(super) fn lay_out(offered: &Offered, ledger: Option<&Ledger>) -> Option<Resource> {
    let resource = &offered.resource;
    let unit = Unit::new(&resource.unit);
    let (total, floor) = (unit.amount(resource.quantity)?, unit.amount(resource.floor)?);
    let free = match ledger {
        Some(ledger) => unit.amount(number(ledger.free()))?,
        None => total.minus(floor),
    };
    let reported_at = ledger.map_or(offered.published, |ledger| ledger.confirmed);
    Some(Resource {
        id: offered.name.clone(),
        kind: resource.resource_kind.clone(),
        type_name: Word::new(&resource.resource_type),
        capabilities: resource.capabilities.iter().map(|written| Capability::parse(written)).collect(),
        incompatible: std::collections::BTreeSet::new(),
        stock: Stock { total, free, floor },
        unit,
        place: resource.location.as_ref().and_then(place_of),
        muster_seconds: resource.muster_minutes.saturating_mul(60),
        certificate_due: None,
        inspection_due: resource.inspection_due,
        pre_authorised: resource.pre_authorised,
        audience: offered.audience.clone(),
        availability: Availability { reported_at, holds_seconds: WORD_HOLDS },
        rest: None,
        duty_contacts: resource.duty_contacts.clone(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "at most 1e9, which a double holds exactly")]
fn number(quantity: u64) -> f64 {
    quantity as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 1e18, and what is not whole is not lent"
)]
fn whole(value: f64) -> u64 {
    value.floor() as u64
}

fn cost_parts(cost: &Cost) -> Vec<wire::CostPart> {
    let kinds = [
        wire::CostKind::Muster,
        wire::CostKind::Travel,
        wire::CostKind::Gate,
        wire::CostKind::Staleness,
        wire::CostKind::Rest,
        wire::CostKind::Substitute,
        wire::CostKind::Uncertainty,
    ];
    let mut parts: Vec<_> = (kinds.into_iter().zip(cost.parts()))
        .filter(|(_, seconds)| *seconds > 0)
        .map(|(kind, seconds)| wire::CostPart { kind: kind.into(), seconds })
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.seconds));
    parts
}

/// A reason as on the wire.
pub(crate) fn write_reason(reason: Reason) -> wire::ExclusionReason {
    match reason {
        Reason::WrongKind | Reason::WrongType | Reason::Capability | Reason::WrongUnit => {
            wire::ExclusionReason::Capability
        }
        Reason::Quantity => wire::ExclusionReason::Quantity,
        Reason::DonorFloor => wire::ExclusionReason::DonorFloor,
        Reason::AlreadyCommitted | Reason::OnLine => wire::ExclusionReason::InUse,
        Reason::Declined => wire::ExclusionReason::Declined,
        Reason::CertificateExpired => wire::ExclusionReason::CertificateExpired,
        Reason::InspectionOverdue => wire::ExclusionReason::InspectionOverdue,
        Reason::AgreementMissing => wire::ExclusionReason::AgreementMissing,
        Reason::SubstanceIncompatible => wire::ExclusionReason::SubstanceIncompatible,
        Reason::Stale => wire::ExclusionReason::Stale,
        Reason::Offline => wire::ExclusionReason::Offline,
        Reason::NotVisible => wire::ExclusionReason::Visibility,
        Reason::OwnResource | Reason::Owner => wire::ExclusionReason::Owner,
        Reason::Unreachable => wire::ExclusionReason::Unreachable,
    }
}
