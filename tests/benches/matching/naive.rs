//! The same jobs as a textbook has them: no columns, no numbers for words, no shortcuts.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, VecDeque},
};

use shouwang_hub::mutual_aid::matching::{
    Need, Owner, Owners, Rates, Resource,
    place::Place,
    plan::{Problem, Share},
    resource::{Link, Standing},
    roads::RoadsDraft,
};
use shouwang_proto::id::PublicationName;

/// Cost in seconds and resource, cheapest first.
type Ranked<'a> = Vec<(f64, &'a PublicationName)>;
/// Resource and the reasons why not.
type Excluded<'a> = Vec<(&'a PublicationName, Vec<&'static str>)>;

/// Reasons and candidates, resource by resource, as strings; all candidates are sorted, the first 64 are kept.
pub(crate) fn rank<'a>(
    resources: &'a [Resource],
    need: &Need,
    owners: &Owners,
    rates: &Rates,
) -> (Ranked<'a>, Excluded<'a>) {
    let (mut candidates, mut excluded) = (Vec::new(), Vec::new());
    for resource in resources {
        let reasons = reasons(resource, need, owners);
        if reasons.is_empty() {
            candidates.push((cost(resource, need, owners, rates), &resource.id));
        } else {
            excluded.push((&resource.id, reasons));
        }
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    candidates.truncate(64);
    (candidates, excluded)
}

fn reasons(resource: &Resource, need: &Need, owners: &Owners) -> Vec<&'static str> {
    let owner = owners.get(&resource.id.member).copied().unwrap_or(Owner::UNKNOWN);
    let age = need.now.as_second() - resource.availability.reported_at.as_second();
    let is_stale = age > i64::from(resource.availability.holds_seconds);
    let today = jiff::civil::date(2026, 11, 22);
    let is_comparable = resource.unit.dimension() == need.ask.unit.dimension();
    let holds = [
        ("WRONG_KIND", resource.kind != need.kind),
        ("CAPABILITY", !need.demands.iter().all(|demand| demand.is_met_by(&resource.capabilities))),
        ("WRONG_UNIT", !is_comparable),
        ("QUANTITY", is_comparable && resource.stock.free < need.ask.lot),
        ("CERTIFICATE_EXPIRED", resource.certificate_due.is_some_and(|due| due < today)),
        ("INSPECTION_OVERDUE", resource.inspection_due.is_some_and(|due| due < today)),
        ("AGREEMENT_MISSING", need.needs_agreement && !owner.has_agreement),
        ("SUBSTANCE_INCOMPATIBLE", !resource.incompatible.is_disjoint(&need.substances)),
        ("STALE", is_stale),
        ("OFFLINE", is_stale && owner.link != Link::Online),
        ("NOT_VISIBLE", resource.audience.is_disjoint(&need.groups)),
        ("OWN_RESOURCE", resource.id.member == need.requester),
        ("OWNER", owner.standing != Standing::Active),
    ];
    holds.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect()
}

fn cost(resource: &Resource, need: &Need, owners: &Owners, rates: &Rates) -> f64 {
    let travel =
        resource.place.map_or(1_800.0, |place: Place| place.metres_to(need.destination) * 1.35 / 30.0 * 3.6);
    let muster = f64::from(resource.muster_seconds);
    #[expect(clippy::cast_precision_loss, reason = "minutes")]
    let age = (need.now.as_second() - resource.availability.reported_at.as_second()) as f64;
    let staleness = f64::from(rates.staleness_seconds) * age / f64::from(resource.availability.holds_seconds);
    let is_away = owners.get(&resource.id.member).is_none_or(|owner| owner.link != Link::Online);
    let spread = muster * 0.5
        + travel * 0.6
        + if resource.pre_authorised { 0.0 } else { f64::from(rates.asking_spread_seconds) }
        + if is_away { f64::from(rates.phone_spread_seconds) } else { 0.0 };
    let rest = resource.rest.map_or(0.0, |_| f64::from(rates.rest_seconds));
    muster + travel + staleness + rest + spread * 0.5
}

/// A time in a heap.
#[derive(PartialEq)]
struct Time(f64);

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Roads as a list of lists: for each node, who leads into it in how many seconds.
#[derive(Clone)]
pub(crate) struct Lists(Vec<Vec<(usize, f64)>>);

impl Lists {
    /// From a description; `columns` tells a node's number from its id `row/column`.
    pub(crate) fn new(draft: &RoadsDraft, columns: usize) -> anyhow::Result<Self> {
        let mut lists = vec![Vec::new(); draft.nodes.len()];
        let number = |id: &str| -> anyhow::Result<usize> {
            let (row, column) = id.split_once('/').ok_or_else(|| anyhow::anyhow!("row/column"))?;
            Ok(row.parse::<usize>()? * columns + column.parse::<usize>()?)
        };
        for edge in &draft.edges {
            let (from, to) = (number(&edge.from)?, number(&edge.to)?);
            let seconds = edge.length_m / edge.speed_kmh * 3.6;
            lists[to].push((from, seconds + draft.nodes[to].gate_seconds));
            if edge.both_ways {
                lists[from].push((to, seconds + draft.nodes[from].gate_seconds));
            }
        }
        Ok(Self(lists))
    }

