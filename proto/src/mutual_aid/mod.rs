//! What people say to each other in an emergency, checked at the door; all wrong fields are named at once.
//!
//! - [`id`] and [`term`]: ids and the words with fixed meanings, each knowing its name on the wire.
//! - [`incident`], [`request`]: what is told of an event and what is asked for.
//! - [`action`]: what is done with or reported of an assignment. [`command`]: what people of a member say at their node.
//! - [`agreement`]: what two sides have signed.
//! - [`assignment`]: one resource on its way, as others see it. [`notice`]: what a member is told.
//!
//! How all of it changes is decided at the hub, in one place.

pub mod action;
pub mod agreement;
pub mod assignment;
pub mod command;
pub mod id;
pub mod incident;
pub mod notice;
pub mod request;
pub mod term;

/// Version of mutual aid that this build speaks on the control link.
pub const MUTUAL_AID_VERSION: u32 = 1;

/// Most that can be asked for or lent of anything.
pub const MOST_QUANTITY: u64 = 1_000_000_000;

/// Longest time, in seconds, that anything is expected to take: one week.
pub const MOST_SECONDS: u32 = 604_800;

#[cfg(test)]
mod tests;
