//! The room in which the members' nodes are heard: hello, batches, acknowledgements, directives.
//!
//! Pure and first to read: [`handshake`] (where to go on), [`tracker`] (does an entry follow, who signed it),
//! [`judge`] (may its content be shown), [`apply`] (what a batch changes), [`lease`] (which session is the member's),
//! [`guard`] (too much withdrawn at once).
//!
//! Around them: [`commit`] loads, asks them and saves a batch in one transaction; [`board`] shows how each link is;
//! [`room`] is what all sessions share; [`service`] is the edge towards the nodes; [`attachments`] keeps files;
//! [`quarantine`] tries again what was not shown; [`scrub`] looks for rows that the disk
//! has damaged, and `repair` takes their entries from the node again; [`heal`] makes records anew from a log when they say
//! something else than the node; `mail` brings notices to the nodes; [`offline`] hands out the pack for
//! the day the hub is away.

pub mod apply;
pub mod attachments;
mod believed;
pub mod board;
pub mod commit;
mod control;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod dialogues;
#[cfg(test)]
mod emergencies;
mod fetch;
pub mod guard;
pub mod handshake;
pub mod heal;
pub mod judge;
pub mod lease;
#[cfg(test)]
mod lent;
mod mail;
pub mod offline;
mod peer;
pub mod publication;
pub mod quarantine;
mod repair;
pub mod room;
#[cfg(test)]
pub(crate) mod script;
pub mod scrub;
pub mod service;
#[cfg(test)]
mod stories;
mod sync;
pub mod tracker;
mod translate;
#[cfg(test)]
mod trial_node;
mod upload;
