//! What holds for every inventory and every need.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use shouwang_proto::id::GroupId;

use super::super::{
    amount::Amount,
    capability::{Capability, Demand, Figure},
    eligibility::{OfflineRule, Policy, Question},
    need::{Ask, Need, TypeChoice},
    ranking::rank,
    reason::{Reason, Reasons},
    resource::{Attempt, Attempts, Availability, Link, Owner, Owners, Resource, Rest, Standing, Stock},
    roads::{Pace, Travel},
    trial::{engine, id, inventory, minutes_ago, need, north},
};

const OWNERS: [&str; 4] = ["east-steel", "south-cold", "west-chem", "north-port"];
const WORDS: [&str; 4] = ["泡沫", "云梯", "起重量=50 t", "流量=48 L/s"];
const UNITS: [&str; 3] = ["1", "L", "m3"];
const DAYS: [Option<&str>; 4] = [None, Some("2026-11-21"), Some("2026-11-22"), Some("2027-05-01")];

fn subset<T: Clone + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    prop::sample::subsequence(of.to_vec(), 0..=of.len())
}

fn groups() -> impl Strategy<Value = BTreeSet<GroupId>> {
    subset(&["alliance", "hot-work", "council"])
        .prop_map(|names| names.iter().map(|name| name.parse().unwrap()).collect())
}

prop_compose! {
    fn any_stock()(total in 0_u64..9_000, floor in 0_u64..4_000, free in 0_u64..9_000) -> Stock {
        let [total, floor, free] = [total, floor, free].map(Amount::from_thousandths);
        Stock { total, floor, free }
    }
}

prop_compose! {
    fn any_resource()(
        (owner, kind, type_name, unit) in
            (0..4_usize, 0..4_usize, 0..3_usize, prop::sample::select(&UNITS[..])),
        (capabilities, incompatible) in (subset(&WORDS), subset(&["金属钠", "甲醇"])),
        stock in any_stock(),
        (metres, muster) in (prop::option::weighted(0.9, 0.0..5_000.0), 0_u32..900),
        dues in (prop::sample::select(&DAYS[..]), prop::sample::select(&DAYS[..])),
        (pre_authorised, audience) in (any::<bool>(), groups()),
        (age, holds, rest) in (0_i64..200, 0_u32..9_000, prop::option::of((0_i64..600, 0_u32..40_000))),
    ) -> Resource {
        Resource {
            id: id(OWNERS[owner], 0),
            kind: ["vehicle", "vehicle", "vehicle", "team"][kind].to_owned(),
            type_name: ["泡沫消防车", "云梯车", "吊车"][type_name].into(),
            capabilities: capabilities.into_iter().map(Capability::parse).collect(),
            incompatible: incompatible.into_iter().map(Into::into).collect(),
            unit: super::super::amount::Unit::new(unit),
            stock,
            place: metres.map(north),
            muster_seconds: muster,
            certificate_due: dues.0.map(|day| day.parse().unwrap()),
            inspection_due: dues.1.map(|day| day.parse().unwrap()),
            pre_authorised,
            audience,
            availability: Availability { reported_at: minutes_ago(age), holds_seconds: holds },
            rest: rest.map(|(ago, wanted_seconds)| Rest { since: minutes_ago(ago), wanted_seconds }),
            ..engine(0)
        }
    }
}

fn any_resources() -> impl Strategy<Value = Vec<Resource>> {
    prop::collection::vec(any_resource(), 0..40).prop_map(|mut resources| {
        for (number, resource) in (0..).zip(&mut resources) {
            resource.id = id(resource.id.member.as_str(), number);
        }
        resources
    })
}

