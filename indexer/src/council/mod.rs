//! The council room: members, groups, keys, certificates, people and roles.
//!
//! - [`membership`]: what the rules of membership are. Pure. [`roster`]: the members as they are now, in memory.
//! - [`caller`]: who asks. [`permission`]: what each role may ask. [`gate`]: both at the door of every service.
//! - [`authority`]: keys and certificates. [`enrolment`]: how nodes join and renew. [`challenge`]: proofs for that.
//! - [`coordinator`]: what the council decides. [`service`] and [`enrolment_service`]: messages in, messages out.
//! - [`oversight`]: how links, quarantine and hub are.
//! - [`thesaurus`]: terms that mean the same. [`audit`]: who did what.

pub mod audit;
pub mod authority;
pub mod caller;
pub mod challenge;
pub mod coordinator;
pub mod enrolment;
pub mod enrolment_service;
pub mod gate;
pub mod membership;
mod messages;
pub mod oversight;
pub mod pace;
pub mod permission;
pub mod roster;
pub mod service;
#[cfg(test)]
mod stories;
pub mod thesaurus;
