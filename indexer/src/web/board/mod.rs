//! The dispatch board: what goes on, what is missing, who is on the way, and everything a dispatcher does about it.
//!
//! - Pure: [`words`], [`verb`] (what fits an assignment when), [`form`] and [`forms`] (what is asked), `sent` (what a form
//!   says, as a message of the contract), [`view`], `task_view`, `request_view`, `new_view`,
//!   `map_view`, `map_spots`, `map_marks` (what is shown); `amend_view`, `merge_view`, `plan_view`, `closure_view`, `line_forms`, `arrived_form`: what is shown and said
//!   of each of these deeds.
//! - `picture` asks the desk for what the board shows, `map_ground` for what the park's plan shows besides; `board_page`, `request_page`, `new_page`, `map_page`, `paper_page`,
//!   `amend_page`, `merge_page`, `plan_page` are the pages; `command_page` and `closure_page` take the forms; `events` tells a page that something has changed.
//!
//! Pages ask the same drawers of the desk as gRPC does, with the same authorisation, so nothing can be done here that could
//! not be done there, and every form sends a key, so that what is sent twice is done once.

pub(super) mod amend_page;
mod amend_view;
mod arrived_form;
pub(super) mod board_page;
pub(super) mod closure_page;
mod closure_view;
pub(super) mod command_page;
pub(super) mod events;
mod form;
mod forms;
mod line_forms;
mod map_ground;
mod map_marks;
pub(super) mod map_page;
mod map_spots;
mod map_view;
pub(super) mod merge_page;
mod merge_view;
pub(super) mod new_page;
mod new_view;
pub(super) mod paper_page;
mod picture;
pub(super) mod plan_page;
mod plan_view;
pub(super) mod request_page;
mod request_view;
mod sent;
mod task_view;
mod verb;
mod view;
mod words;
