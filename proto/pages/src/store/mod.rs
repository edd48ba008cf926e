//! People in SQL: what hub and node keep alike of accounts, of links that work once, and of sessions, in the tables
//! `account`, `account_link`, `session` and `device` of both. What only one of them has is in its own store.

pub mod account;
pub mod session;
pub mod ticket;
