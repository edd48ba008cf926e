//! Emergency mutual aid at the hub.
//!
//! Pure and first to read: [`machine`] decides what follows from a command; [`matching`] says who could help and who
//! should go where; [`tasks`] says what waits for a person; [`shown`] is how it looks on the wire.
//!
//! Around them: `coordinator` loads, asks and saves in one transaction, with outbox, timeline, audit and the answer's
//! own row; `attempt` gives the first answer again; `load` and `save` are its two hands. `timekeeper` lets
//! deadlines come; `intake` follows what owners publish; [`shelf`] has it in memory, `pool` as the matching
//! wants it; `candidates` puts questions to the matching. [`council_duty`] calls the council; [`bell`] wakes sessions; [`pack`] is for the day the hub is away,
//! and [`pack_news`] says when there is a newer one. [`desk`] is the edge towards people.

mod attempt;
pub mod bell;
mod candidates;
mod coordinator;
pub mod council_duty;
mod deed;
pub mod desk;
mod intake;
mod load;
pub mod machine;
pub mod matching;
pub mod pack;
pub mod pack_news;
mod planning;
mod pool;
pub mod present;
mod receipts;
pub mod room;
mod save;
pub mod shelf;
pub mod shown;
pub mod tasks;
mod timekeeper;
#[cfg(test)]
pub(crate) mod trial;
mod unknown;
mod write;
