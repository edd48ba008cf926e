//! Rows of a table that have no number of their own.

use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::wire;

/// The id of the request that creates a row without a number. It comes from the content, so the same row imported again, by
/// whichever program, is taken once for as long as the node keeps its answers (a week).
#[must_use]
pub fn unnumbered_request_id(publication: &wire::Publication, draft: bool) -> Uuid {
    let mut hash = Sha256::new();
    hash.update([u8::from(draft)]);
    hash.update(publication.encode_to_vec());
    let hash = hash.finalize();
    let mut id = [0; 16];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    uuid::Builder::from_custom_bytes(id).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_row_has_the_same_id_and_another_has_another() {
        let row = wire::Publication { title: "进罐五步法".to_owned(), ..wire::Publication::default() };
        let other = wire::Publication { body: "先通风".to_owned(), ..row.clone() };
        assert_eq!(unnumbered_request_id(&row, true), unnumbered_request_id(&row.clone(), true));
        assert_ne!(unnumbered_request_id(&row, true), unnumbered_request_id(&row, false));
        assert_ne!(unnumbered_request_id(&row, true), unnumbered_request_id(&other, true));
    }
}
