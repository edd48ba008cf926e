//! Emergency mutual aid at the hub.

pub mod matching;
