//! Where a request comes from, and whether the way to the browser is encrypted.

use std::net::{IpAddr, Ipv4Addr};

use http::{Extensions, HeaderMap};
use shouwang_serving::accept::PeerAddr;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The browser's address, as far as it is known.
    pub address: IpAddr,
    /// True when the browser speaks https.
    pub is_secure: bool,
}

/// Reads it. On a port without TLS, which only this machine reaches, what a proxy says of the browser is believed: the
/// last entry of `x-forwarded-for`, and `x-forwarded-proto`. On our own TLS port nothing of it is.
#[must_use]
pub fn read(headers: &HeaderMap, extensions: &Extensions, is_tls: bool) -> Origin {
    let peer = extensions.get::<PeerAddr>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    if is_tls {
        return Origin { address: peer, is_secure: true };
    }
    let said = |name: &str| headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok());
    let forwarded = said("x-forwarded-for").and_then(|list| list.rsplit(',').next());
    let address = forwarded.and_then(|address| address.trim().parse().ok()).unwrap_or(peer);
    let is_secure = said("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    Origin { address, is_secure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_on_the_plain_port_only() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.7, 192.0.2.9".parse().unwrap());
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddr("127.0.0.1:5000".parse().unwrap()));
        let said = |is_tls| read(&headers, &extensions, is_tls);
        assert_eq!(said(false), Origin { address: "192.0.2.9".parse().unwrap(), is_secure: true });
        assert_eq!(said(true), Origin { address: "127.0.0.1".parse().unwrap(), is_secure: true });
        assert!(!read(&HeaderMap::new(), &extensions, false).is_secure);
    }
}
