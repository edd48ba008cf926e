//! A small alliance for the tests of matching.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shouwang_proto::id::{GroupId, PublicationName, RecordId};
use uuid::Uuid;

use super::{
    amount::{Amount, Unit},
    capability::Capability,
    eligibility::{Policy, Question},
    inventory::Inventory,
    need::{Ask, LineKey, Mode, Need, Priority},
    place::Place,
    ranking::{CANDIDATES, Ranking, rank},
    reason::Reason,
    resource::{Attempts, Availability, Link, Owner, Owners, Resource, Standing, Stock},
    roads::{Pace, Travel},
};

/// 2026-11-22 08:00 in the park.
pub(super) const NOW: Timestamp = Timestamp::constant(1_795_305_600, 0);

/// A place so many metres north of the incident, less a hair, so that rounding up does not add a second.
pub(super) fn north(metres: f64) -> Place {
    Place::new(31.3 + metres / 111_195.1, 120.75).unwrap()
}

pub(super) fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::from_second(NOW.as_second() - minutes * 60).unwrap()
}

/// Resource number `number` of an owner; ids sort by number.
pub(super) fn id(owner: &str, number: u8) -> PublicationName {
    PublicationName { member: owner.parse().unwrap(), record: RecordId::from_bytes([number; 16]) }
}

/// A foam engine of `east-steel` that every need of these tests can have, 1 km away and ready in 5 minutes.
pub(super) fn engine(number: u8) -> Resource {
    Resource {
        id: id("east-steel", number),
        kind: "vehicle".to_owned(),
        type_name: "泡沫消防车".into(),
        capabilities: vec![Capability::parse("抗溶性泡沫"), Capability::parse("流量=48 L/s")],
        incompatible: BTreeSet::new(),
        unit: Unit::new("1"),
        stock: stock("1", 2.0, 0.0, 2.0),
        place: Some(north(1_000.0)),
        muster_seconds: 300,
        certificate_due: None,
        inspection_due: None,
        pre_authorised: true,
        audience: BTreeSet::from([GroupId::alliance()]),
        availability: Availability { reported_at: NOW, holds_seconds: 3_600 },
        rest: None,
        duty_contacts: Vec::new(),
    }
}

pub(super) fn stock(unit: &str, total: f64, floor: f64, free: f64) -> Stock {
    let unit = Unit::new(unit);
    let [total, floor, free] = [total, floor, free].map(|value| unit.amount(value).unwrap());
    Stock { total, floor, free }
}

/// `west-chem` asks for 2 vehicles.
pub(super) fn need() -> Need {
    Need {
        key: line(1),
        priority: Priority::P1,
        mode: Mode::Actual,
        kind: "vehicle".to_owned(),
        types: Vec::new(),
        demands: Vec::new(),
        ask: Ask::new("1", 2.0, 1.0).unwrap(),
        substances: BTreeSet::new(),
        requester: "west-chem".parse().unwrap(),
        groups: BTreeSet::from([GroupId::alliance()]),
        needs_agreement: false,
        destination: north(0.0),
        now: NOW,
    }
}

pub(super) fn line(line: u32) -> LineKey {
    LineKey { request: Uuid::from_bytes([1; 16]), line }
}

pub(super) fn online() -> Owner {
    Owner { link: Link::Online, has_agreement: false, standing: Standing::Active }
}

pub(super) fn owners(owners: &[(&str, Owner)]) -> Owners {
    owners.iter().map(|(member, owner)| (member.parse().unwrap(), *owner)).collect()
}

pub(super) fn inventory(resources: impl IntoIterator<Item = Resource>) -> Inventory {
    let mut inventory = Inventory::new(Mode::Actual, None);
    inventory.extend(resources);
    inventory
}

pub(super) fn pieces(count: u64) -> Amount {
    Amount::from_thousandths(count * 1_000)
}

/// Puts one resource of an owner that stands so before a need, and gives the words of its exclusions.
pub(super) fn verdict(need: &Need, owner: Owner, resource: Resource) -> Vec<(Reason, String, String)> {
    let id = resource.id.clone();
    let owners = owners(&[(id.member.as_str(), owner)]);
    let inventory = inventory([resource]);
    let travel = Travel::straight(need.destination, Pace::default());
    let policy = Policy::default();
    let question =
        Question { need, owners: &owners, attempts: &Attempts::new(), travel: &travel, policy: &policy };
    let ranking: Ranking<'_> = rank(&inventory, question, CANDIDATES).unwrap();
    let exclusions = ranking.explain(&id).unwrap();
    exclusions
        .iter()
        .map(|exclusion| {
            let (zh, en) = exclusion.words();
            (exclusion.reason(), zh, en)
        })
        .collect()
}
