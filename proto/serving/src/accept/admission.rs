//! Who may come in: a cap on all connections and one per address. Pure.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// The port is full.
    Port,
    /// This address has all the connections it may have.
    Address,
}

impl Excess {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Port => "port_full",
            Self::Address => "address_full",
        }
    }
}

/// Counts open connections.
#[derive(Debug)]
pub(super) struct Admission {
    most: usize,
    most_per_address: usize,
    open: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Admission {
    pub(super) fn new(most: usize, most_per_address: usize) -> Self {
        Self { most, most_per_address, open: 0, by_address: HashMap::new() }
    }

    /// Counts a connection in, or says why not.
    pub(super) fn enter(&mut self, address: IpAddr) -> Result<(), Excess> {
        if self.open >= self.most {
            return Err(Excess::Port);
        }
        let here = self.by_address.entry(place(address)).or_default();
        if *here >= self.most_per_address {
            return Err(Excess::Address);
        }
        *here += 1;
        self.open += 1;
        Ok(())
    }

    /// Counts a connection out.
    pub(super) fn leave(&mut self, address: IpAddr) {
        let place = place(address);
        self.open = self.open.saturating_sub(1);
        if let Some(here) = self.by_address.get_mut(&place) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                // Or the map would remember every address that ever came.
                self.by_address.remove(&place);
            }
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open
    }
}

/// Whoever has one IPv6 address usually has the whole /64; an IPv4 address may come dressed as IPv6.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn both_caps_hold_and_leaving_makes_room() {
        let mut admission = Admission::new(3, 2);
        assert_eq!(admission.enter(ip("10.0.0.1")), Ok(()));
        assert_eq!(admission.enter(ip("::ffff:10.0.0.1")), Ok(()));
        assert_eq!(admission.enter(ip("10.0.0.1")), Err(Excess::Address));
        assert_eq!(admission.enter(ip("10.0.0.2")), Ok(()));
        assert_eq!(admission.enter(ip("10.0.0.3")), Err(Excess::Port));
        admission.leave(ip("10.0.0.1"));
        assert_eq!(admission.enter(ip("10.0.0.1")), Ok(()));
        assert_eq!(admission.open(), 3);
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let mut admission = Admission::new(9, 1);
        assert_eq!(admission.enter(ip("2001:db8:0:1::1")), Ok(()));
        assert_eq!(admission.enter(ip("2001:db8:0:1:ffff::2")), Err(Excess::Address));
        assert_eq!(admission.enter(ip("2001:db8:0:2::1")), Ok(()));
    }

    #[test]
    fn addresses_that_left_are_forgotten() {
        let mut admission = Admission::new(1000, 1);
        for n in 0..=255 {
            let address = ip(&format!("10.0.0.{n}"));
            admission.enter(address).unwrap();
            admission.leave(address);
        }
        assert_eq!((admission.open(), admission.by_address.len()), (0, 0));
    }
}
