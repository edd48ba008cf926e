//! The people's room: who has an account, how they prove themselves, and what follows from it.
//!
//! - [`account`]: people, what they are here, and what may become of them. [`password`]: which words are too easy.
//!   [`lockout`]: who has to wait after wrong passwords. [`session`]: how long a sign-in lasts. [`ticket`]: links that work
//!   once. All pure.
//! - [`hashing`]: slow on purpose, and never more at once than the machine bears.
//! - [`coordinator`], [`signing_in`], [`own_tokens`]: load, decide, save. [`service`]: messages in, messages out.
//!
//! A person who is signed in becomes a [`Caller`](crate::council::caller::Caller) at every request anew, with the same
//! scope as a token of the same role.

pub mod account;
pub mod coordinator;
pub mod hashing;
pub mod lockout;
pub(crate) mod messages;
pub mod own_tokens;
pub mod password;
pub mod service;
pub mod session;
pub mod signing_in;
#[cfg(test)]
mod stories;
mod strangers;
pub mod ticket;
