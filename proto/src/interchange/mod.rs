//! Documents of other dispatch systems: CAP 1.2 ([`cap`]) and EDXL-RM 1.0 ([`edxl_rm`]), read from and written to XML; and
//! what others subscribe to ([`atom`]), which is only written.
//!
//! Parsing and making both check the published schemas' rules (required elements, their order, enumerations, dates with
//! an offset, polygons and circles) and name every mistake with the path of its element. What arrives is limited in size,
//! depth and number of elements, and has neither a DTD nor entities.

pub mod atom;
pub mod cap;
pub mod edxl_rm;
mod element;
mod forms;
mod reader;
mod take;

pub use reader::{DEPTH_LIMIT, ELEMENT_LIMIT, SIZE_LIMIT};

#[cfg(test)]
mod exchanges;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod tests;
