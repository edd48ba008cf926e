//! The people in front of the servers: they publish at their own node, read at the hub, and trust nobody.

pub mod auditor;
pub mod calls;
pub mod desk;
pub mod forgery;
mod letters;
pub mod mender;
pub mod operator;
pub mod paper;
pub mod reader;
pub mod stranger;
