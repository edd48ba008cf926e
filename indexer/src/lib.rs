//! The hub of a safety alliance: takes in the members' logs, indexes them, answers searches.
//!
//! - [`council`]: who is in the alliance, by which keys, who may ask what, and who did what.
//! - [`store`]: the only SQL.

pub mod council;
pub mod store;
