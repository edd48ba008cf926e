//! The park's plan: roads, what lies over them, where it happens, what is out and which way it comes. Drawn on a plane; a
//! park is small enough. Pure.

use std::collections::BTreeMap;

use shouwang_proto::{mutual_aid::term::ClosureKind, publication::time_from_wire, wire};

use super::{
    form::Form,
    map_marks::{self, Mark, Sign},
    map_spots::{self, Found, Offer, Spot},
    view::Light,
    words::said,
};
use crate::mutual_aid::{
    desk::traffic::Traffic,
    matching::{
        place::Place,
        roads::{Basis, Way},
    },
};

/// Width of the drawing.
const WIDTH: f64 = 1_000.0;
/// Highest drawing; what is longer is drawn smaller.
const HEIGHT: f64 = 800.0;
/// Space around it.
const MARGIN: f64 = 30.0;
/// Roads drawn at most. A drawing with more shows nothing more.
const ROADS: usize = 20_000;

/// An area that is closed.
pub(super) struct Area {
    pub(super) class: &'static str,
    pub(super) points: String,
    pub(super) label: String,
    pub(super) reason: String,
    pub(super) until: String,
    /// Opening it again, for those who may.
    pub(super) form: Option<Form>,
}

/// A way on the drawing.
pub(super) struct Line {
    /// Whose way it is: `ordered` or `offered`, and `guessed` when it is no road.
    pub(super) class: &'static str,
    pub(super) path: String,
    pub(super) title: String,
}

/// The plan.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) height: u32,
    /// All roads as one path, and what of them is closed or slow.
    pub(super) roads: String,
    pub(super) blocked: String,
    pub(super) slowed: String,
    /// True when not all roads are drawn.
    pub(super) is_cut: bool,
    pub(super) areas: Vec<Area>,
    pub(super) lines: Vec<Line>,
    pub(super) marks: Vec<Mark>,
    /// What the marks mean.
    pub(super) legend: Vec<Sign>,
    pub(super) spots: Vec<Spot>,
    pub(super) offers: Vec<Offer>,
    /// What is left out so that it stays readable, in words.
    pub(super) left_out: Vec<String>,
}

impl Plan {
    /// True when there is nothing to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.height == 0
    }

    /// True when ways of what was ordered are drawn, or those of candidates.
    pub(super) fn has_ways(&self, is_ordered: bool) -> bool {
        self.lines.iter().any(|line| line.class.starts_with("ordered") == is_ordered)
    }
}

/// From degrees to the drawing: equal lengths east and north at the middle latitude.
struct Projection {
    west: f64,
    north: f64,
    east_scale: f64,
    north_scale: f64,
    height: f64,
}

impl Projection {
    fn around(places: &[(f64, f64)]) -> Option<Self> {
        let (first, _) = places.split_first()?;
        let (mut south, mut north, mut west, mut east) = (first.0, first.0, first.1, first.1);
        for (latitude, longitude) in places {
            (south, north) = (south.min(*latitude), north.max(*latitude));
            (west, east) = (west.min(*longitude), east.max(*longitude));
        }
        let shrink = f64::midpoint(south, north).to_radians().cos().max(0.01);
        // At least a few hundred metres, so that one place alone is not infinitely large.
        let (wide, high) = (((east - west) * shrink).max(0.004), (north - south).max(0.003));
        let inside = WIDTH - 2.0 * MARGIN;
        let scale = (inside / wide).min((HEIGHT - 2.0 * MARGIN) / high);
        let middle = (WIDTH - wide * scale) / 2.0;
        Some(Self {
            west: west - (middle - MARGIN) / (scale * shrink),
            north,
            east_scale: scale * shrink,
            north_scale: scale,
            height: high * scale + 2.0 * MARGIN,
        })
    }

    fn at(&self, (latitude, longitude): (f64, f64)) -> (f64, f64) {
        let east = MARGIN + (longitude - self.west) * self.east_scale;
        (east, MARGIN + (self.north - latitude) * self.north_scale)
    }

    fn written(&self, place: (f64, f64)) -> (String, String) {
        let (x, y) = self.at(place);
        (format!("{x:.1}"), format!("{y:.1}"))
    }
}

fn degrees(place: &wire::Location) -> (f64, f64) {
    (place.latitude, place.longitude)
}

/// What the plan is made from.
pub(super) struct Ground<'a> {
    pub(super) roads: Option<&'a wire::UploadRoadGraphRequest>,
    pub(super) closures: &'a [wire::Closure],
    /// What stands on it.
    pub(super) found: Found,
    pub(super) traffic: &'a Traffic,
}

impl Ground<'_> {
    fn places(&self) -> Vec<(f64, f64)> {
        let nodes = self.roads.into_iter().flat_map(|roads| &roads.nodes);
        let corners = self.closures.iter().flat_map(|closure| &closure.polygon).map(degrees);
        let spots = self.found.places().map(degrees);
        nodes.map(|node| (node.latitude, node.longitude)).chain(corners).chain(spots).collect()
    }
}

