//! What the pages of hub and node share.
//!
//! - [`language`]: Chinese or English; [`messages`]: every word that a page says; [`age`]: how long ago something was.
//! - [`frame`]: the frame around every page, and the page that says what went wrong; [`icon`]: small drawings.
//! - [`asset`]: styles and scripts, inside the program, under addresses that change with their content.
//! - [`fields`]: what a form or an address says; [`cookie`]: what a browser keeps.
//! - [`reply`]: answers with the headers that keep a page to itself.

pub mod age;
pub mod asset;
pub mod cookie;
pub mod fields;
pub mod frame;
pub mod icon;
pub mod language;
pub mod messages;
pub mod reply;
#[cfg(feature = "trial")]
pub mod wording;

pub use fields::Fields;
pub use language::Lang;
