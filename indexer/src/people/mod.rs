//! The people's room: who has an account, how they prove themselves, and what follows from it.
//!
//! - [`account`]: people, what they are here, and what may become of them. Pure. What is the same at a member's node,
//!   such as passwords, waiting after mistakes and links that work once, is in [`shouwang_pages::people`].
//! - [`coordinator`], [`signing_in`], [`own_tokens`]: load, decide, save. [`service`]: messages in, messages out.
//!
//! A person who is signed in becomes a [`Caller`](crate::council::caller::Caller) at every request anew, with the same
//! scope as a token of the same role.

pub mod account;
pub mod coordinator;
pub(crate) mod messages;
pub mod own_tokens;
pub mod service;
pub mod signing_in;
#[cfg(test)]
mod stories;