/// Draws the plan.
pub(super) fn plan(light: &Light<'_>, mut ground: Ground<'_>) -> Plan {
    let Some(projection) = Projection::around(&ground.places()) else { return Plan::default() };
    let Traffic { affected, ways } = ground.traffic;
    let lines = lines(light, &projection, &ground.found, ways);
    ground.found.tell(light.lang, ways);
    let marks = map_marks::marks(light.lang, &ground.found, |place| projection.at(degrees(place)));
    let edges = ground.roads.map_or(0, |roads| roads.edges.len());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 60 and 800")]
    let height = projection.height.ceil() as u32;
    Plan {
        height,
        roads: ground.roads.map_or_else(String::new, |roads| path(&projection, roads)),
        blocked: pieces(&projection, &affected.blocked),
        slowed: pieces(&projection, &affected.slowed),
        is_cut: edges > ROADS,
        areas: ground.closures.iter().map(|closure| area(light, &projection, closure)).collect(),
        legend: map_marks::legend(light.lang, &marks),
        lines,
        marks,
        left_out: ground.found.left_out(light.lang),
        spots: ground.found.spots,
        offers: ground.found.offers,
    }
}

/// The ways, each from where it begins; those that were ordered lie over the others.
fn lines(light: &Light<'_>, projection: &Projection, found: &Found, ways: &[Option<Way>]) -> Vec<Line> {
    let line = |(title, is_ordered): (&str, bool), way: &Way| Line {
        class: match (is_ordered, way.leg.basis) {
            (true, Basis::Roads) => "ordered",
            (true, Basis::StraightLine | Basis::Unknown) => "ordered guessed",
            (false, Basis::Roads) => "offered",
            (false, Basis::StraightLine | Basis::Unknown) => "offered guessed",
        },
        path: bends(projection, &way.bends),
        title: format!("{title} · {}", map_spots::way_words(light.lang, way)),
    };
    let all = found.owners().zip(ways).filter_map(|(of, way)| Some(line(of, way.as_ref()?)));
    let (ordered, mut lines): (Vec<_>, Vec<_>) = all.partition(|line| line.class.starts_with("ordered"));
    lines.extend(ordered);
    lines
}

fn bends(projection: &Projection, bends: &[Place]) -> String {
    let written = bends.iter().map(|bend| projection.written((bend.latitude(), bend.longitude())));
    let points: Vec<_> = written.map(|(x, y)| format!("{x} {y}")).collect();
    format!("M{}", points.join("L"))
}

fn pieces(projection: &Projection, pieces: &[[Place; 2]]) -> String {
    pieces.iter().take(ROADS).map(|piece| bends(projection, piece)).collect()
}

fn path(projection: &Projection, roads: &wire::UploadRoadGraphRequest) -> String {
    let nodes: BTreeMap<u32, _> = roads
        .nodes
        .iter()
        .map(|node| (node.id, projection.written((node.latitude, node.longitude))))
        .collect();
    let mut path = String::new();
    for edge in roads.edges.iter().take(ROADS) {
        if let (Some((from_x, from_y)), Some((to_x, to_y))) = (nodes.get(&edge.from), nodes.get(&edge.to)) {
            path.push_str(&format!("M{from_x} {from_y}L{to_x} {to_y}"));
        }
    }
    path
}

fn area(light: &Light<'_>, projection: &Projection, closure: &wire::Closure) -> Area {
    let corner = |corner: &wire::Location| {
        let (x, y) = projection.written(degrees(corner));
        format!("{x},{y}")
    };
    let points: Vec<_> = closure.polygon.iter().map(corner).collect();
    let until = closure.expire_time.as_ref().and_then(time_from_wire);
    Area {
        class: match closure.kind() {
            wire::ClosureKind::Unspecified | wire::ClosureKind::Closed => "closed",
            wire::ClosureKind::Plume => "plume",
            wire::ClosureKind::Slow => "slow",
        },
        points: points.join(" "),
        label: said(light.lang, ClosureKind::from_wire(closure.kind), ClosureKind::labels).to_owned(),
        reason: closure.reason.clone(),
        until: until.map_or_else(String::new, shouwang_pages::age::exact),
        form: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_park_fits_the_drawing_and_north_is_up() {
        let places = [(31.30, 120.70), (31.32, 120.73), (31.31, 120.71)];
        let projection = Projection::around(&places).unwrap();
        for place in places {
            let (x, y) = projection.at(place);
            assert!((MARGIN - 0.1..=WIDTH - MARGIN + 0.1).contains(&x), "{x}");
            assert!((MARGIN - 0.1..=projection.height - MARGIN + 0.1).contains(&y), "{y}");
        }
        assert!(projection.at(places[1]).1 < projection.at(places[0]).1, "north is up");
        assert!(projection.height <= HEIGHT + 0.1);
        let (x, y) = Projection::around(&places[..1]).unwrap().at(places[0]);
        assert!(x.is_finite() && y.is_finite());
        assert!(Projection::around(&[]).is_none());
    }
}
