//! What is closed and what is in the cloud right now, as weights over the roads.

use super::{Fault, NONE, Roads};
use crate::mutual_aid::matching::place::Place;

/// Most corners of a plume's outline.
const CORNER_LIMIT: usize = 1_000;
/// Most that a plume may slow a road down, in per cent of the open time.
const SLOW_LIMIT: u32 = 10_000;

/// Something that nobody may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closure {
    /// An edge by its id, in both directions.
    Edge(String),
    /// A node, such as a gate, by its id: nobody comes from, to or through it.
    Node(String),
}

/// What a plume does to the roads that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nobody goes in.
    Blocked,
    /// It takes this per cent of the open time; 100 to 10,000.
    Slowed(u32),
}

/// An area of gas, smoke or fire.
#[derive(Clone, Debug, PartialEq)]
pub struct Plume {
    outline: Vec<[f64; 2]>,
    effect: Effect,
    low: [f64; 2],
    high: [f64; 2],
}

/// Why corners are no plume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlumeError {
    /// Fewer than 3 corners or more than 1,000.
    #[error("a plume has 3 to 1000 corners （扩散区须有 3–1000 个顶点）")]
    Corners,
    /// Wider than half the earth: it crosses the line of 180 degrees, which is not supported.
    #[error("a plume must not cross 180 degrees （扩散区不得跨越 180 度经线）")]
    TooWide,
    /// Faster than the open road, or hopelessly slow.
    #[error("a slowed road takes 100 to 10000 per cent of its time （减速比例须为 100–10000%）")]
    Slowness,
}

impl Plume {
    /// The area inside the outline (even-odd rule); the last corner joins the first.
    ///
    /// # Errors
    /// See [`PlumeError`].
    pub fn new(outline: &[Place], effect: Effect) -> Result<Self, PlumeError> {
        if !(3..=CORNER_LIMIT).contains(&outline.len()) {
            return Err(PlumeError::Corners);
        }
        if let Effect::Slowed(percent) = effect
            && !(100..=SLOW_LIMIT).contains(&percent)
        {
            return Err(PlumeError::Slowness);
        }
        let outline: Vec<_> = outline.iter().map(|place| point(*place)).collect();
        let low =
            outline.iter().fold([f64::MAX; 2], |low, corner| [0, 1].map(|k: usize| low[k].min(corner[k])));
        let high =
            outline.iter().fold([f64::MIN; 2], |high, corner| [0, 1].map(|k: usize| high[k].max(corner[k])));
        if high[0] - low[0] > 180.0 {
            return Err(PlumeError::TooWide);
        }
        Ok(Self { outline, effect, low, high })
    }

    /// True when the place is inside.
    #[must_use]
    pub fn contains(&self, place: Place) -> bool {
        self.has_inside(point(place))
    }

    fn has_inside(&self, [x, y]: [f64; 2]) -> bool {
        let mut is_inside = false;
        for (a, b) in self.sides() {
            if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0] {
                is_inside = !is_inside;
            }
        }
        is_inside
    }

    fn sides(&self) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
        self.outline.iter().zip(self.outline.iter().cycle().skip(1)).map(|(a, b)| (*a, *b))
    }

    /// True when any part of the straight road lies inside.
    fn touches(&self, from: [f64; 2], to: [f64; 2]) -> bool {
        let is_apart = [0, 1].into_iter().any(|axis: usize| {
            from[axis].max(to[axis]) < self.low[axis] || from[axis].min(to[axis]) > self.high[axis]
        });
        !is_apart
            && (self.has_inside(from)
                || self.has_inside(to)
                || self.sides().any(|(a, b)| crosses(from, to, a, b)))
    }
}

/// Longitude and latitude as a flat point: a park is so small that straight lines stay straight.
fn point(place: Place) -> [f64; 2] {
    [place.longitude(), place.latitude()]
}

/// True when the two segments have a point in common.
fn crosses(a: [f64; 2], b: [f64; 2], c: [f64; 2], d: [f64; 2]) -> bool {
    let side =
        |p: [f64; 2], q: [f64; 2], r: [f64; 2]| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
    let (ca, cb) = (side(c, d, a), side(c, d, b));
    let (ac, ad) = (side(a, b, c), side(a, b, d));
    let parts = |one: f64, other: f64| (one <= 0.0 && other >= 0.0) || (one >= 0.0 && other <= 0.0);
    let overlap = |axis: usize| {
        a[axis].max(b[axis]) >= c[axis].min(d[axis]) && c[axis].max(d[axis]) >= a[axis].min(b[axis])
    };
    parts(ca, cb) && parts(ac, ad) && overlap(0) && overlap(1)
}

/// The roads as they are now.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Milliseconds of each arc, [`NONE`] where it is blocked.
    pub(super) arc_millis: Vec<u32>,
}

impl Roads {
    /// Lays closures and plumes over the roads. Made anew for every question, so that it holds at once. Where several
    /// plumes overlap, the worst counts.
    ///
    /// # Errors
    /// Closures that name nothing, with the closure's place in the list (from 1) as line: a closure that is silently
    /// overlooked sends people into it.
    pub fn conditions(&self, closures: &[Closure], plumes: &[Plume]) -> Result<Conditions, Vec<Fault>> {
        let (mut slowness, mut is_shut) = (vec![100; self.edges.len()], vec![false; self.nodes.len()]);
        let mut faults = Vec::new();
        for (index, closure) in closures.iter().enumerate() {
            let (field, id, found) = match closure {
                Closure::Edge(id) => ("edge", id, self.edge_numbers.get(id.as_str())),
                Closure::Node(id) => ("node", id, self.node_numbers.get(id.as_str())),
            };
            match (closure, found) {
                (Closure::Edge(_), Some(edge)) => slowness[*edge as usize] = NONE,
                (Closure::Node(_), Some(node)) => is_shut[*node as usize] = true,
                (_, None) => faults.push(Fault {
                    line: index + 1,
                    field: field.to_owned(),
                    words: format!("no {field} `{id}` on the map （路网中没有此项）"),
                }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let points: Vec<_> = self.nodes.iter().map(|node| point(node.place)).collect();
        for plume in plumes {
            let percent = match plume.effect {
                Effect::Blocked => NONE,
                Effect::Slowed(percent) => percent,
            };
            for (edge, slow) in self.edges.iter().zip(&mut slowness) {
                if *slow < percent && plume.touches(points[edge.from as usize], points[edge.to as usize]) {
                    *slow = percent;
                }
            }
        }
        Ok(Conditions { arc_millis: self.weigh(&slowness, &is_shut) })
    }

    fn weigh(&self, slowness: &[u32], is_shut: &[bool]) -> Vec<u32> {
        let mut weights = Vec::with_capacity(self.arcs.len());
        for node in 0..self.nodes.len() {
            for arc in &self.arcs[self.first[node] as usize..self.first[node + 1] as usize] {
                let percent = slowness[arc.edge as usize];
                let is_blocked = percent == NONE || is_shut[node] || is_shut[arc.from as usize];
                let slowed = u64::from(arc.millis) * u64::from(percent) / 100;
                weights.push(if is_blocked { NONE } else { u32::try_from(slowed).unwrap_or(NONE) });
            }
        }
        weights
    }
}
