//! The hub's pages: search, publications, and the people who may see them; and the same for programs as JSON.
//!
//! - [`route`]: every route and who may take it, one table. [`asked`]: a request that has passed that table; nothing
//!   else reaches a handler. [`door`]: routes and handlers together.
//! - [`trouble`]: what went wrong, in words. `cookies`: how a browser is known.
//! - `search_page`, `publication_page`, `sign_in_page`, `link_page`, `account_page`, `people_page`, `api`: one file for
//!   each; they ask the same handles as the gRPC services, with the same authorisation. `board`: the dispatch board.
//!   `council_nav`: the council's pages, `members_page`, `member_page`, `thesaurus_page`, `audit_page`, `alerts_page`, `charts`.
//!   `openapi`: what `api` offers, for programs; `feeds`: what others subscribe to.

mod account_page;
mod address;
mod alerts_page;
mod api;
pub mod asked;
mod audit_page;
mod board;
mod browser;
mod calendar;
mod charts;
mod cookies;
mod council_nav;
pub mod door;
mod feeds;
mod link_page;
mod member_page;
mod members_page;
mod openapi;
mod people_page;
mod publication_page;
mod publication_view;
pub mod route;
mod search_page;
mod search_view;
mod sign_in_page;
mod site;
#[cfg(test)]
mod stories;
mod thesaurus_page;
pub mod trouble;
mod wrong;

pub use door::{nowhere, router};
pub use site::{Site, SiteParts};
