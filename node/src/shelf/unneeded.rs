//! Which attachments nobody needs.

use std::collections::BTreeSet;

use shouwang_proto::publication::Sha256Hex;

/// Digits of a hash.
const DIGITS: usize = 64;

/// Takes out of what may be unneeded the attachments that a stored message names: in whatever field, and in whatever
/// version of the contract it was written, so that a message that cannot be read loses no file.
pub fn cross_off(unneeded: &mut BTreeSet<Sha256Hex>, message: &[u8]) {
    for run in message.split(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        for digits in run.windows(DIGITS) {
            let hash = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<Sha256Hex>().ok());
            hash.map(|hash| unneeded.remove(&hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;
    use shouwang_proto::wire;

    use super::*;

    fn hash(byte: u8) -> Sha256Hex {
        hex::encode([byte; 32]).parse().unwrap()
    }

    fn named_by(message: &[u8]) -> bool {
        let (asked, other) = (hash(0xab), hash(7));
        let mut left = BTreeSet::from([asked.clone(), other.clone()]);
        cross_off(&mut left, message);
        assert!(left.contains(&other), "what no message names stays unneeded");
        !left.contains(&asked)
    }

    #[test]
    fn a_message_names_what_stands_in_it_whole() {
        let attachment = wire::Attachment { sha256: hash(0xab).as_str().to_owned(), ..Default::default() };
        let publication = wire::Publication { attachments: vec![attachment], ..Default::default() };
        let payload = wire::RecordPayload { publication: Some(publication.clone()), ..Default::default() }
            .encode_to_vec();
        assert!(named_by(&publication.encode_to_vec()) && named_by(&payload));
        assert!(!named_by(&payload[..payload.len() - 1]), "one digit is missing");
        assert!(!named_by(hash(0xab).as_str().to_uppercase().as_bytes()) && !named_by(b""));
    }

    proptest! {
        #[test]
        fn nothing_around_a_hash_hides_it(before: Vec<u8>, after: Vec<u8>, digits in "[0-9a-f]{0,80}") {
            let word = hash(0xab);
            let message = [&before, digits.as_bytes(), word.as_str().as_bytes(), digits.as_bytes(), &after].concat();
            prop_assert!(named_by(&message));
        }
    }
}
