//! Cookies, in and out. Pure.

/// The value of the first cookie with this name in a `Cookie` header.
#[must_use]
pub fn find<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// A `Set-Cookie` that no script can read and no other site can send along.
///
/// With `secure` the browser sends it over https only, and the name should begin with `__Host-`, which ties it to this
/// host alone (RFC 6265bis). `seconds` is how long it is kept; 0 removes it.
#[must_use]
pub fn set(name: &str, value: &str, seconds: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let header = "a=1; __Host-shouwang=abc; shouwang=x=y";
        assert_eq!(find(header, "__Host-shouwang"), Some("abc"));
        assert_eq!(find(header, "shouwang"), Some("x=y"));
        assert_eq!(find(header, "wang"), None);
        assert_eq!(find("", "a"), None);
    }

    #[test]
    fn a_secure_cookie_says_so() {
        assert_eq!(
            set("__Host-s", "v", 60, true),
            "__Host-s=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        assert!(!set("s", "v", 0, false).contains("Secure"));
    }
}
