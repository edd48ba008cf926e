//! The joint plan for real needs: which resource to which line, why, and what stays unmet.

use std::collections::BTreeSet;

use shouwang_proto::id::PublicationName;

use super::{
    LINE_LIMIT, Line, Offer, Problem, Share, below_minimum, greedy::serve_one_by_one, prepared::Prepared,
    served, solve_prepared,
};
use crate::mutual_aid::matching::{
    amount::Amount,
    eligibility::{Filter, Mismatch, Question},
    inventory::Inventory,
    need::LineKey,
    ranking::{Candidate, candidate},
};

/// A plan that a dispatcher may apply as a whole or line by line: the assignments do not depend on each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Who should go where; the most urgent lines first.
    pub assignments: Vec<ProposedAssignment>,
    /// Lines that do not get what they ask for; the most urgent first.
    pub shortfalls: Vec<Shortfall>,
    /// How good the plan is.
    pub joint: Tally,
    /// How good it would be to serve the lines one by one.
    pub one_by_one: Tally,
}

/// One resource to one line: what an order is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedAssignment {
    /// To which line.
    pub line: LineKey,
    /// How much of it.
    pub quantity: Amount,
    /// Which resource, with its cost in parts.
    pub candidate: Candidate,
    /// Why this one.
    pub why: Why,
}

/// Why a line gets this resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No other line has anything that would be faster here.
    Fastest,
    /// A faster one does more good at another line.
    FasterNeededElsewhere {
        /// The faster one.
        resource: PublicationName,
        /// Where it goes.
        line: LineKey,
        /// Seconds that this line waits longer for it.
        seconds: u32,
    },
}

/// A line that does not get all it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Which line.
    pub line: LineKey,
    /// What it asks for.
    pub asked: Amount,
    /// What it gets.
    pub planned: Amount,
    /// It gets less than what helps at all.
    pub is_below_minimum: bool,
    /// Why.
    pub reason: ShortfallReason,
}

/// Why a line does not get all it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortfallReason {
    /// No resource passes the filter.
    NoCandidate,
    /// All that pass together have less than is asked.
    SupplyShort {
        /// What they have together.
        supply: Amount,
    },
    /// There would be enough, but other lines get it.
    NeededElsewhere {
        /// What all candidates have together.
        supply: Amount,
        /// The most urgent of those lines.
        line: LineKey,
    },
    /// More lines are open than are planned together; this one is among the least urgent.
    NotPlanned,
}

impl ShortfallReason {
    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCandidate => "NO_CANDIDATE",
            Self::SupplyShort { .. } => "SUPPLY_SHORT",
            Self::NeededElsewhere { .. } => "NEEDED_ELSEWHERE",
            Self::NotPlanned => "NOT_PLANNED",
        }
    }

    /// Chinese and English label.
    #[must_use]
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::NoCandidate => ("没有可用资源", "no candidate"),
            Self::SupplyShort { .. } => ("可用总量不足", "all candidates together are too few"),
            Self::NeededElsewhere { .. } => ("已安排给其他需求", "needed elsewhere"),
            Self::NotPlanned => ("未纳入本次统筹", "not planned in this round"),
        }
    }
}

/// How good a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Units times their seconds, each in the unit of its line.
    pub unit_seconds: f64,
    /// Units that stay unmet, each in the unit of its line.
    pub unmet_units: f64,
    /// Lines of each priority, P1 first, that get less than their minimum.
    pub lines_below_minimum: [usize; 3],
    /// Unmet parts of all lines: two lines that get half of what they ask make 1.0.
    pub unmet_lines: f64,
    /// Mean seconds of what is sent, each line weighing as much of it as is met.
    pub mean_seconds: f64,
}

/// Needs and resources as numbers.
struct Model<'a> {
    inventory: &'a Inventory,
    filters: Vec<Filter<'a>>,
    problem: Problem,
    /// Slot in the inventory by index of the resource; in the order of ids.
    slots: Vec<usize>,
}

