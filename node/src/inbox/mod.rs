//! Emergencies at a member's node: what is decided about notices, about what people say, and about whom to call. Pure.
//!
//! - [`machine`]: what is said next on the control link.
//! - [`notice`]: when a notice is answered, overtaken or too old.
//! - [`duty`]: who is called when nobody has seen one, and when a hook is tried again.
//! - [`word`]: what people say, checked field by field.
//! - [`pack`]: who nearby has what, while the hub is away.
//! - [`shown`]: what the alert hooks are handed.

pub mod duty;
pub mod machine;
pub mod notice;
pub mod pack;
pub mod shown;
pub mod word;
