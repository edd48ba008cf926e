//! A large park made of chance: resources, owners, roads, needs. The same seed gives the same park.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use shouwang_hub::mutual_aid::matching::{
    Ask, LineKey, Mode, Need, Owner, Owners, Priority, Resource,
    amount::Unit,
    capability::{Capability, Demand, Figure},
    place::Place,
    plan::{Line, Offer, Problem},
    resource::{Availability, Link, Rest, Standing, Stock},
    roads::{Closure, EdgeDraft, Effect, NodeDraft, Plume, RoadsDraft},
};
use shouwang_proto::{
    id::{GroupId, MemberId, PublicationName, RecordId},
    publication::DutyContact,
};
use uuid::Uuid;

/// Members of the alliance.
const MEMBERS: u32 = 1_000;
/// Codes of the vocabulary list `resource-kind`.
const KINDS: [&str; 7] = ["team", "expert", "equipment", "supply", "vehicle", "venue", "micro-fire-station"];
/// Crossings of the road grid.
const ROWS: u32 = 150;
const COLUMNS: u32 = 200;
/// Degrees between two crossings: about 111 m to the north, 95 m to the east.
const STEP: f64 = 0.001;

/// Where chance comes from.
pub(crate) fn random(seed: u64) -> SmallRng {
    SmallRng::seed_from_u64(seed)
}

/// The time of asking.
pub(crate) fn now() -> anyhow::Result<Timestamp> {
    Ok("2026-11-22T00:00:00Z".parse()?)
}

fn place(row: f64, column: f64) -> anyhow::Result<Place> {
    Ok(Place::new(31.25 + row * STEP, 120.65 + column * STEP)?)
}

/// The middle of the park.
pub(crate) fn scene() -> anyhow::Result<Place> {
    place(f64::from(ROWS / 2), f64::from(COLUMNS / 2))
}

fn member(number: u32) -> anyhow::Result<MemberId> {
    Ok(format!("member-{number}").parse()?)
}

/// Nine of ten owners are connected.
pub(crate) fn owners() -> anyhow::Result<Owners> {
    let mut random = random(1);
    let away = now()?;
    (0..MEMBERS)
        .map(|number| {
            let link = if random.random_bool(0.9) { Link::Online } else { Link::Offline(away) };
            let owner = Owner { link, has_agreement: random.random_bool(0.7), standing: Standing::Active };
            Ok((member(number)?, owner))
        })
        .collect()
}

/// Resources as owners write them: every one has three capabilities, two of them in its own words.
/// `is_alike` makes all of them candidates of [`need`].
pub(crate) fn resources(count: u64, is_alike: bool) -> anyhow::Result<Vec<Resource>> {
    let (mut random, now) = (random(2), now()?);
    let sectors = ["hot-work", "confined-space", "machinery", "food"];
    (0..count)
        .map(|number| {
            let mut chance = |part: f64| !is_alike && random.random_bool(part);
            let is_secret = chance(0.2);
            let (is_overdue, is_stale, is_taken) = (chance(0.05), chance(0.05), chance(0.3));
            let has_mission = chance(0.3);
            let kind = if is_alike { 4 } else { random.random_range(0..KINDS.len()) };
            let audience = if is_secret { sectors[random.random_range(0..4)] } else { "alliance" };
            let lift = if is_alike { 60 } else { random.random_range(1..90) };
            let (row, column) = (random.random_range(0.0..149.0), random.random_range(0.0..199.0));
            let reported = now.as_second() - random.random_range(0..3_000) - if is_stale { 9_000 } else { 0 };
            let total = Unit::new("1").amount(f64::from(random.random_range(1_u8..4))).unwrap_or_default();
            let mut record = [0; 16];
            record[..8].copy_from_slice(&number.to_be_bytes());
            Ok(Resource {
                id: PublicationName {
                    member: member(random.random_range(1..MEMBERS))?,
                    record: RecordId::from_bytes(record),
                },
                kind: KINDS[kind].to_owned(),
                type_name: format!("型号 {}", number % 5_000).as_str().into(),
                capabilities: [
                    // What vehicles lift, others have elsewhere.
                    format!("{}={lift} t", if kind == 4 { "起重量" } else { KINDS[kind] }),
                    format!("用途 {number}"),
                    format!("特点 {number}"),
                ]
                .iter()
                .map(|written| Capability::parse(written))
                .collect(),
                incompatible: if number % 10 == 0 {
                    BTreeSet::from(["金属钠".into()])
                } else {
                    BTreeSet::new()
                },
                unit: Unit::new("1"),
                stock: Stock {
                    total,
                    floor: Unit::new("1").amount(0.0).unwrap_or_default(),
                    free: if is_taken { Unit::new("1").amount(0.0).unwrap_or_default() } else { total },
                },
                place: Some(place(row, column)?),
                muster_seconds: random.random_range(1..30) * 60,
                certificate_due: None,
                inspection_due: Some(if is_overdue { "2026-01-31" } else { "2027-03-31" }.parse()?),
                pre_authorised: random.random_bool(0.5),
                audience: BTreeSet::from([audience.parse()?]),
                availability: Availability {
                    reported_at: Timestamp::from_second(reported)?,
                    holds_seconds: 7_200,
                },
                rest: has_mission.then_some(Rest { since: now, wanted_seconds: 3_600 }),
                duty_contacts: vec![DutyContact {
                    name: "值班室".to_owned(),
                    phone: "0512-5550-0110".to_owned(),
                    duty: "24h".to_owned(),
                }],
            })
        })
        .collect()
}

