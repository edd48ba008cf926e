//! What stands on the park's plan: where it happens, what is out, who could help; and whose ways are drawn. Pure.

use std::collections::BTreeMap;

use shouwang_pages::Lang;
use shouwang_proto::{
    mutual_aid::term::{AssignmentState, TravelBasis},
    wire::{self, AssignmentState as Sent},
};

use super::{
    map_marks::Sort,
    request_view::{CandidateView, candidate},
    view::Light,
    words::{self, member, said, tail},
};
use crate::mutual_aid::{
    desk::traffic::Trip,
    matching::roads::{Basis, Way},
};

/// Things on the drawing and in its table at most, without candidates.
const SPOTS: usize = 80;
/// Ways of what is out that are drawn at most.
const WAYS: usize = 12;
/// Ways of candidates that are drawn: the best.
const BEST: usize = 3;

/// Something with a number on the drawing and in the table.
pub(super) struct Spot {
    pub(super) number: String,
    pub(super) sort: Sort,
    /// None when nobody knows where it is.
    pub(super) place: Option<wire::Location>,
    pub(super) what: String,
    pub(super) state: String,
    /// How far it still is, in words; empty when it is not on its way or its way is not drawn.
    pub(super) way: String,
    pub(super) address: String,
    /// Where it goes to, and how soon its way is worth being drawn (the least first).
    goal: Option<(u8, wire::Location)>,
}

impl Spot {
    pub(super) fn place_words(&self) -> String {
        words::place(self.place.as_ref())
    }
}

/// Who could help with the chosen line.
pub(super) struct Offer {
    pub(super) view: CandidateView,
    pub(super) place: Option<wire::Location>,
    pub(super) address: String,
    goal: Option<wire::Location>,
}

impl Offer {
    pub(super) fn place_words(&self) -> String {
        words::place(self.place.as_ref())
    }
}

/// What goes on.
pub(super) struct Scene<'a> {
    pub(super) incidents: &'a [wire::Incident],
    pub(super) requests: &'a [wire::MutualAidRequest],
    pub(super) assignments: &'a [wire::Assignment],
    /// Where resources stand, as their owners published it, by name.
    pub(super) stands: &'a BTreeMap<String, wire::Location>,
    /// The request whose line was chosen, and who could help with it, best first.
    pub(super) chosen: Option<(&'a wire::MutualAidRequest, &'a wire::ListCandidatesResponse)>,
}

impl Scene<'_> {
    /// Where a request wants aid to come to.
    fn wanted(&self, request: &wire::MutualAidRequest) -> Option<wire::Location> {
        let of = || self.incidents.iter().find(|incident| incident.name == request.incident)?.place.clone();
        request.place.clone().or_else(of)
    }

    fn wanted_by(&self, request: &str) -> Option<wire::Location> {
        self.requests.iter().find(|one| one.name == request).and_then(|request| self.wanted(request))
    }

    fn incident(&self, light: &Light<'_>, incident: &wire::Incident) -> Spot {
        Spot {
            number: String::new(),
            sort: Sort::Scene,
            place: incident.place.clone(),
            what: incident.title.clone(),
            state: light.lang.say("board.map.scene").to_owned(),
            way: String::new(),
            address: "/board".to_owned(),
            goal: None,
        }
    }

    /// A resource where it is now, as far as anybody knows: at home until it departs, then at the scene when it has
    /// arrived. None of what is not out.
    fn assignment(&self, light: &Light<'_>, one: &wire::Assignment) -> Option<Spot> {
        let (sort, urgency) = match one.state() {
            Sent::Held => (Sort::Ready, None),
            Sent::Committed => (Sort::Ready, Some(2)),
            Sent::Mobilising => (Sort::Ready, Some(1)),
            Sent::EnRoute => (Sort::Moving, Some(0)),
            Sent::Staged | Sent::OnScene => (Sort::There, None),
            Sent::Returning => (Sort::Homeward, None),
            Sent::Unspecified
            | Sent::Solicited
            | Sent::Offered
            | Sent::Returned
            | Sent::Settled
            | Sent::Declined
            | Sent::Lapsed
            | Sent::StoodDown
            | Sent::Failed => return None,
        };
        let (stands, wanted) = (self.stands.get(&one.resource).cloned(), self.wanted_by(&one.request));
        let title = light.titles.get(&one.resource).cloned().unwrap_or_default();
        let state = AssignmentState::from_wire(one.state);
        Some(Spot {
            number: String::new(),
            sort,
            goal: urgency.zip(wanted.clone()).filter(|_| stands.is_some()),
            place: if matches!(sort, Sort::There | Sort::Homeward) { wanted } else { stands },
            what: format!("{} · {title}", member(light.roster, &one.resource)),
            state: said(light.lang, state, AssignmentState::labels).to_owned(),
            way: String::new(),
            address: format!("/board/requests/{}", tail(&one.request)),
        })
    }

    fn offers(&self, light: &Light<'_>) -> Vec<Offer> {
        let Some((request, found)) = self.chosen else { return Vec::new() };
        let goal = self.wanted(request);
        let offer = |(index, one): (usize, &wire::Candidate)| {
            let place = self.stands.get(&one.resource).cloned();
            Offer {
                view: candidate(light, index + 1, one, Vec::new()),
                goal: goal.clone().filter(|_| index < BEST && place.is_some()),
                place,
                address: format!("/board/requests/{}", tail(&request.name)),
            }
        };
        found.candidates.iter().enumerate().map(offer).collect()
    }
}

