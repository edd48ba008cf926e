//! The hub of a safety alliance: takes in the members' logs, indexes them, answers searches.

pub mod link;
