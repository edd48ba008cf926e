//! Opaque page tokens: what a list needs to go on, encoded so that nobody builds one by hand.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::refusal::Refusal;

/// Longest token accepted, in bytes.
const TOKEN_LIMIT: usize = 2_048;

/// Encodes what is needed to go on.
#[must_use]
pub fn encode<T: Serialize>(next: &T) -> String {
    serde_json::to_vec(next).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default()
}

/// Decodes a token; an empty one is the first page.
///
/// # Errors
/// INVALID_ARGUMENT on `page_token` when it is not one of ours.
pub fn decode<T: DeserializeOwned>(token: &str) -> Result<Option<T>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let wrong =
        || Refusal::field("page_token", "is not a token of this list （翻页标记无效，请从第一页重新开始）");
    if token.len() > TOKEN_LIMIT {
        return Err(wrong());
    }
    let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
    serde_json::from_slice(&json).map(Some).map_err(|_| wrong())
}

/// The page size to use: the default for 0, never more than `most`.
#[must_use]
pub fn size(asked: u32, default: u32, most: u32) -> u32 {
    if asked == 0 { default } else { asked.min(most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip_and_garbage_is_refused() {
        let token = encode(&(7_u64, "a".to_owned()));
        assert_eq!(decode::<(u64, String)>(&token), Ok(Some((7, "a".to_owned()))));
        assert_eq!(decode::<u64>(""), Ok(None));
        for garbage in ["%%", "bm8", &"A".repeat(3_000)] {
            assert!(decode::<u64>(garbage).is_err());
        }
    }
}
