//! The council room through real doors: a whole hub in this process, real TLS, real files.

mod alliance;
mod doors;
mod enrolment;
mod restart;
