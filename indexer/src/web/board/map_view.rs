//! The park's plan: roads, what lies over them, where it happens, what is out. Drawn on a plane; a park is small enough.
//! Pure.

use std::collections::BTreeMap;

use shouwang_proto::{
    mutual_aid::term::{AssignmentState, ClosureKind},
    publication::time_from_wire,
    wire::{self, AssignmentState as Sent},
};

use super::{
    form::Form,
    view::Light,
    words::{self, member, said, tail},
};

/// Width of the drawing.
const WIDTH: f64 = 1_000.0;
/// Highest drawing; what is longer is drawn smaller.
const HEIGHT: f64 = 800.0;
/// Space around it.
const MARGIN: f64 = 30.0;
/// Roads drawn at most. A drawing with more shows nothing more.
const ROADS: usize = 20_000;

/// Something with a number on the drawing and in the table.
pub(super) struct Spot {
    pub(super) number: usize,
    /// `scene` or `thing`.
    pub(super) class: &'static str,
    /// Place on the drawing; none when nobody knows where it is.
    pub(super) at: Option<(String, String)>,
    pub(super) what: String,
    pub(super) state: String,
    pub(super) place: String,
    pub(super) address: String,
}

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

/// The plan.
pub(super) struct Plan {
    pub(super) height: u32,
    /// All roads as one path.
    pub(super) roads: String,
    /// True when not all roads are drawn.
    pub(super) is_cut: bool,
    pub(super) areas: Vec<Area>,
    pub(super) spots: Vec<Spot>,
    /// True when there is nothing to draw.
    pub(super) is_empty: bool,
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
    pub(super) incidents: &'a [wire::Incident],
    pub(super) assignments: &'a [wire::Assignment],
    /// Where resources stand, as their owners published it, by name.
    pub(super) stands: &'a BTreeMap<String, wire::Location>,
    /// Where requests want aid to come to, by name.
    pub(super) wanted: &'a BTreeMap<String, wire::Location>,
}

impl Ground<'_> {
    /// Where a resource is now, as far as anybody knows: at home until it departs, then at the scene when it has arrived.
    fn place_of(&self, one: &wire::Assignment) -> Option<&wire::Location> {
        match one.state() {
            Sent::Held | Sent::Committed | Sent::Mobilising | Sent::EnRoute => self.stands.get(&one.resource),
            Sent::Staged | Sent::OnScene | Sent::Returning => self.wanted.get(&one.request),
            Sent::Unspecified
            | Sent::Solicited
            | Sent::Offered
            | Sent::Returned
            | Sent::Settled
            | Sent::Declined
            | Sent::Lapsed
            | Sent::StoodDown
            | Sent::Failed => None,
        }
    }

    fn is_out(one: &wire::Assignment) -> bool {
        matches!(
            one.state(),
            Sent::Held
                | Sent::Committed
                | Sent::Mobilising
                | Sent::EnRoute
                | Sent::Staged
                | Sent::OnScene
                | Sent::Returning
        )
    }

    fn places(&self) -> Vec<(f64, f64)> {
        let nodes = self.roads.into_iter().flat_map(|roads| &roads.nodes);
        let corners = self.closures.iter().flat_map(|closure| &closure.polygon).map(degrees);
        let scenes = self.incidents.iter().filter_map(|incident| incident.place.as_ref()).map(degrees);
        let out = self.assignments.iter().filter_map(|one| self.place_of(one)).map(degrees);
        nodes.map(|node| (node.latitude, node.longitude)).chain(corners).chain(scenes).chain(out).collect()
    }
}

/// Draws the plan.
pub(super) fn plan(light: &Light<'_>, ground: &Ground<'_>) -> Plan {
    let projection = Projection::around(&ground.places());
    let Some(projection) = projection else {
        return Plan {
            height: 0,
            roads: String::new(),
            is_cut: false,
            areas: Vec::new(),
            spots: Vec::new(),
            is_empty: true,
        };
    };
    let edges = ground.roads.map_or(0, |roads| roads.edges.len());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 60 and 800")]
    let height = projection.height.ceil() as u32;
    Plan {
        height,
        roads: ground.roads.map_or_else(String::new, |roads| path(&projection, roads)),
        is_cut: edges > ROADS,
        areas: ground.closures.iter().map(|closure| area(light, &projection, closure)).collect(),
        spots: spots(light, &projection, ground),
        is_empty: false,
    }
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

fn spots(light: &Light<'_>, projection: &Projection, ground: &Ground<'_>) -> Vec<Spot> {
    let scene = |incident: &wire::Incident| Spot {
        number: 0,
        class: "scene",
        at: incident.place.as_ref().map(|place| projection.written(degrees(place))),
        what: incident.title.clone(),
        state: light.lang.say("board.map.scene").to_owned(),
        place: words::place(incident.place.as_ref()),
        address: "/board".to_owned(),
    };
    let out = |one: &wire::Assignment| {
        let place = ground.place_of(one);
        let title = light.titles.get(&one.resource).cloned().unwrap_or_default();
        let state = AssignmentState::from_wire(one.state);
        Spot {
            number: 0,
            class: "thing",
            at: place.map(|place| projection.written(degrees(place))),
            what: format!("{} · {title}", member(light.roster, &one.resource)),
            state: said(light.lang, state, AssignmentState::labels).to_owned(),
            place: words::place(place),
            address: format!("/board/requests/{}", tail(&one.request)),
        }
    };
    let sent = ground.assignments.iter().filter(|one| Ground::is_out(one)).map(out);
    let all = ground.incidents.iter().map(scene).chain(sent).enumerate();
    all.map(|(index, spot)| Spot { number: index + 1, ..spot }).collect()
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
