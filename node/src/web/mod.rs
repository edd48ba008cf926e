//! The node's own pages: the member's people publish, answer emergencies and search the offline pack in a browser, also
//! while the hub is away.
//!
//! - [`route`]: every route and who may take it, one table. [`asked`]: who comes in. [`door`]: routes and handlers.
//! - `shelf_page`, `own_page`, `edit_page`: publications; [`form`] and [`form_view`] know their fields. Pure.
//! - `import_page`: documents become publications; [`import_view`] says what each row would be. Pure. `tables_page`: workbooks
//!   to fill in and to take along.
//! - `aid_page`, `call_page`, `offline_page`: emergencies; [`aid_view`] knows what can be answered when. Pure.
//! - `people_page`, `account_page`: accounts of this node.
//!
//! Pages ask the same services as the member's programs, so what is refused there is refused here, in the same words.

mod account_page;
pub mod act;
mod aid_page;
pub mod aid_view;
mod answer_form;
pub mod asked;
mod call_page;
pub mod door;
mod edit_page;
mod files_page;
pub mod form;
pub mod form_view;
mod import_page;
pub mod import_view;
mod offline_page;
mod own_page;
mod people_page;
pub mod route;
mod shelf_page;
mod site;
#[cfg(test)]
mod stories;
mod tables_page;
mod went_page;

pub use door::{beside, pages_only, router};
pub use site::{Site, SiteParts};