prop_compose! {
    fn any_need()(
        unit in prop::sample::select(&UNITS[..]),
        (asked, part, lot) in (0.001_f64..9.0, 0.0_f64..=1.0, 0_u64..3_000),
        types in subset(&["泡沫消防车", "云梯车", "飞机"]),
        (demands, least) in (subset(&["泡沫", "流量", "没有的"]), prop::option::of(1.0_f64..60.0)),
        substances in subset(&["金属钠", "未知物"]),
        groups in groups(),
        needs_agreement in any::<bool>(),
    ) -> Need {
        let at_least = |name: &str| least.filter(|_| name == "流量").and_then(|least| Figure::new(least, "L/s"));
        Need {
            ask: Ask::new(unit, asked, asked * part).unwrap().with_lot(Amount::from_thousandths(lot)),
            types: types.iter().map(|name| TypeChoice { name: (*name).into(), penalty_seconds: 60 }).collect(),
            demands: demands.iter().map(|name| Demand { name: (*name).into(), at_least: at_least(name) }).collect(),
            substances: substances.into_iter().map(Into::into).collect(),
            groups,
            needs_agreement,
            ..need()
        }
    }
}

fn any_owners() -> impl Strategy<Value = Owners> {
    let link = prop::sample::select(vec![
        Link::Online,
        Link::Online,
        Link::Offline(minutes_ago(9)),
        Link::NeverSeen,
    ]);
    let owner = (
        link,
        any::<bool>(),
        prop::sample::select(vec![
            Standing::Active,
            Standing::Active,
            Standing::InTrouble,
            Standing::Suspended,
        ]),
    )
        .prop_map(|(link, has_agreement, standing)| Owner { link, has_agreement, standing });
    prop::collection::vec(owner, 3).prop_map(|owners| {
        OWNERS
            .iter()
            .zip(owners)
            .map(|(member, owner)| (member.parse().unwrap(), owner))
            .collect::<BTreeMap<_, _>>()
    })
}

/// The filter as the specification words it, one resource after the other, without any of the shortcuts.
fn plainly(
    need: &Need,
    owners: &Owners,
    attempts: &Attempts,
    policy: &Policy,
    resource: &Resource,
) -> Reasons {
    let owner = owners.get(&resource.id.member).copied().unwrap_or(Owner::UNKNOWN);
    let today = "2026-11-22".parse().unwrap();
    let age = need.now.as_second() - resource.availability.reported_at.as_second();
    let is_stale = age > i64::from(resource.availability.holds_seconds);
    let is_away = owner.link != Link::Online;
    let is_comparable = resource.unit.dimension() == need.ask.unit.dimension();
    let whole = |amount: Amount| amount.floor_to(resource.unit.granule());
    let (lot, Stock { total, floor, free }) = (need.ask.lot, resource.stock);
    let is_little = is_comparable && whole(free.min(total)) < lot;
    let has_enough = whole(total) >= lot;
    let (no_floor, no_others) = (whole(free.plus(floor)) >= lot, whole(total.minus(floor)) >= lot);
    let has_type = need.types.is_empty() || need.types.iter().any(|choice| choice.name == resource.type_name);
    let is_capable = need.demands.iter().all(|demand| demand.is_met_by(&resource.capabilities));
    let is_offline = is_away && (is_stale || policy.offline == OfflineRule::Always);
    let attempt = attempts.get(&resource.id);
    let holds = [
        (Reason::WrongKind, resource.kind != need.kind),
        (Reason::WrongType, !has_type),
        (Reason::Capability, !is_capable),
        (Reason::WrongUnit, !is_comparable),
        (Reason::Quantity, is_little && !has_enough),
        (Reason::DonorFloor, is_little && has_enough && (no_floor || !no_others)),
        (Reason::AlreadyCommitted, is_little && has_enough && (!no_floor || no_others)),
        (Reason::CertificateExpired, resource.certificate_due.is_some_and(|due| due < today)),
        (Reason::InspectionOverdue, resource.inspection_due.is_some_and(|due| due < today)),
        (Reason::AgreementMissing, need.needs_agreement && !owner.has_agreement),
        (Reason::SubstanceIncompatible, !resource.incompatible.is_disjoint(&need.substances)),
        (Reason::Stale, is_stale),
        (Reason::Offline, is_offline),
        (Reason::NotVisible, resource.audience.is_disjoint(&need.groups)),
        (Reason::OwnResource, resource.id.member == need.requester),
        (Reason::Declined, attempt == Some(&Attempt::Declined)),
        (Reason::OnLine, attempt == Some(&Attempt::OnLine)),
        (Reason::Owner, owner.standing != Standing::Active),
    ];
    holds.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect()
}

