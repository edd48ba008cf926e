//! What members publish, checked: a [`Content`] is valid by construction, whichever door it came through.

mod attachment;
mod content;
mod detail;
mod kind;
mod place;
pub mod text;
mod unnumbered;

pub use attachment::{ATTACHMENT_LIMIT, Attachment, Sha256Hex};
pub use content::Content;
pub use detail::{Course, Detail, MutualAidResource, Practice, Session, time_from_wire, time_to_wire};
pub(crate) use detail::{is_unit, read_time};
pub use kind::{Kind, Language};
pub use place::{DutyContact, Location};
pub use unnumbered::unnumbered_request_id;