/// Line number `line`: two vehicles that lift 50 t where sodium burns.
pub(crate) fn need(line: u32, destination: Place) -> anyhow::Result<Need> {
    Ok(Need {
        key: LineKey { request: Uuid::from_u128(1), line },
        priority: Priority::ALL[(line % 3) as usize],
        mode: Mode::Actual,
        kind: "vehicle".to_owned(),
        types: Vec::new(),
        demands: vec![Demand { name: "起重量".into(), at_least: Figure::new(50.0, "t") }],
        ask: Ask::new("1", f64::from(2 + line % 7), 1.0).ok_or_else(|| anyhow::anyhow!("an ask"))?,
        substances: BTreeSet::from(["金属钠".into()]),
        requester: member(0)?,
        groups: BTreeSet::from([GroupId::alliance()]),
        needs_agreement: false,
        destination,
        now: now()?,
    })
}

/// Streets at right angles, 150 by 200 crossings: different lengths and speeds, some one-way, some gates.
pub(crate) fn roads() -> RoadsDraft {
    let mut random = random(3);
    let mut draft = RoadsDraft::default();
    let id = |row: u32, column: u32| format!("{row}/{column}");
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            draft.nodes.push(NodeDraft {
                id: id(row, column),
                latitude: 31.25 + f64::from(row) * STEP,
                longitude: 120.65 + f64::from(column) * STEP,
                gate_seconds: if random.random_bool(0.02) { 20.0 } else { 0.0 },
                ..NodeDraft::default()
            });
            for (row_on, column_on) in [(row + 1, column), (row, column + 1)] {
                if row_on < ROWS && column_on < COLUMNS {
                    draft.edges.push(EdgeDraft {
                        id: format!("{}-{}", id(row, column), id(row_on, column_on)),
                        from: id(row, column),
                        to: id(row_on, column_on),
                        length_m: random.random_range(112.0..170.0),
                        speed_kmh: f64::from(random.random_range(2_u8..7)) * 10.0,
                        both_ways: random.random_bool(0.9),
                        ..EdgeDraft::default()
                    });
                }
            }
        }
    }
    draft
}

/// Twenty closed streets and two plumes of a dozen corners, not over the scene.
pub(crate) fn obstacles(draft: &RoadsDraft) -> anyhow::Result<(Vec<Closure>, Vec<Plume>)> {
    let mut random = random(4);
    let closures = (0..20).map(|_| {
        let edge = &draft.edges[random.random_range(0..draft.edges.len())];
        Closure::Edge(edge.id.clone())
    });
    let round = |row: f64, column: f64, effect| {
        let corners: anyhow::Result<Vec<_>> = (0..12)
            .map(|corner| {
                let angle = f64::from(corner) * std::f64::consts::TAU / 12.0;
                place(row + 8.0 * angle.sin(), column + 8.0 * angle.cos())
            })
            .collect();
        anyhow::Ok(Plume::new(&corners?, effect)?)
    };
    let closures = closures.collect();
    Ok((closures, vec![round(60.0, 120.0, Effect::Blocked)?, round(100.0, 60.0, Effect::Slowed(300))?]))
}

/// 50 lines, `resources` resources, every pair possible with this chance; `asked` units for each hundred.
pub(crate) fn problem(seed: u64, resources: u32, possible: f64, asked: u64) -> Problem {
    let mut random = random(seed);
    let free: Vec<u64> = (0..resources).map(|_| random.random_range(1..=3)).collect();
    let each = (free.iter().sum::<u64>() * asked / 100 / 50).max(1);
    let lines: Vec<_> = (0..50_usize)
        .map(|line| {
            let asked = random.random_range(each.div_ceil(2)..=each * 3 / 2);
            Line { priority: Priority::ALL[line % 3], minimum: asked / 2, asked }
        })
        .collect();
    let mut offers = Vec::new();
    for line in 0..50 {
        for resource in 0..resources {
            if random.random_bool(possible) {
                offers.push(Offer { line, resource, seconds: random.random_range(120..2_400) });
            }
        }
    }
    Problem { lines, free, offers }
}

/// A park of 5 × 5 km for the comparison of plans: resources that can do one to three of six things, lines that ask for
/// one of them, until `asked` units are asked for each hundred.
pub(crate) fn small_park(seed: u64, resources: u32, asked: u64) -> Problem {
    let mut random = random(seed);
    let mut problem = Problem::default();
    let mut able = Vec::new();
    let place =
        |random: &mut SmallRng| (random.random_range(0..5_000_i32), random.random_range(0..5_000_i32));
    for _ in 0..resources {
        problem.free.push(random.random_range(1..=3));
        let skills =
            (0..random.random_range(1..=3)).fold(0, |skills, _| skills | 1 << random.random_range(0..6));
        able.push((skills, place(&mut random), random.random_range(60..900_u32)));
    }
    let (supply, mut sum) = (problem.free.iter().sum::<u64>(), 0);
    while sum * 100 < supply * asked {
        let wanted = random.random_range(1..=6);
        let (skill, (x, y)) = (1 << random.random_range(0..6), place(&mut random));
        let priority = Priority::ALL[random.random_range(0..3_usize)];
        for (resource, (skills, (rx, ry), muster)) in (0..).zip(&able) {
            if skills & skill != 0 {
                // Streets at right angles, 30 km/h.
                let travel = (x.abs_diff(*rx) + y.abs_diff(*ry)) * 36 / 300;
                let line = u32::try_from(problem.lines.len()).unwrap_or(u32::MAX);
                problem.offers.push(Offer { line, resource, seconds: muster + travel });
            }
        }
        problem.lines.push(Line { priority, minimum: random.random_range(0..=wanted), asked: wanted });
        sum += wanted;
    }
    problem
}