/// Proposes a joint plan for all open lines. The order of questions and resources does not matter.
///
/// # Errors
/// [`Mismatch`], when a question is not for this inventory.
pub fn propose(inventory: &Inventory, questions: &[Question<'_>]) -> Result<Proposal, Mismatch> {
    let mut questions = questions.to_vec();
    questions.sort_by_key(|question| (question.need.priority, question.need.key));
    let (planned, left) = questions.split_at(questions.len().min(LINE_LIMIT));
    let model = Model::new(inventory, planned)?;
    let prepared = Prepared::new(&model.problem);
    let shares = solve_prepared(&model.problem, &prepared);
    let mut shortfalls = model.shortfalls(&shares);
    shortfalls.extend(left.iter().map(|question| Shortfall {
        line: question.need.key,
        asked: question.need.ask.asked,
        planned: Amount::ZERO,
        is_below_minimum: !question.need.ask.minimum.is_zero(),
        reason: ShortfallReason::NotPlanned,
    }));
    Ok(Proposal {
        assignments: model.assignments(&shares),
        shortfalls,
        joint: model.tally(&shares),
        one_by_one: model.tally(&serve_one_by_one(&model.problem, &prepared)),
    })
}

impl<'a> Model<'a> {
    fn new(inventory: &'a Inventory, questions: &[Question<'a>]) -> Result<Self, Mismatch> {
        let filters = questions
            .iter()
            .map(|question| Filter::new(inventory, *question))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for (line, filter) in (0..).zip(&filters) {
            for slot in filter.candidates() {
                if let Some((cost, _)) = filter.cost(slot as usize) {
                    found.push((line, slot as usize, cost.total()));
                }
            }
        }
        let slots: BTreeSet<_> = found.iter().map(|(_, slot, _)| *slot).collect();
        let mut slots: Vec<_> = slots.into_iter().collect();
        slots.sort_by_key(|slot| &inventory.resources[*slot].id);
        let mut numbers = vec![0; inventory.len()];
        for (number, slot) in (0..).zip(&slots) {
            numbers[*slot] = number;
        }
        let lines = filters.iter().map(|filter| {
            let need = filter.need();
            let (minimum, asked) = (need.ask.minimum.thousandths(), need.ask.asked.thousandths());
            Line { priority: need.priority, minimum, asked }
        });
        let offer = |(line, slot, seconds)| Offer { line, resource: numbers[slot], seconds };
        let mut problem = Problem {
            lines: lines.collect(),
            free: slots.iter().map(|slot| inventory.hot[*slot].available).collect(),
            offers: found.into_iter().map(offer).collect(),
        };
        problem.offers.sort_unstable();
        Ok(Self { inventory, filters, problem, slots })
    }

    fn key(&self, line: u32) -> LineKey {
        self.filters[line as usize].need().key
    }

    /// The offers to a line, by resource.
    fn offers_to(&self, line: u32) -> &[Offer] {
        let offers = &self.problem.offers;
        let begin = offers.partition_point(|offer| offer.line < line);
        let end = offers.partition_point(|offer| offer.line <= line);
        &offers[begin..end]
    }

    /// Shares of other lines in resources that this line could have, with what they would cost here.
    fn rivals(&self, line: u32, shares: &[Share]) -> impl Iterator<Item = (u32, Share)> {
        let offers = self.offers_to(line);
        shares.iter().filter(move |share| share.line != line).filter_map(|share| {
            let place = offers.binary_search_by_key(&share.resource, |offer| offer.resource).ok()?;
            Some((offers[place].seconds, *share))
        })
    }

    fn assignments(&self, shares: &[Share]) -> Vec<ProposedAssignment> {
        let mut assignments = Vec::with_capacity(shares.len());
        for of_line in shares.chunk_by(|a, b| a.line == b.line) {
            let line = of_line[0].line;
            let fastest = self
                .rivals(line, shares)
                .min_by_key(|(seconds, share)| (*seconds, share.resource, share.line));
            for share in of_line {
                let filter = &self.filters[line as usize];
                let slot = self.slots[share.resource as usize];
                assignments.extend(candidate(self.inventory, filter, slot).map(|candidate| {
                    ProposedAssignment {
                        line: self.key(line),
                        quantity: Amount::from_thousandths(share.amount),
                        candidate,
                        why: self.why(*share, fastest),
                    }
                }));
            }
        }
        assignments
    }

    /// Whether the fastest one that another line gets would have been faster.
    fn why(&self, share: Share, fastest: Option<(u32, Share)>) -> Why {
        match fastest {
            Some((seconds, rival)) if seconds < share.seconds => Why::FasterNeededElsewhere {
                resource: self.inventory.resources[self.slots[rival.resource as usize]].id.clone(),
                line: self.key(rival.line),
                seconds: share.seconds - seconds,
            },
            Some(_) | None => Why::Fastest,
        }
    }

    fn shortfalls(&self, shares: &[Share]) -> Vec<Shortfall> {
        let lines = (0..).zip(self.problem.lines.iter().zip(served(&self.problem, shares)));
        lines
            .filter(|(_, (line, got))| got < &line.asked)
            .map(|(number, (line, got))| Shortfall {
                line: self.key(number),
                asked: Amount::from_thousandths(line.asked),
                planned: Amount::from_thousandths(got),
                is_below_minimum: got < line.minimum,
                reason: self.shortfall_reason(number, shares),
            })
            .collect()
    }

    fn shortfall_reason(&self, line: u32, shares: &[Share]) -> ShortfallReason {
        let offers = self.offers_to(line);
        let free = offers.iter().map(|offer| self.problem.free[offer.resource as usize]);
        let supply = Amount::from_thousandths(free.fold(0, u64::saturating_add));
        let taker = self
            .rivals(line, shares)
            .map(|(_, share)| (self.problem.lines[share.line as usize].priority, share.line))
            .min();
        match taker {
            _ if offers.is_empty() => ShortfallReason::NoCandidate,
            Some((_, taker)) if supply.thousandths() >= self.problem.lines[line as usize].asked => {
                ShortfallReason::NeededElsewhere { supply, line: self.key(taker) }
            }
            Some(_) | None => ShortfallReason::SupplyShort { supply },
        }
    }

    fn tally(&self, shares: &[Share]) -> Tally {
        let lines = &self.problem.lines;
        let value = |line: usize, amount: u64| {
            self.filters[line].need().ask.unit.value(Amount::from_thousandths(amount))
        };
        let part = |line: usize, amount: u64| value(line, amount) / value(line, lines[line].asked);
        let mut tally =
            Tally { lines_below_minimum: below_minimum(&self.problem, shares), ..Tally::default() };
        for (line, got) in served(&self.problem, shares).into_iter().enumerate() {
            let missing = lines[line].asked - got;
            tally.unmet_units += value(line, missing);
            tally.unmet_lines += part(line, missing);
        }
        let mut met = 0.0;
        for share in shares {
            let (line, seconds) = (share.line as usize, f64::from(share.seconds));
            tally.unit_seconds += value(line, share.amount) * seconds;
            tally.mean_seconds += part(line, share.amount) * seconds;
            met += part(line, share.amount);
        }
        if met > 0.0 {
            tally.mean_seconds /= met;
        }
        tally
    }
}
