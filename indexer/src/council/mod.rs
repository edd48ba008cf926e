//! The council room: members, groups, keys, certificates, people and roles.
//!
//! - [`membership`]: what the rules of membership are. Pure. [`roster`]: the members as they are now, in memory.
//! - [`caller`]: who asks. [`permission`]: what each role may ask. [`gate`]: both at the door of every service.

pub mod caller;
pub mod gate;
pub mod membership;
pub mod permission;
pub mod roster;
