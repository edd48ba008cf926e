//! How a browser is known: its session, the device it is, and its language.
//!
//! Over https the names begin with `__Host-` and the cookies are `Secure`. Over plain http, which only this machine can
//! reach, they have other names, so that one never takes the place of the other.

use http::{HeaderMap, header};
use jiff::SignedDuration;
use shouwang_pages::{Lang, cookie};

use crate::people::signing_in::SignedIn;

/// How long a chosen language is kept.
const LANGUAGE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);

/// One of our cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Session,
    Device,
    Language,
}

impl Name {
    fn text(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-shouwang-session",
            (Self::Session, false) => "shouwang-session",
            (Self::Device, true) => "__Host-shouwang-device",
            (Self::Device, false) => "shouwang-device",
            (Self::Language, true) => "__Host-shouwang-language",
            (Self::Language, false) => "shouwang-language",
        }
    }
}

/// What a browser says of itself.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) session: Option<String>,
    pub(super) device: Option<String>,
    pub(super) language: Option<String>,
}

/// Reads the cookies.
pub(super) fn read(headers: &HeaderMap, is_secure: bool) -> Known {
    let all: Vec<&str> = headers.get_all(header::COOKIE).iter().filter_map(|one| one.to_str().ok()).collect();
    let find = |name: Name| {
        let name = name.text(is_secure);
        // A secret of ours is 64 hexadecimal digits; anything longer is not worth looking up.
        all.iter()
            .find_map(|one| cookie::find(one, name))
            .filter(|value| value.len() <= 64)
            .map(str::to_owned)
    };
    Known { session: find(Name::Session), device: find(Name::Device), language: find(Name::Language) }
}

fn set(name: Name, value: &str, life: SignedDuration, is_secure: bool) -> String {
    cookie::set(name.text(is_secure), value, life.as_secs(), is_secure)
}

/// The cookies of somebody who has just signed in.
pub(super) fn signed_in(signed_in: &SignedIn, is_secure: bool) -> [String; 2] {
    let SignedIn { account: _, session, session_life, device, device_life } = signed_in;
    [
        set(Name::Session, session, *session_life, is_secure),
        set(Name::Device, device, *device_life, is_secure),
    ]
}

/// Takes the session from a browser. The device stays known.
pub(super) fn signed_out(is_secure: bool) -> String {
    set(Name::Session, "", SignedDuration::ZERO, is_secure)
}

/// Keeps a chosen language.
pub(super) fn language(lang: Lang, is_secure: bool) -> String {
    set(Name::Language, lang.tag(), LANGUAGE_LIFE, is_secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_plain_http_is_none_over_https() {
        let mut headers = HeaderMap::new();
        let both = "shouwang-session=plain; __Host-shouwang-session=secure";
        headers.insert(header::COOKIE, both.parse().unwrap());
        assert_eq!(read(&headers, true).session.unwrap(), "secure");
        assert_eq!(read(&headers, false).session.unwrap(), "plain");
        headers.insert(header::COOKIE, "shouwang-session=plain".parse().unwrap());
        assert!(read(&headers, true).session.is_none());
        assert!(signed_out(true).contains("Secure") && signed_out(true).contains("Max-Age=0"));
    }
}
