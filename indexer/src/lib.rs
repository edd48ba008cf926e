//! The hub of a safety alliance.
/// Finding what members published.
pub mod search;
