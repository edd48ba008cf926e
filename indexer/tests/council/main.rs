//! The council room through real doors: a whole hub in this process, real TLS, real files.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod alliance;
mod doors;
mod emergencies;
mod enrolment;
mod links;
mod restart;