proptest! {
    #[test]
    fn every_resource_is_a_candidate_or_has_its_reasons(
        resources in any_resources(), need in any_need(), owners in any_owners(), is_strict in any::<bool>(),
        tried in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4),
    ) {
        let attempt = |declined| if declined { Attempt::Declined } else { Attempt::OnLine };
        let attempts: Attempts = if resources.is_empty() { Attempts::new() } else {
            tried.iter().map(|(index, declined)| (index.get(&resources).id.clone(), attempt(*declined))).collect()
        };
        let policy = Policy {
            offline: if is_strict { OfflineRule::Always } else { OfflineRule::WhenStale },
            ..Policy::default()
        };
        let travel = Travel::straight(need.destination, Pace::default());
        let all = inventory(resources.clone());
        let question =
            Question { need: &need, owners: &owners, attempts: &attempts, travel: &travel, policy: &policy };
        let ranking = rank(&all, question, usize::MAX).unwrap();
        let excluded: BTreeMap<_, _> =
            ranking.excluded().map(|(resource, reasons)| (resource.id.clone(), reasons)).collect();
        let candidates: BTreeSet<_> = ranking.candidates().iter().map(|one| one.id.clone()).collect();
        prop_assert_eq!(ranking.eligible(), candidates.len());
        for resource in &resources {
            let expected = plainly(&need, &owners, &attempts, &policy, resource);
            prop_assert_eq!(candidates.contains(&resource.id), expected.is_empty());
            prop_assert_eq!(excluded.get(&resource.id).copied().unwrap_or_default(), expected);
            let explained = ranking.explain(&resource.id).unwrap();
            let told: Vec<_> = explained.iter().map(|exclusion| exclusion.reason()).collect();
            prop_assert_eq!(told, expected.iter().collect::<Vec<_>>());
        }
        for candidate in ranking.candidates() {
            prop_assert!(candidate.available >= need.ask.lot);
            prop_assert_eq!(u64::from(candidate.cost.total()), candidate.cost.parts().map(u64::from).iter().sum::<u64>());
        }
    }

    #[test]
    fn the_order_in_which_resources_come_does_not_matter(
        (resources, shuffled) in any_resources().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        need in any_need(), owners in any_owners(), limit in 0_usize..12,
    ) {
        let travel = Travel::straight(need.destination, Pace::default());
        let policy = Policy::default();
        let none = Attempts::new();
        let question = Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
        let (one, other) = (inventory(resources.clone()), inventory(shuffled));
        let (one, other) = (rank(&one, question, limit).unwrap(), rank(&other, question, limit).unwrap());
        prop_assert_eq!(one.candidates(), other.candidates());
        // And the limit cuts the full list, it does not choose others.
        let all = inventory(resources);
        let all = rank(&all, question, usize::MAX).unwrap();
        prop_assert_eq!(one.candidates(), &all.candidates()[..limit.min(all.candidates().len())]);
    }

    #[test]
    fn an_inventory_that_changed_is_one_made_anew(
        before in any_resources(), after in any_resources(), need in any_need(), owners in any_owners(),
    ) {
        let mut changed = inventory(before.clone());
        for resource in &before {
            if resource.muster_seconds % 2 == 0 {
                changed.remove(&resource.id);
            }
        }
        changed.extend(after.clone());
        let gone: Vec<_> =
            before.iter().filter(|old| after.iter().all(|new| new.id != old.id)).map(|old| old.id.clone()).collect();
        for id in gone {
            changed.remove(&id);
        }
        let anew = inventory(after);
        let travel = Travel::straight(need.destination, Pace::default());
        let policy = Policy::default();
        let none = Attempts::new();
        let question = Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
        let (changed, anew) = (rank(&changed, question, 64).unwrap(), rank(&anew, question, 64).unwrap());
        prop_assert_eq!(changed.candidates(), anew.candidates());
        prop_assert_eq!(changed.counts(), anew.counts());
    }
}
