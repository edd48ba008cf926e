//! The room in which the members' nodes are heard: hello, batches, acknowledgements, directives.
//!
//! Pure and first to read: [`handshake`] (where to go on), [`tracker`] (does an entry follow, who signed it),
//! [`judge`] (may its content be shown), [`apply`] (what a batch changes), [`lease`] (which session is the member's),
//! [`guard`] (too much withdrawn at once).

pub mod apply;
pub mod guard;
pub mod handshake;
pub mod judge;
pub mod lease;
#[cfg(test)]
pub(crate) mod script;
pub mod tracker;
