//! What the tests of the whole alliance share.

pub mod corpus;
pub mod house;
pub mod judged;
pub mod linearizable;
pub mod measure;
pub mod processes;