/// What stands on the plan, and what of it is left out.
#[derive(Default)]
pub(super) struct Found {
    pub(super) spots: Vec<Spot>,
    pub(super) offers: Vec<Offer>,
    /// Things that are not on the plan, ways of things that are, candidates.
    spots_left: usize,
    ways_left: usize,
    offers_left: u64,
}

/// Looks for everything that stands on the plan.
pub(super) fn find(light: &Light<'_>, scene: &Scene<'_>) -> Found {
    let places = scene.incidents.iter().map(|incident| scene.incident(light, incident));
    let out = scene.assignments.iter().filter_map(|one| scene.assignment(light, one));
    let mut spots: Vec<_> = places.chain(out).collect();
    let spots_left = spots.len().saturating_sub(SPOTS);
    spots.truncate(SPOTS);
    for (index, spot) in spots.iter_mut().enumerate() {
        spot.number = (index + 1).to_string();
    }
    let mut urgencies: Vec<_> =
        (0_usize..).zip(&spots).filter_map(|(at, spot)| Some((spot.goal.as_ref()?.0, at))).collect();
    urgencies.sort_unstable();
    let too_many = urgencies.split_off(urgencies.len().min(WAYS));
    for (_, at) in &too_many {
        spots[*at].goal = None;
    }
    let offers = scene.offers(light);
    let total = scene.chosen.map_or(0, |(_, found)| found.total);
    let offers_left = total.saturating_sub(u64::try_from(offers.len()).unwrap_or(u64::MAX));
    Found { spots, offers, spots_left, ways_left: too_many.len(), offers_left }
}

impl Found {
    /// Every place that has to be on the drawing.
    pub(super) fn places(&self) -> impl Iterator<Item = &wire::Location> {
        let spots = self.spots.iter().filter_map(|spot| spot.place.as_ref());
        spots.chain(self.offers.iter().filter_map(|offer| offer.place.as_ref()))
    }

    /// The ways that are drawn.
    pub(super) fn trips(&self) -> Vec<Trip> {
        let trip = |from: &Option<wire::Location>, to: Option<&wire::Location>| {
            Some(Trip { from: from.clone()?, to: to?.clone() })
        };
        let ordered =
            self.spots.iter().filter_map(|spot| trip(&spot.place, spot.goal.as_ref().map(|(_, to)| to)));
        ordered
            .chain(self.offers.iter().filter_map(|offer| trip(&offer.place, offer.goal.as_ref())))
            .collect()
    }

    /// Whose they are, in the same order, and whether they were ordered.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&str, bool)> {
        let ordered = self.spots.iter().filter(|spot| spot.goal.is_some());
        let offered = self.offers.iter().filter(|offer| offer.goal.is_some());
        let ordered = ordered.map(|spot| (spot.what.as_str(), true));
        ordered.chain(offered.map(|offer| (offer.view.title.as_str(), false)))
    }

    /// Says in the table how far each still is.
    pub(super) fn tell(&mut self, lang: Lang, ways: &[Option<Way>]) {
        for (spot, way) in self.spots.iter_mut().filter(|spot| spot.goal.is_some()).zip(ways) {
            let no_way = || lang.say("board.map.no-way").to_owned();
            spot.way = way.as_ref().map_or_else(no_way, |way| way_words(lang, way));
        }
    }

    /// What is left out, in words.
    pub(super) fn left_out(&self, lang: Lang) -> Vec<String> {
        let ways = u64::try_from(self.ways_left).unwrap_or(u64::MAX);
        let spots = u64::try_from(self.spots_left).unwrap_or(u64::MAX);
        let told = [
            ("board.map.spots-left", spots),
            ("board.map.ways-left", ways),
            ("board.map.offers-left", self.offers_left),
        ];
        told.iter()
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| lang.with(key, "count", count))
            .collect()
    }
}

/// How far a way is, how long it takes, and how that was found.
pub(super) fn way_words(lang: Lang, way: &Way) -> String {
    let basis = match way.leg.basis {
        Basis::Roads => TravelBasis::RoadGraph,
        Basis::StraightLine => TravelBasis::StraightLine,
        Basis::Unknown => TravelBasis::Unknown,
    };
    let (zh, en) = basis.labels();
    let seconds = way.leg.travel_seconds.saturating_add(way.leg.gate_seconds);
    format!("{} · {}", words::length(lang, seconds), words::way(lang, way.metres, lang.pick(zh, en)))
}
