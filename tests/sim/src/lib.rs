//! The whole alliance on one thread: a hub, nodes and the people in front of them over a simulated network that loses,
//! holds and delays, on machines that crash and are restored from old copies. A seed decides everything.
//!
//! Pure and first to read: [`plan`] (what will go wrong), [`model`] (what must be true), [`ledger`] (what people know).

pub mod aid;
pub mod campaign;
pub mod chance;
pub mod check;
pub mod disks;
pub mod evidence;
pub mod ledger;
pub mod listen;
pub mod machines;
pub mod model;
pub mod net;
pub mod people;
pub mod plan;
pub mod run;
pub mod sabotage;
pub mod sometimes;
pub mod stage;
pub mod surroundings;
pub mod template;
pub mod trace;
pub mod weather;
