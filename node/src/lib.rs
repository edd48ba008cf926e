//! One member's server: owns its publications and writes them into its signed log, which the hub copies.
//!
//! - [`shelf`]: what may be made, revised, published and withdrawn. Pure.
//! - [`store`]: the only SQL. [`attachments`]: files on disk, by their content; `unneeded`: those that nothing names go.
//! - [`publishing_service`]: the member's own people. Works while the hub is away.
//! - [`intake`]: documents as members have them, read and written. Pure. [`documents`]: one at a time, off the main threads.
//!   [`tray`]: where they lie until somebody has looked.
//! - [`inbox`]: what is decided about emergencies. Pure. [`inbox_service`]: the member's people; [`alerts`]: waking them;
//!   [`offline_pack`]: for the day the hub is away.
//! - [`people`]: accounts of the member's people at this node; [`web`]: its pages in a browser.
//! - [`hub_link`]: the two connections to the hub; [`hub_link::machine`] decides, purely.
//! - [`join`](mod@join): how a node becomes the node of a member.
//! - [`Node`]: everything put together.

pub mod alerts;
pub mod attachments;
pub mod config;
pub mod data_folder;
pub mod documents;
pub mod hub_link;
pub mod inbox;
pub mod inbox_service;
pub mod intake;
pub mod join;
pub mod local_tls;
pub mod membership;
mod node;
pub mod offline_pack;
pub mod people;
pub mod publishing_service;
pub mod shelf;
pub mod store;
pub mod tray;
#[cfg(test)]
mod trial;
mod unneeded;
pub mod web;

pub use config::NodeConfig;
pub use join::join;
pub use node::{Node, NodeHandle, Surroundings};
