//! What sending a resource costs: seconds until it helps, in parts that a dispatcher can add up.

use super::{
    inventory::Timing,
    roads::{Basis, Leg},
};

/// Seconds until a resource helps, by what they are spent on. Every part is whole, so the parts add up to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// From the call until it leaves.
    pub muster: u32,
    /// Driving.
    pub travel: u32,
    /// Waiting at gates.
    pub gate: u32,
    /// The older the word that it is available, the more.
    pub staleness: u32,
    /// The less its crew has rested, the more.
    pub rest: u32,
    /// It is not quite what was asked for.
    pub substitute: u32,
    /// A part of what it may take longer than expected (p90 − p50).
    pub uncertainty: u32,
}

impl Cost {
    /// Names of the parts: code, Chinese, English.
    pub const PARTS: [(&str, &str, &str); 7] = [
        ("muster", "集结", "muster"),
        ("travel", "行驶", "travel"),
        ("gate", "门岗", "gate"),
        ("staleness", "状态陈旧", "staleness"),
        ("rest", "休整不足", "rest"),
        ("substitute", "替代", "substitute"),
        ("uncertainty", "不确定", "uncertainty"),
    ];

    /// The parts in the order of [`Cost::PARTS`].
    #[must_use]
    pub fn parts(&self) -> [u32; 7] {
        let Self { muster, travel, gate, staleness, rest, substitute, uncertainty } = *self;
        [muster, travel, gate, staleness, rest, substitute, uncertainty]
    }

    /// All parts together.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.parts().into_iter().fold(0, u32::saturating_add)
    }

    /// When it is expected to arrive, in seconds from the call: what is not a penalty.
    #[must_use]
    pub fn arrival(&self) -> u32 {
        self.muster.saturating_add(self.travel).saturating_add(self.gate)
    }
}

/// What staleness, rest and uncertainty weigh. Own values, to be corrected by drills and reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Seconds when the availability is just about to be out of date; fresh: 0, in between in proportion.
    pub staleness_seconds: u32,
    /// Seconds for a crew that has not rested at all; rested: 0, in between in proportion.
    pub rest_seconds: u32,
    /// Per cent of p90 − p50 that counts.
    pub uncertainty_percent: u32,
    /// p90 − p50 of mustering, in per cent of it.
    pub muster_spread_percent: u32,
    /// p90 − p50 of a drive on the graph, in per cent of it.
    pub road_spread_percent: u32,
    /// p90 − p50 of a straight-line estimate or a guess, in per cent of it.
    pub straight_spread_percent: u32,
    /// Seconds of p90 − p50 because the owner has to be asked first.
    pub asking_spread_seconds: u32,
    /// Seconds of p90 − p50 because the owner has to be reached by phone.
    pub phone_spread_seconds: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            staleness_seconds: 120,
            rest_seconds: 900,
            uncertainty_percent: 50,
            muster_spread_percent: 50,
            road_spread_percent: 20,
            straight_spread_percent: 60,
            asking_spread_seconds: 90,
            phone_spread_seconds: 180,
        }
    }
}

/// What of a candidate depends on the need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    pub(super) now: i64,
    pub(super) muster_seconds: u32,
    pub(super) leg: Leg,
    pub(super) substitute_seconds: u32,
    pub(super) is_by_phone: bool,
}

impl Rates {
    pub(super) fn cost(&self, timing: &Timing, of: Circumstances) -> Cost {
        let age = of.now.saturating_sub(timing.reported_at);
        let rested = of.now.saturating_sub(timing.rest_since);
        let unrested = i64::from(timing.rest_wanted).saturating_sub(rested);
        let spread_percent = match of.leg.basis {
            Basis::Roads => self.road_spread_percent,
            Basis::StraightLine | Basis::Unknown => self.straight_spread_percent,
        };
        let spread = percent(of.muster_seconds, self.muster_spread_percent)
            .saturating_add(percent(of.leg.travel_seconds, spread_percent))
            .saturating_add(if timing.is_pre_authorised { 0 } else { self.asking_spread_seconds })
            .saturating_add(if of.is_by_phone { self.phone_spread_seconds } else { 0 });
        Cost {
            muster: of.muster_seconds,
            travel: of.leg.travel_seconds,
            gate: of.leg.gate_seconds,
            staleness: share(self.staleness_seconds, age, timing.holds_seconds),
            rest: share(self.rest_seconds, unrested, timing.rest_wanted),
            substitute: of.substitute_seconds,
            uncertainty: percent(spread, self.uncertainty_percent),
        }
    }
}

fn percent(of: u32, percent: u32) -> u32 {
    u32::try_from(u64::from(of) * u64::from(percent) / 100).unwrap_or(u32::MAX)
}

/// `whole` in the proportion of `part` to `all`, which is kept between nothing and everything.
fn share(whole: u32, part: i64, all: u32) -> u32 {
    let part = u64::try_from(part).unwrap_or(0).min(u64::from(all));
    u32::try_from(u64::from(whole) * part / u64::from(all.max(1))).unwrap_or(whole)
}

/// The `k` cheapest of a stream, without sorting the stream: a buffer that is cut down whenever it is full.
#[derive(Debug)]
pub(super) struct Cheapest {
    k: usize,
    /// Total, slot.
    kept: Vec<(u32, u32)>,
    /// Nothing dearer can be among the cheapest any more.
    limit: u32,
}

impl Cheapest {
    pub(super) fn new(k: usize) -> Self {
        Self { k, kept: Vec::with_capacity(k.saturating_mul(4).min(4_096)), limit: u32::MAX }
    }

    /// True when something at this total or more is not worth looking at.
    pub(super) fn is_too_dear(&self, total: u32) -> bool {
        total > self.limit
    }

    /// Offers one; `before` breaks ties of equal totals by slot.
    pub(super) fn offer(&mut self, total: u32, slot: u32, before: &impl Fn(u32, u32) -> std::cmp::Ordering) {
        if self.is_too_dear(total) || self.k == 0 {
            return;
        }
        self.kept.push((total, slot));
        if self.kept.len() >= self.k.saturating_mul(4) {
            self.cut(before);
        }
    }

    fn cut(&mut self, before: &impl Fn(u32, u32) -> std::cmp::Ordering) {
        if self.kept.len() > self.k {
            self.kept.select_nth_unstable_by(self.k - 1, |a, b| a.0.cmp(&b.0).then_with(|| before(a.1, b.1)));
            self.kept.truncate(self.k);
            self.limit = self.kept[self.k - 1].0;
        }
    }

    /// The cheapest, in order.
    pub(super) fn into_sorted(mut self, before: &impl Fn(u32, u32) -> std::cmp::Ordering) -> Vec<(u32, u32)> {
        self.cut(before);
        self.kept.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| before(a.1, b.1)));
        self.kept
    }
}
