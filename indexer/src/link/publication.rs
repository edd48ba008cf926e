//! A shown publication as it goes to readers.

use prost::Message as _;
use shouwang_proto::{publication::time_to_wire, wire};

use crate::store::catalog::CatalogRow;

/// The publication as its owner wrote it, with what the hub knows of it.
///
/// # Errors
/// When the payload is no record, which only a damaged store gives.
pub fn read_publication(row: &CatalogRow) -> Result<wire::Publication, prost::DecodeError> {
    let payload = wire::RecordPayload::decode(row.payload().clone())?;
    let publication = payload.publication.unwrap_or_default();
    Ok(wire::Publication {
        name: row.name.to_string(),
        state: wire::PublicationState::Published.into(),
        revision: row.revision,
        publish_time: Some(time_to_wire(row.published)),
        ..publication
    })
}
