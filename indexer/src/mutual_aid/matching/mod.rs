//! Who can help, how soon, and who should go where: matching of needs and resources. Pure.
//!
//! 1. An [`Inventory`] holds all [`Resource`]s with the free quantities of one ledger.
//! 2. A [`Question`] is a [`Need`] with what it depends on: how the owners stand, times on the [`roads`], a [`Policy`].
//! 3. [`rank`] gives the cheapest candidates with a [`Cost`] in seconds and a [`Reason`] for every other resource.
//! 4. [`plan`] proposes who should go where when several lines want the same resources.

pub mod amount;
pub mod capability;
pub mod cost;
pub mod eligibility;
pub mod exclusion;
mod explain;
mod interned;
pub mod inventory;
pub mod need;
pub mod place;
pub mod plan;
pub mod ranking;
pub mod reason;
pub mod resource;
pub mod roads;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trial;

pub use cost::{Cost, Rates};
pub use eligibility::{Mismatch, OfflineRule, Policy, Question};
pub use exclusion::Exclusion;
pub use inventory::Inventory;
pub use need::{Ask, LineKey, Mode, Need, Priority};
pub use ranking::{CANDIDATES, Candidate, Ranking, rank};
pub use reason::{Reason, Reasons};
pub use resource::{Owner, Owners, Resource};
