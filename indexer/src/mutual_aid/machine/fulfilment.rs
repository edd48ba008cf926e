//! How far a line is met: always computed, stored nowhere.

use shouwang_proto::mutual_aid::{id::LineId, term::FulfilmentState};

use super::{
    assignment::{Assignment, State},
    request::Line,
};

/// How far a line is met, in its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fulfilment {
    /// Asked for.
    pub requested: u64,
    /// Less is of no use.
    pub minimum: u64,
    /// Offered, not counted as met.
    pub offered: u64,
    /// Ordered, not confirmed.
    pub held: u64,
    /// Confirmed, not departed.
    pub committed: u64,
    /// On the way or staged.
    pub under_way: u64,
    /// On the scene.
    pub on_scene: u64,
}

impl Fulfilment {
    /// Of a line, from the assignments of its request.
    pub fn of<'a>(line: &Line, id: LineId, assignments: impl Iterator<Item = &'a Assignment>) -> Self {
        let mut sum = Self { requested: line.need.requested, minimum: line.need.minimum, ..Self::default() };
        for assignment in assignments.filter(|assignment| assignment.line == id) {
            let quantity = assignment.state.quantity();
            match &assignment.state {
                State::Offered(_) => sum.offered += quantity,
                State::Held(_) => sum.held += quantity,
                State::Committed(_) | State::Mobilising(_) => sum.committed += quantity,
                State::EnRoute(_) | State::Staged(_) => sum.under_way += quantity,
                State::OnScene(_) => sum.on_scene += quantity,
                State::Solicited(_)
                | State::Returning(_)
                | State::Returned(_)
                | State::Settled(_)
                | State::Declined(_)
                | State::Lapsed(_)
                | State::StoodDown(_)
                | State::Failed(_) => {}
            }
        }
        sum
    }

    /// Ordered, whether confirmed or not.
    #[must_use]
    pub fn active(&self) -> u64 {
        self.held + self.firm()
    }

    /// Confirmed.
    #[must_use]
    pub fn firm(&self) -> u64 {
        self.committed + self.under_way + self.on_scene
    }

    /// Still to be found.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.requested.saturating_sub(self.active())
    }

    /// In one word.
    #[must_use]
    pub fn state(&self) -> FulfilmentState {
        let active = self.active();
        if active >= self.requested {
            FulfilmentState::Met
        } else if active == 0 {
            FulfilmentState::Open
        } else if active < self.minimum {
            FulfilmentState::BelowMinimum
        } else {
            FulfilmentState::PartlyMet
        }
    }
}
