//! What the pages of hub and node share.
//!
//! - [`language`]: Chinese or English; [`messages`]: every word that a page says; [`age`]: how long ago something was.
//! - [`frame`]: the frame around every page, and the page that says what went wrong; [`icon`]: small drawings.
//! - [`asset`]: styles and scripts, inside the program, under addresses that change with their content.
//! - [`fields`]: what a form or an address says; [`cookie`]: what a browser keeps.
//! - [`reply`]: answers with the headers that keep a page to itself.
//! - [`route`]: what a table of routes is made of; [`asked`]: a request that has passed the table, nothing else reaches a
//!   handler; [`door`]: routes and handlers together; [`site`]: the handle that a handler asks; [`upload`]: files that a form brings.
//! - [`origin`]: where a request comes from; [`known`]: how a browser is known; [`browser`]: what to call it.
//! - [`trouble`]: what went wrong, in words; [`wrong`]: what is wrong with which field; [`shown`]: how a page shows what was
//!   refused; [`choice`]: one of several.
//! - [`people`]: passwords, waiting after mistakes, sessions, links that work once; [`store`]: what of it both keep alike, in
//!   SQL; [`doorman`]: what [`sign_in_page`] and [`link_page`] ask of a server; [`people_view`]: what pages of people show.

pub mod age;
pub mod asked;
pub mod asset;
#[cfg(feature = "trial")]
pub mod baseline;
pub mod browser;
pub mod choice;
pub mod cookie;
pub mod door;
pub mod doorman;
pub mod fields;
pub mod frame;
pub mod icon;
pub mod known;
pub mod language;
pub mod link_page;
pub mod messages;
pub mod origin;
pub mod people;
pub mod people_view;
pub mod reply;
pub mod route;
pub mod shown;
pub mod sign_in_page;
pub mod site;
pub mod store;
pub mod trouble;
pub mod upload;
#[cfg(feature = "trial")]
pub mod wording;
pub mod wrong;

pub use fields::Fields;
pub use language::Lang;
pub use site::Site;
