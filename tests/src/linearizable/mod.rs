//! Whether what several callers saw of one thing can be put into one order in which it makes sense (linearizability,
//! Herlihy and Wing 1990). Each call took effect at one moment between its beginning and its answer, or, when no answer
//! came, at some moment after its beginning or never.

mod search;
mod serialised;
#[cfg(test)]
mod tests;

pub use search::{Call, Model, Violation, check};
pub use serialised::{Act, Asked, Assignment, Did, Heard, Ledger, Phase, Shown};
