//! Emergency mutual aid at the hub.
//!
//! - [`machine`]: what may happen and what follows, decided without I/O.
//! - [`shown`]: how it looks on the wire.

pub mod machine;
pub mod shown;
