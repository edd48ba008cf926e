//! Marks on the park's plan: what they are is said by shape, by colour and in words. Marks that would lie on one another
//! move aside. Pure.

use shouwang_pages::Lang;
use shouwang_proto::wire;

use super::map_spots::Found;

/// Between two marks at least: on a phone, where they are drawn larger, each is read with its label and a finger finds it.
const GAP: f64 = 100.0;
/// How many rings around its place a mark may move.
const RINGS: u32 = 10;
/// So far a mark may move before a line leads to its place.
const NEAR: f64 = 4.0;

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// It happens here.
    Scene,
    /// Held, committed or gathering: still at home.
    Ready,
    /// On its way; drawn where it set out, for nobody knows where it is.
    Moving,
    /// Staged or on scene.
    There,
    /// On its way home.
    Homeward,
    /// Could help.
    Candidate,
}

impl Sort {
    const ALL: [Self; 6] =
        [Self::Scene, Self::Ready, Self::Moving, Self::There, Self::Homeward, Self::Candidate];

    /// Class for styles.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Scene => "scene",
            Self::Ready => "ready",
            Self::Moving => "moving",
            Self::There => "there",
            Self::Homeward => "homeward",
            Self::Candidate => "candidate",
        }
    }

    /// Its shape around the middle: diamond, square, triangle, circle, triangle upside down, hexagon.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Scene => "M0 -21 21 0 0 21 -21 0z",
            Self::Ready => "M-15 -15H15V15H-15z",
            Self::Moving => "M0 -23 21 14H-21z",
            Self::There => "M-16 0a16 16 0 1 0 32 0a16 16 0 1 0 -32 0z",
            Self::Homeward => "M0 23 21 -14H-21z",
            Self::Candidate => "M-18 0 -9 -16H9L18 0 9 16H-9z",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Scene => "board.map.scene",
            Self::Ready => "board.map.ready",
            Self::Moving => "board.map.moving",
            Self::There => "board.map.there",
            Self::Homeward => "board.map.homeward",
            Self::Candidate => "board.map.candidate",
        }
    }
}

/// A line of the legend.
pub(super) struct Sign {
    pub(super) sort: Sort,
    pub(super) words: &'static str,
}

/// What the marks that are there mean.
pub(super) fn legend(lang: Lang, marks: &[Mark]) -> Vec<Sign> {
    let shown = Sort::ALL.into_iter().filter(|sort| marks.iter().any(|mark| mark.sort == *sort));
    shown.map(|sort| Sign { sort, words: lang.say(sort.key()) }).collect()
}

/// A mark.
pub(super) struct Mark {
    pub(super) sort: Sort,
    /// What stands in it.
    pub(super) number: String,
    /// What stands below it.
    pub(super) label: String,
    /// Everything in one line.
    pub(super) title: String,
    pub(super) address: String,
    pub(super) x: String,
    pub(super) y: String,
    /// Where it would stand, from where it stands, when it has moved.
    pub(super) aside: Option<(String, String)>,
}

/// The marks of everything whose place is known.
pub(super) fn marks(lang: Lang, found: &Found, at: impl Fn(&wire::Location) -> (f64, f64)) -> Vec<Mark> {
    let mark = |sort: Sort, number: &str, label: &str, words: &[&str], address: &str| Mark {
        sort,
        number: number.to_owned(),
        label: label.to_owned(),
        title: words.iter().filter(|words| !words.is_empty()).copied().collect::<Vec<_>>().join(" · "),
        address: address.to_owned(),
        x: String::new(),
        y: String::new(),
        aside: None,
    };
    let spots = found.spots.iter().filter_map(|spot| {
        let words = [&*spot.number, &spot.what, &spot.state, &spot.way, &spot.place_words()];
        let mark = mark(spot.sort, &spot.number, &spot.state, &words, &spot.address);
        Some((mark, at(spot.place.as_ref()?)))
    });
    let offers = found.offers.iter().filter_map(|offer| {
        let view = &offer.view;
        let rank = view.rank.to_string();
        let label = lang.with("board.map.rank", "rank", &rank);
        let words = [&*label, &view.owner, &view.title, &view.eta, &view.way];
        let mark = mark(Sort::Candidate, &rank, &label, &words, &offer.address);
        Some((mark, at(offer.place.as_ref()?)))
    });
    let (mut marks, places): (Vec<_>, Vec<_>) = spots.chain(offers).unzip();
    for ((mark, (x, y)), (to_x, to_y)) in marks.iter_mut().zip(&places).zip(spread(&places)) {
        (mark.x, mark.y) = (format!("{to_x:.1}"), format!("{to_y:.1}"));
        let (back_x, back_y) = (x - to_x, y - to_y);
        let has_moved = back_x.hypot(back_y) > NEAR;
        mark.aside = has_moved.then(|| (format!("{back_x:.1}"), format!("{back_y:.1}")));
    }
    marks
}

/// Where to put each, so that none lies on another: the first that asks for a place has it, later ones move outwards in
/// rings. Where all rings are full a mark stays where it is.
fn spread(places: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut taken: Vec<(f64, f64)> = Vec::with_capacity(places.len());
    for place in places {
        let is_free = |(x, y): &(f64, f64)| taken.iter().all(|other| (x - other.0).hypot(y - other.1) >= GAP);
        let free = around(*place).find(is_free).unwrap_or(*place);
        taken.push(free);
    }
    taken
}

fn around((x, y): (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let ring = move |ring: u32| {
        let count = (ring * 6).max(1);
        (0..count).map(move |step| {
            let (sin, cos) = (f64::from(step) / f64::from(count) * std::f64::consts::TAU).sin_cos();
            // A little more than the gap, so that neighbours on a ring do not touch by rounding.
            let radius = f64::from(ring) * GAP * 1.02;
            (x + radius * cos, y + radius * sin)
        })
    };
    (0..=RINGS).flat_map(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_at_one_place_move_aside_and_stay_near() {
        let places = [vec![(500.0, 400.0); 40], vec![(500.0, 410.0), (900.0, 100.0)]].concat();
        let spread = spread(&places);
        assert_eq!((spread[0], spread[41]), (places[0], places[41]), "who has room stays");
        for (index, one) in spread.iter().enumerate() {
            for other in &spread[..index] {
                assert!((one.0 - other.0).hypot(one.1 - other.1) >= GAP, "{one:?} {other:?}");
            }
            let place = places[index];
            assert!((one.0 - place.0).hypot(one.1 - place.1) < 5.0 * GAP, "{one:?}");
        }
    }

    #[test]
    fn a_crowd_that_finds_no_room_is_drawn_nevertheless() {
        assert_eq!(spread(&vec![(0.0, 0.0); 600]).len(), 600);
    }

    #[test]
    fn no_two_sorts_look_alike() {
        for (index, sort) in Sort::ALL.iter().enumerate() {
            for other in &Sort::ALL[..index] {
                assert!(sort.shape() != other.shape() && sort.class() != other.class());
            }
        }
    }
}