    /// Dijkstra's search with a heap of floating-point times.
    pub(crate) fn dijkstra(&self, to: usize) -> Vec<f64> {
        let mut times = vec![f64::INFINITY; self.0.len()];
        let mut heap = BinaryHeap::from([Reverse((Time(0.0), to))]);
        times[to] = 0.0;
        while let Some(Reverse((Time(time), node))) = heap.pop() {
            if time > times[node] {
                continue;
            }
            for (from, seconds) in &self.0[node] {
                let found = time + seconds;
                if found < times[*from] {
                    times[*from] = found;
                    heap.push(Reverse((Time(found), *from)));
                }
            }
        }
        times
    }

    /// Bellman and Ford's search with a queue.
    pub(crate) fn bellman_ford(&self, to: usize) -> Vec<f64> {
        let mut times = vec![f64::INFINITY; self.0.len()];
        let (mut queue, mut is_queued) = (VecDeque::from([to]), vec![false; self.0.len()]);
        times[to] = 0.0;
        while let Some(node) = queue.pop_front() {
            is_queued[node] = false;
            for (from, seconds) in &self.0[node] {
                let found = times[node] + seconds;
                if found < times[*from] {
                    times[*from] = found;
                    if !std::mem::replace(&mut is_queued[*from], true) {
                        queue.push_back(*from);
                    }
                }
            }
        }
        times
    }
}

/// An arc of the textbook's flow network.
struct Arc {
    to: usize,
    room: u64,
    cost: i64,
}

/// Min-cost flow over the whole network, lines and resources and every offer, by shortest paths with a queue. One path a
/// step; tiers are weights that are larger than any path.
pub(crate) fn flow(problem: &Problem) -> Vec<Share> {
    const TIER: i64 = 1 << 40;
    let (lines, resources) = (problem.lines.len(), problem.free.len());
    let (source, sink) = (lines + resources, lines + resources + 1);
    let mut arcs: Vec<Arc> = Vec::new();
    let mut out = vec![Vec::new(); sink + 1];
    let mut join = |from: usize, to: usize, room: u64, cost: i64| {
        out[from].push(arcs.len());
        arcs.push(Arc { to, room, cost });
        out[to].push(arcs.len());
        arcs.push(Arc { to: from, room: 0, cost: -cost });
    };
    for (number, line) in problem.lines.iter().enumerate() {
        let tier = 2 * line.priority as i64;
        join(source, number, line.minimum, tier * TIER);
        join(source, number, line.asked - line.minimum, (tier + 1) * TIER);
    }
    for (number, free) in problem.free.iter().enumerate() {
        join(lines + number, sink, *free, 0);
    }
    for offer in &problem.offers {
        join(offer.line as usize, lines + offer.resource as usize, u64::MAX, i64::from(offer.seconds));
    }
    let first = 2 * (2 * lines + resources);
    while let Some(path) = cheapest_path(&arcs, &out, source, sink) {
        let amount = path.iter().map(|arc| arcs[*arc].room).min().unwrap_or(0);
        for arc in path {
            arcs[arc].room -= amount;
            arcs[arc ^ 1].room = arcs[arc ^ 1].room.saturating_add(amount);
        }
    }
    let offers = problem.offers.iter().zip(arcs[first..].chunks_exact(2));
    let mut shares: Vec<_> = offers
        .filter(|(_, pair)| pair[1].room > 0)
        .map(|(offer, pair)| Share {
            line: offer.line,
            resource: offer.resource,
            amount: pair[1].room,
            seconds: offer.seconds,
        })
        .collect();
    shares.sort_unstable();
    shares
}

fn cheapest_path(arcs: &[Arc], out: &[Vec<usize>], source: usize, sink: usize) -> Option<Vec<usize>> {
    let (mut costs, mut via) = (vec![i64::MAX; out.len()], vec![usize::MAX; out.len()]);
    let (mut queue, mut is_queued) = (VecDeque::from([source]), vec![false; out.len()]);
    costs[source] = 0;
    while let Some(node) = queue.pop_front() {
        is_queued[node] = false;
        for &number in &out[node] {
            let Arc { to, room, cost } = arcs[number];
            if room > 0 && costs[node] + cost < costs[to] {
                costs[to] = costs[node] + cost;
                via[to] = number;
                if !std::mem::replace(&mut is_queued[to], true) {
                    queue.push_back(to);
                }
            }
        }
    }
    let mut path = Vec::new();
    let mut at = sink;
    while at != source {
        let arc = via[at];
        if arc == usize::MAX {
            return None;
        }
        path.push(arc);
        at = arcs[arc ^ 1].to;
    }
    Some(path)
}
