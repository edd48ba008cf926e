//! What hub and node decide alike about people.
//!
//! - [`account`]: login names, credentials, the life of an account. [`password`]: which words are too easy. [`lockout`]:
//!   who has to wait after wrong passwords. [`session`]: how long a sign-in lasts. [`ticket`]: links that work once.
//!   [`taking`]: what somebody types who takes a link. [`secret`]: what is kept of a secret. All pure.
//! - [`signing_in`]: what comes in and what goes out when somebody signs in. [`strangers`]: who makes mistakes from where.
//!   [`hashing`]: slow on purpose, and never more at once than the machine bears.

pub mod account;
pub mod hashing;
pub mod lockout;
pub mod password;
pub mod secret;
pub mod session;
pub mod signing_in;
pub mod strangers;
pub mod taking;
pub mod ticket;
