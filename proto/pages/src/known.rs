//! How a browser is known: its session, the device it is, and its language.
//!
//! Over https the names begin with `__Host-` and the cookies are `Secure`. Over plain http, which only this machine can
//! reach, they have other names, so that one never takes the place of the other. A browser keeps the cookies of a machine
//! together whatever the port. So hub and node have names of their own; and over plain http, where several servers of one
//! kind may stand beside each other, the port is a part of the name.

use http::{HeaderMap, header};
use jiff::SignedDuration;

use crate::{Lang, cookie, people::signing_in::SignedIn};

/// How long a chosen language is kept.
const LANGUAGE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);

/// The cookies of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies {
    /// What their names begin with, such as `shouwang`.
    pub prefix: &'static str,
    /// True when the browser speaks https.
    pub is_secure: bool,
    /// The port that the browser named, over plain http.
    pub port: Option<u16>,
}

/// What a browser says of itself.
#[derive(Clone, Default)]
pub struct Known {
    /// Secret of the session.
    pub session: Option<String>,
    /// Secret of a browser that somebody signed in from before.
    pub device: Option<String>,
    /// The language that was chosen.
    pub language: Option<String>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Known").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Cookies {
    /// The cookies of a server on the way that a request took.
    #[must_use]
    pub fn on_way(prefix: &'static str, is_secure: bool, headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).filter(|_| !is_secure).and_then(|host| host.to_str().ok());
        let port = host.and_then(|host| host.rsplit_once(':')?.1.parse().ok());
        Self { prefix, is_secure, port }
    }

    fn name(self, what: &str) -> String {
        let Self { prefix, is_secure, port } = self;
        match port {
            _ if is_secure => format!("__Host-{prefix}-{what}"),
            Some(port) => format!("{prefix}-{port}-{what}"),
            None => format!("{prefix}-{what}"),
        }
    }

    /// Reads them.
    #[must_use]
    pub fn read(self, headers: &HeaderMap) -> Known {
        let all: Vec<&str> =
            headers.get_all(header::COOKIE).iter().filter_map(|one| one.to_str().ok()).collect();
        let find = |what: &str| {
            let name = self.name(what);
            // A secret of ours is 64 hexadecimal digits; anything longer is not worth looking up.
            all.iter()
                .find_map(|one| cookie::find(one, &name))
                .filter(|value| value.len() <= 64)
                .map(str::to_owned)
        };
        Known { session: find("session"), device: find("device"), language: find("language") }
    }

    fn set(self, what: &str, value: &str, life: SignedDuration) -> String {
        cookie::set(&self.name(what), value, life.as_secs(), self.is_secure)
    }

    /// The cookies of somebody who has just signed in.
    #[must_use]
    pub fn signed_in<A>(self, signed_in: &SignedIn<A>) -> [String; 2] {
        let SignedIn { account: _, session, session_life, device, device_life } = signed_in;
        [self.set("session", session, *session_life), self.set("device", device, *device_life)]
    }

    /// Takes the session from a browser. The device stays known.
    #[must_use]
    pub fn signed_out(self) -> String {
        self.set("session", "", SignedDuration::ZERO)
    }

    /// Keeps a chosen language.
    #[must_use]
    pub fn language(self, lang: Lang) -> String {
        self.set("language", lang.tag(), LANGUAGE_LIFE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_plain_http_or_of_another_server_is_none() {
        let cookies = |prefix, is_secure| Cookies { prefix, is_secure, port: None };
        let mut headers = HeaderMap::new();
        let all = "shouwang-session=plain; __Host-shouwang-session=secure; shouwang-node-session=node";
        headers.insert(header::COOKIE, all.parse().unwrap());
        assert_eq!(cookies("shouwang", true).read(&headers).session.unwrap(), "secure");
        assert_eq!(cookies("shouwang", false).read(&headers).session.unwrap(), "plain");
        assert_eq!(cookies("shouwang-node", false).read(&headers).session.unwrap(), "node");
        assert!(cookies("shouwang-node", true).read(&headers).session.is_none());
        let signed_out = cookies("shouwang", true).signed_out();
        assert!(signed_out.contains("Secure") && signed_out.contains("Max-Age=0"));
    }

    #[test]
    fn servers_beside_each_other_do_not_share_a_cookie() {
        let cookies = |host: &str, is_secure| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            Cookies::on_way("shouwang-node", is_secure, &headers).signed_out()
        };
        assert!(cookies("127.0.0.1:8081", false).starts_with("shouwang-node-8081-session="));
        assert!(cookies("[::1]:8082", false).starts_with("shouwang-node-8082-session="));
        for host in ["node.example", "[::1]", "node.example:http", "node.example:99999"] {
            assert!(cookies(host, false).starts_with("shouwang-node-session="), "{host}");
        }
        // There a name of a host is cheap, and the session outlives a change of the port.
        assert!(cookies("node.example:8443", true).starts_with("__Host-shouwang-node-session="));
    }
}
