//! The search room: the only place that names the index engine.
//!
//! [`analysis`] and [`query`] are pure; the index is a derived consumer of the hub's log and the only way to it is a
//! searcher that carries the caller.

pub mod analysis;
pub mod document;
pub mod query;
