//! Ranking measured on judged collections: our search against Lucene's analysis for Chinese, in one run.

pub mod collection;
pub mod lucene;
pub mod measure;
pub mod ours;

pub use collection::{Collection, Text};
pub use measure::{Measured, Run};
