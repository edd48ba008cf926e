//! Publications from files: one JSON object a line.

pub(crate) mod attach;
mod fields;
pub(crate) mod line;
pub(crate) mod lines;
pub(crate) mod report;
pub(crate) mod stream;
