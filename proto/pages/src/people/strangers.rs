//! Who makes mistakes from where.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::lockout::Mistakes;

/// Addresses remembered for their mistakes.
const ADDRESSES: usize = 10_000;
/// From so many mistakes on an address keeps its place in a full memory.
const MATTERS: u32 = 10;

/// Mistakes by address. In memory: a restart forgives them, the counters at the accounts stay.
#[derive(Clone, Debug, Default)]
pub struct Strangers(Arc<Mutex<BTreeMap<IpAddr, Mistakes>>>);

impl Strangers {
    /// The mistakes from an address.
    #[must_use]
    pub fn of(&self, address: IpAddr) -> Mistakes {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&household(address)).copied().unwrap_or_default()
    }

    /// Notes one more.
    pub fn note(&self, address: IpAddr, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mistakes = known.get(&household(address)).copied().unwrap_or_default().and_one(now);
        if known.len() >= ADDRESSES {
            // Those with the fewest mistakes have the least to be remembered for.
            let most = known.values().map(|mistakes| mistakes.count).max().unwrap_or_default();
            known.retain(|_, mistakes| mistakes.count >= most.min(MATTERS));
            if known.len() >= ADDRESSES {
                known.clear();
            }
        }
        known.insert(household(address), mistakes);
    }
}

/// One IPv4 address or one IPv6 /64, which is one customer.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(four) => IpAddr::V4(four),
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_addresses_is_bounded_and_keeps_the_worst() {
        let strangers = Strangers::default();
        let now = Timestamp::UNIX_EPOCH;
        let worst: IpAddr = "203.0.113.9".parse().unwrap();
        for _ in 0..30 {
            strangers.note(worst, now);
        }
        for number in 0..20_000_u32 {
            strangers.note(IpAddr::from(number.to_be_bytes()), now);
        }
        assert!(strangers.0.lock().unwrap().len() <= ADDRESSES);
        assert_eq!(strangers.of(worst).count, 30);
    }

    #[test]
    fn a_household_is_one_address() {
        let same =
            |one: &str, other: &str| household(one.parse().unwrap()) == household(other.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff") && !same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
    }
}
