//! The council room through real doors: a whole hub in this process, real TLS, real files.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod alliance;
mod doors;
mod enrolment;
mod links;
mod restart;
