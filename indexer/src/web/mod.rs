//! The hub's pages: search, publications, and the people who may see them; and the same for programs as JSON.
//!
//! - [`route`]: every route and who may take it, one table. [`asked`]: who may send a request, and what it says of them.
//!   [`door`]: routes and handlers together. What is the same at a member's node is in [`shouwang_pages`]: how a request
//!   passes the table, the sign-in, the links that work once, what went wrong in words.
//! - `search_page`, `publication_page`, `account_page`, `people_page`, `api`: one file for each; they ask the same handles
//!   as the gRPC services, with the same authorisation. `board`: the dispatch board.
//!   `council_nav`: the council's pages, `members_page`, `member_page`, `thesaurus_page`, `vocabulary_page`, `audit_page`, `alerts_page`, `charts`.
//!   `openapi`: what `api` offers, for programs; `feeds`: what others subscribe to.

mod account_page;
mod alerts_page;
mod api;
pub mod asked;
mod audit_page;
mod board;
mod calendar;
mod charts;
mod council_nav;
pub mod door;
mod feeds;
mod member_page;
mod members_page;
mod openapi;
mod people_page;
mod publication_page;
mod publication_view;
pub mod route;
mod search_page;
mod search_view;
mod site;
#[cfg(test)]
mod stories;
mod thesaurus_page;
mod vocabulary_page;

pub use door::{nowhere, router};
pub use site::{Site, SiteParts};
