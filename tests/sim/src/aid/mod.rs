//! Emergencies in the simulated alliance: dispatchers that race, owners that answer late, twice or while the hub is away,
//! drills; and everything that must be true of it at every moment and in the end.
//!
//! Pure and first to read: [`memory`] (what people were told), [`check`] (what must be true of the disks).

mod asking;
pub mod check;
mod closing;
mod dispatcher;
pub mod evidence;
pub mod lookout;
pub mod memory;
mod owner;
mod papers;
pub mod setup;

pub use dispatcher::Dispatcher;
pub use owner::Owner;

use shouwang_hub::mutual_aid::machine::policy::Policy;

/// How long people have in a simulated emergency, in simulated seconds: short, so that every timer comes within a run.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        council_acknowledges: [2, 4, 6],
        owner_answers: [2, 4],
        line_uncovered: [3, 5],
        hold: [3, 5, 8],
        solicitation: 6,
        overdue_least: 3,
        overdue_percent: 25,
        head_count: 4,
        head_counts_missed: 2,
        report: [8, 12, 16],
        submitted_expires: 30,
        draft_expires: 60,
        cut_off: 20,
    }
}
