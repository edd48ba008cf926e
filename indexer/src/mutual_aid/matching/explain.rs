//! The reasons of one resource with their figures.

use super::{
    eligibility::{Filter, Question},
    exclusion::Exclusion,
    need::Need,
    reason::Reason,
    resource::{Owner, Owners, Resource},
};

impl Filter<'_> {
    /// The same reasons as [`Filter::reasons`], with figures.
    pub(super) fn explain(&self, slot: usize) -> Vec<Exclusion> {
        let resource = &self.inventory.resources[slot];
        self.reasons(slot).iter().map(|reason| self.figures(reason, resource)).collect()
    }

    fn figures(&self, reason: Reason, resource: &Resource) -> Exclusion {
        let Question { need, owners, travel, .. } = self.question;
        let (unit, stock) = (&need.ask.unit, resource.stock);
        let wanted = || unit.show(need.ask.lot);
        match reason {
            Reason::WrongKind => {
                Exclusion::WrongKind { asked: need.kind.clone(), has: resource.kind.clone() }
            }
            Reason::WrongType => Exclusion::WrongType { has: resource.type_name.clone() },
            Reason::Capability => Exclusion::Capability { gaps: gaps(need, resource) },
            Reason::WrongUnit => Exclusion::WrongUnit {
                asked: need.ask.unit.code().to_owned(),
                has: resource.unit.code().to_owned(),
            },
            Reason::Quantity => Exclusion::Quantity { wanted: wanted(), total: unit.show(stock.total) },
            Reason::DonorFloor => Exclusion::DonorFloor {
                wanted: wanted(),
                free: unit.show(stock.free),
                floor: unit.show(stock.floor),
            },
            Reason::AlreadyCommitted => Exclusion::AlreadyCommitted {
                wanted: wanted(),
                free: unit.show(stock.free),
                taken: unit.show(stock.taken()),
            },
            Reason::CertificateExpired => {
                Exclusion::CertificateExpired { due: resource.certificate_due.unwrap_or_default() }
            }
            Reason::InspectionOverdue => {
                Exclusion::InspectionOverdue { due: resource.inspection_due.unwrap_or_default() }
            }
            Reason::AgreementMissing => Exclusion::AgreementMissing { owner: resource.id.member.clone() },
            Reason::SubstanceIncompatible => Exclusion::SubstanceIncompatible {
                substances: resource.incompatible.intersection(&need.substances).cloned().collect(),
            },
            Reason::Stale => Exclusion::Stale {
                reported_at: resource.availability.reported_at,
                age_minutes: (self.now - resource.availability.reported_at.as_second()) / 60,
                holds_minutes: i64::from(resource.availability.holds_seconds) / 60,
            },
            Reason::Offline => Exclusion::Offline { link: owner_of(owners, resource).link },
            Reason::NotVisible => Exclusion::NotVisible,
            Reason::OwnResource => Exclusion::OwnResource,
            Reason::Declined => Exclusion::Declined,
            Reason::OnLine => Exclusion::OnLine,
            Reason::Owner => Exclusion::Owner { standing: owner_of(owners, resource).standing },
            Reason::Unreachable => Exclusion::Unreachable { is_destination_cut_off: travel.is_cut_off() },
        }
    }
}

fn owner_of(owners: &Owners, resource: &Resource) -> Owner {
    owners.get(&resource.id.member).copied().unwrap_or(Owner::UNKNOWN)
}

/// Every demand that is not met, with what the owner says of it.
fn gaps(need: &Need, resource: &Resource) -> Vec<(String, Option<String>)> {
    let unmet = need.demands.iter().filter(|demand| !demand.is_met_by(&resource.capabilities));
    unmet
        .map(|demand| {
            let name = demand.name.as_str();
            let wanted = match &demand.at_least {
                Some(least) => format!("{name} ≥ {}", least.show()),
                None => name.to_owned(),
            };
            let has = resource.capabilities.iter().filter(|capability| capability.name == demand.name).map(
                |capability| {
                    capability
                        .figure
                        .as_ref()
                        .map_or_else(|| "未标数值 / no figure".to_owned(), |it| it.show())
                },
            );
            (wanted, has.max())
        })
        .collect()
}
