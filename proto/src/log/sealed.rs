//! A whole entry as it is stored, sent and forwarded: the original bytes beside what they mean.

use bytes::Bytes;

use super::{
    Hash,
    entry::{EntryError, Header, PAYLOAD_LIMIT, entry_hash, payload_hash},
    key::{LogKey, LogPublicKey},
};
use crate::wire;

/// Largest header in bytes: sixteen groups of forty characters and all the rest fit.
const HEADER_LIMIT: usize = 2 * 1024;

/// An entry with its original bytes. Having one proves that the header decodes and that the payload, unless it was
/// destroyed, is the one the header names; it does not prove the signature, see [`SealedEntry::verifies`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    header: Header,
    hash: Hash,
    header_bytes: Bytes,
    signature: Bytes,
    payload: Bytes,
}

impl SealedEntry {
    /// Seals a new entry. Payload length, payload hash and key of the header are set here.
    #[must_use]
    pub fn seal(header: Header, payload: Bytes, key: &LogKey) -> Self {
        let header = Header {
            payload_len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            payload_hash: payload_hash(&payload),
            key: key.public().id(),
            ..header
        };
        let header_bytes = Bytes::from(header.encode());
        let hash = entry_hash(&header_bytes);
        let signature = Bytes::copy_from_slice(&key.sign(&hash));
        Self { header, hash, header_bytes, signature, payload }
    }

    /// Opens an entry that came over the wire or out of a store.
    ///
    /// # Errors
    /// [`EntryError`] when it is too large, the header is not canonical, or the payload is another. An empty payload
    /// passes for a header that names one: its content was destroyed by a redaction.
    pub fn open(header_bytes: Bytes, signature: Bytes, payload: Bytes) -> Result<Self, EntryError> {
        if header_bytes.len() > HEADER_LIMIT {
            return Err(EntryError::Malformed("length"));
        }
        if payload.len() > PAYLOAD_LIMIT {
            return Err(EntryError::Malformed("payload_len"));
        }
        let header = Header::decode(&header_bytes)?;
        if !payload.is_empty() || header.payload_len == 0 {
            header.check_payload(&payload)?;
        }
        let hash = entry_hash(&header_bytes);
        Ok(Self { header, hash, header_bytes, signature, payload })
    }

    /// As [`SealedEntry::open`], from the wire.
    ///
    /// # Errors
    /// As [`SealedEntry::open`].
    pub fn from_wire(entry: wire::SignedEntry) -> Result<Self, EntryError> {
        let wire::SignedEntry { header, signature, payload } = entry;
        Self::open(header, signature, payload)
    }

    /// The original bytes, for the wire; cheap, the bytes are shared.
    #[must_use]
    pub fn to_wire(&self) -> wire::SignedEntry {
        wire::SignedEntry {
            header: self.header_bytes.clone(),
            signature: self.signature.clone(),
            payload: self.payload.clone(),
        }
    }

    /// True when the signature is this key's and the header names this key.
    #[must_use]
    pub fn verifies(&self, key: &LogPublicKey) -> bool {
        self.header.key == key.id() && key.verifies(&self.hash, &self.signature)
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the next entry chains to.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The header's original bytes.
    #[must_use]
    pub fn header_bytes(&self) -> &Bytes {
        &self.header_bytes
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &Bytes {
        &self.signature
    }

    /// The payload; empty when there is none or when it was destroyed.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// Size on the wire in bytes, without framing: what batches and credit count.
    #[must_use]
    pub fn size(&self) -> usize {
        self.header_bytes.len() + self.signature.len() + self.payload.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::entry::tests::header;

    #[test]
    fn a_sealed_entry_opens_and_verifies_and_a_changed_one_does_not() {
        let key = LogKey::from_secret([1; 32]);
        let sealed = SealedEntry::seal(header(), Bytes::from_static(b"content"), &key);
        let opened = SealedEntry::from_wire(sealed.to_wire()).unwrap();
        assert_eq!(opened, sealed);
        assert!(opened.verifies(&key.public()));
        assert!(!opened.verifies(&LogKey::from_secret([2; 32]).public()));

        let mut other_payload = sealed.to_wire();
        other_payload.payload = Bytes::from_static(b"CONTENT");
        assert_eq!(SealedEntry::from_wire(other_payload), Err(EntryError::PayloadMismatch));

        let mut other_signature = sealed.to_wire();
        other_signature.signature = Bytes::from(vec![0; 64]);
        assert!(!SealedEntry::from_wire(other_signature).unwrap().verifies(&key.public()));
    }

    #[test]
    fn a_destroyed_payload_leaves_a_chain_that_verifies() {
        let key = LogKey::from_secret([1; 32]);
        let mut redacted = SealedEntry::seal(header(), Bytes::from_static(b"content"), &key).to_wire();
        redacted.payload = Bytes::new();
        assert!(SealedEntry::from_wire(redacted).unwrap().verifies(&key.public()));
    }

    #[test]
    fn an_oversized_payload_is_refused() {
        let key = LogKey::from_secret([1; 32]);
        let large = SealedEntry::seal(header(), Bytes::from(vec![0; PAYLOAD_LIMIT + 1]), &key);
        assert_eq!(SealedEntry::from_wire(large.to_wire()), Err(EntryError::Malformed("payload_len")));
    }
}
