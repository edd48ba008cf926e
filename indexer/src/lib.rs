//! The hub of a safety alliance: takes in the members' logs, indexes them, answers searches.
//!
//! - [`council`]: who is in the alliance, by which keys, who may ask what, and who did what.
//! - [`link`]: what the members' nodes say, checked, kept and acknowledged.
//! - [`mutual_aid`]: emergencies: who needs what, who is sent, who is told, and what is free.
//! - [`search`]: the index, which follows the hub's log, and the only way to it, through a caller's scope.
//! - [`store`]: the only SQL.
//! - [`people`]: who has an account, and how they prove themselves. [`web`]: the pages they see.
//! - [`Hub::start`] puts the rooms together and opens two ports: one for people and programs ([`port`]), one for nodes;
//!   and a third for the pages alone, where a proxy on the same machine speaks TLS.

pub mod backup;
pub mod compaction;
pub mod config;
pub mod council;
pub mod folder;
pub mod founding;
mod hub;
pub mod link;
pub mod mutual_aid;
pub mod people;
pub mod port;
mod rooms;
pub mod search;
pub mod store;
pub mod web;

pub use hub::{Addresses, Hub, HubHandle, Surroundings};
