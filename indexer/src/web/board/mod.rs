//! The dispatch board: what goes on, what is missing, who is on the way, and everything a dispatcher does about it.
//!
//! - Pure: [`words`], [`verb`] (what fits an assignment when), [`form`] and [`forms`] (what is asked), `sent` (what a form
//!   says, as a message of the contract), [`view`], `task_view`, `request_view`, `map_view`,
//!   `new_view` (what is shown).
//! - `picture` asks the desk for what the board shows; `board_page`, `request_page`, `new_page`, `map_page`, `paper_page`
//!   are the pages; `command_page` takes the forms; `events` tells a page that something has changed.
//!
//! Pages ask the same drawers of the desk as gRPC does, with the same authorisation, so nothing can be done here that could
//! not be done there, and every form sends a key, so that what is sent twice is done once.

pub(super) mod board_page;
pub(super) mod command_page;
pub(super) mod events;
mod form;
mod forms;
pub(super) mod map_page;
mod map_view;
pub(super) mod new_page;
mod new_view;
pub(super) mod paper_page;
mod picture;
pub(super) mod request_page;
mod request_view;
mod sent;
mod task_view;
mod verb;
mod view;
mod words;
