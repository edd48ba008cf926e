//! Answers with the headers that keep a page to itself.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::asset;

/// Where a page may take things from and send things to: this server alone, nothing written into the page itself.
/// Pictures may also be drawn into the page.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every answer. Addresses of pages can hold words that somebody searched for, and one-time links, so no other
/// site hears of them.
const ALWAYS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
];

/// Adds the headers of every answer. What the answer says of keeping stays; else nothing may be kept, for pages are for
/// one reader.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// A page, packed when the browser takes that.
#[must_use]
pub fn html(status: StatusCode, text: String, asked: &HeaderMap) -> Response<Body> {
    let packs = asset::packs(asked, text.len());
    let body = if packs { Body::from(asset::pack(text.as_bytes())) } else { Body::from(text) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language, cookie"));
    if packs {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A line of plain text, for a script to show.
#[must_use]
pub fn text(status: StatusCode, words: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(words.to_owned()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// A document of another kind, for programs.
#[must_use]
pub fn document(media_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// JSON for programs.
#[must_use]
pub fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// Leads to another page, which the browser then gets.
#[must_use]
pub fn see_other(address: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    // An address of ours is always a header; should it not be, the first page is not wrong.
    let address = HeaderValue::from_str(address).unwrap_or_else(|_| HeaderValue::from_static("/"));
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, address);
    response
}

/// Adds a cookie to an answer.
pub fn keep(response: &mut Response<Body>, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// That a file is to be kept under its name, and not shown: the name in ASCII for old programs and as it is for all others
/// (RFC 6266, RFC 8187).
#[must_use]
pub fn to_be_kept(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|one| if one.is_ascii_alphanumeric() || "._- ".contains(one) { one } else { '_' })
        .collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push_str(&format!("%{byte:02X}"));
        }
    }
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}");
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// A path on this server and nothing else: what somebody gave as the place to go on to, or the first page. `//host`,
/// `/\host`, an address with a scheme or with control characters lead elsewhere.
#[must_use]
pub fn own_path(given: &str) -> &str {
    let is_own = given.starts_with('/')
        && !given.starts_with("//")
        && !given.contains('\\')
        && given.len() <= 2_000
        && given.bytes().all(|byte| byte.is_ascii_graphic());
    if is_own { given } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        let whole = "%E5%8A%A8%E7%81%AB%22%E7%A5%A8%0D%0A.pdf";
        assert_eq!(
            to_be_kept("动火\"票\r\n.pdf"),
            format!("attachment; filename=\"______.pdf\"; filename*=UTF-8''{whole}")
        );
    }

    #[test]
    fn only_own_paths_are_followed() {
        assert_eq!(own_path("/p/a/b?x=1"), "/p/a/b?x=1");
        for other in
            ["", "//evil", "/\\evil", "https://evil", "javascript:alert(1)", "/a\r\nSet-Cookie: x", "x"]
        {
            assert_eq!(own_path(other), "/", "{other}");
        }
    }

    #[test]
    fn every_answer_is_protected_and_pages_are_not_kept() {
        let mut page = html(StatusCode::OK, "x".repeat(1_000), &HeaderMap::new());
        protect(page.headers_mut());
        let headers = page.headers();
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert!(!headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("unsafe"));
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let mut asset = asset::serve(&asset::address("page.css"), &HeaderMap::new());
        protect(asset.headers_mut());
        assert!(asset.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    }
}
