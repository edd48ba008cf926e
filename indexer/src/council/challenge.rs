//! Challenges for renewing a certificate. The hub remembers none: each carries its end and a proof that it is ours.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use shouwang_proto::{clock::from_millis, id::MemberId};

/// How long a challenge may be answered.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
const END: usize = 8;
const NONCE: usize = 16;
const PROOF: usize = 32;

/// Makes and checks challenges with the hub's key.
#[derive(Clone)]
pub struct Challenges {
    key: [u8; 32],
}

impl std::fmt::Debug for Challenges {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Challenges(…)")
    }
}

impl Challenges {
    /// With this key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A challenge for a member, to be answered within five minutes.
    #[must_use]
    pub fn make(&self, member: &MemberId, nonce: [u8; NONCE], now: Timestamp) -> Vec<u8> {
        let end = now.checked_add(LIFE).unwrap_or(now).as_millisecond().to_be_bytes();
        let mut challenge = [end.as_slice(), &nonce].concat();
        let proof = self.mac(member, &challenge).map(|mac| mac.finalize().into_bytes().to_vec());
        challenge.extend(proof.unwrap_or_default());
        challenge
    }

    /// True when the challenge is ours, for this member, and not too old.
    #[must_use]
    pub fn holds(&self, member: &MemberId, challenge: &[u8], now: Timestamp) -> bool {
        if challenge.len() != END + NONCE + PROOF {
            return false;
        }
        let (said, proof) = challenge.split_at(END + NONCE);
        let Ok(end) = said[..END].try_into().map(i64::from_be_bytes) else { return false };
        let ours = self.mac(member, said).is_some_and(|mac| mac.verify_slice(proof).is_ok());
        ours && now < from_millis(end)
    }

    fn mac(&self, member: &MemberId, said: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(b"shouwang renewal challenge v1\0");
        mac.update(said);
        mac.update(member.as_str().as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_for_one_member_one_hub_and_five_minutes() {
        let (hub, other) = (Challenges::new([1; 32]), Challenges::new([2; 32]));
        let (member, stranger): (MemberId, MemberId) =
            ("jinsuo-chem".parse().unwrap(), "heyuan-cold".parse().unwrap());
        let now = from_millis(1_700_000_000_000);
        let challenge = hub.make(&member, [7; 16], now);
        assert!(hub.holds(&member, &challenge, now + SignedDuration::from_secs(299)));
        assert!(!hub.holds(&member, &challenge, now + SignedDuration::from_secs(300)));
        assert!(!hub.holds(&stranger, &challenge, now));
        assert!(!other.holds(&member, &challenge, now));
        for place in 0..challenge.len() {
            let mut forged = challenge.clone();
            forged[place] ^= 1;
            assert!(!hub.holds(&member, &forged, now), "byte {place}");
        }
        assert!(!hub.holds(&member, &challenge[1..], now) && !hub.holds(&member, &[], now));
    }
}
