//! The node nearest to a place.

use crate::mutual_aid::matching::place::{Bearing, Place};

/// How far a place may be from a road to belong to it, in metres.
pub const SNAP_METRES: f64 = 300.0;

/// Metres of one degree of latitude, rounded down, so that cells are never too small.
const DEGREE_METRES: f64 = 111_000.0;

/// A node and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snap {
    /// Number of the node.
    pub node: u32,
    /// Metres to it.
    pub metres: f64,
}

/// Nodes by cell. A cell is as wide as the limit, so the nearest node is in the cell itself or one beside it. Cells do
/// not wrap at 180 degrees: no park lies there.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    cell_latitude: f64,
    cell_longitude: f64,
    /// Row, column, node; sorted, so that neighbours in a row lie together.
    cells: Vec<(i64, i64, u32)>,
    bearings: Vec<Bearing>,
}

impl Grid {
    pub(super) fn new(
        places: impl Iterator<Item = Place> + Clone,
        is_joined: impl Fn(usize) -> bool,
    ) -> Self {
        let cell_latitude = SNAP_METRES / DEGREE_METRES;
        let farthest = places.clone().map(|place| place.latitude().abs()).fold(0.0, f64::max);
        let narrowest = (farthest + cell_latitude).min(89.9).to_radians().cos();
        let cell_longitude = cell_latitude / narrowest;
        let bearings = places.clone().map(Place::bearing).collect();
        let mut grid = Self { cell_latitude, cell_longitude, cells: Vec::new(), bearings };
        grid.cells = (0..)
            .zip(places)
            .filter(|(node, _)| is_joined(*node as usize))
            .map(|(node, place)| {
                let (row, column) = grid.cell(place);
                (row, column, node)
            })
            .collect();
        grid.cells.sort_unstable();
        grid
    }

    fn cell(&self, place: Place) -> (i64, i64) {
        #[expect(clippy::cast_possible_truncation, reason = "degrees by a cell's width are a few millions")]
        let whole = |value: f64| value.floor() as i64;
        (whole(place.latitude() / self.cell_latitude), whole(place.longitude() / self.cell_longitude))
    }

    /// The nearest node within the limit; of equally near ones the first.
    pub(super) fn nearest(&self, place: Place) -> Option<Snap> {
        let (row, column) = self.cell(place);
        let bearing = place.bearing();
        let mut best: Option<Snap> = None;
        for row in row - 1..=row + 1 {
            let start = self.cells.partition_point(|cell| (cell.0, cell.1) < (row, column - 1));
            for &(_, _, node) in
                self.cells[start..].iter().take_while(|cell| cell.0 == row && cell.1 <= column + 1)
            {
                let metres = bearing.metres_to(self.bearings[node as usize]);
                let is_nearer = best
                    .is_none_or(|best| metres < best.metres || (metres <= best.metres && node < best.node));
                if metres <= SNAP_METRES && is_nearer {
                    best = Some(Snap { node, metres });
                }
            }
        }
        best
    }
}
