//! The invite: one line that a hub's operator hands to a member. Pure.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

/// What an invite begins with.
const WORD: &str = "shouwang-invite";
/// Version of the form.
const VERSION: &str = "1";

/// `shouwang-invite:1:<host:port>:<sha256 of the root certificate>:<secret>`. The address has colons of its own, so it
/// is read from both ends.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// Where the hub's enrolment service is, `host:port`.
    pub address: String,
    /// SHA-256 of the alliance's root certificate in DER.
    pub root: [u8; 32],
    /// The secret, 32 hexadecimal digits.
    pub secret: Zeroizing<String>,
}

impl fmt::Debug for Invite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Invite").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why a line is not an invite. Never repeats it, for it holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// Something else.
    #[error("this is no invite: it must begin with `shouwang-invite:` （不是邀请）")]
    NotAnInvite,
    /// Of a newer form.
    #[error("this invite is of a newer form: upgrade this program （邀请版本较新，请升级程序）")]
    Version,
    /// Not `host:port`.
    #[error("the address in this invite is not host:port: was the line cut? （邀请中的地址有误）")]
    Address,
    /// Not a SHA-256.
    #[error(
        "the root's fingerprint in this invite is not 64 hexadecimal digits: was the line cut? （邀请中的指纹有误）"
    )]
    Root,
    /// Not a secret.
    #[error("the secret in this invite is not 32 hexadecimal digits: was the line cut? （邀请中的密钥有误）")]
    Secret,
}

impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(line: &str) -> Result<Self, InviteError> {
        let rest = line.trim().strip_prefix(WORD).and_then(|rest| rest.strip_prefix(':'));
        let (version, rest) = rest.and_then(|rest| rest.split_once(':')).ok_or(InviteError::NotAnInvite)?;
        if version != VERSION {
            return Err(InviteError::Version);
        }
        let (rest, secret) = rest.rsplit_once(':').ok_or(InviteError::Secret)?;
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if secret.len() != 32 || !secret.bytes().all(is_hex) {
            return Err(InviteError::Secret);
        }
        let (address, root) = rest.rsplit_once(':').ok_or(InviteError::Root)?;
        let mut fingerprint = [0; 32];
        hex::decode_to_slice(root, &mut fingerprint).map_err(|_| InviteError::Root)?;
        crate::membership::host_and_port(address).map_err(|_| InviteError::Address)?;
        Ok(Self { address: address.to_owned(), root: fingerprint, secret: Zeroizing::new(secret.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(address: &str) -> String {
        format!("shouwang-invite:1:{address}:{}:{}", "0a".repeat(32), "0b".repeat(16))
    }

    #[test]
    fn an_invite_is_read_from_both_ends() {
        for address in ["127.0.0.1:8440", "hub.example:8440", "[::1]:8440"] {
            let invite: Invite = format!(" {}\n", line(address)).parse().unwrap();
            assert_eq!((invite.address.as_str(), invite.root), (address, [10; 32]));
            assert_eq!(*invite.secret, "0b".repeat(16));
            assert!(!format!("{invite:?}").contains("0b0b"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_it() {
        let good = line("127.0.0.1:8440");
        let cases = [
            ("", InviteError::NotAnInvite),
            ("shouwang-invite", InviteError::NotAnInvite),
            ("https://hub.example", InviteError::NotAnInvite),
            (&good.replace(":1:", ":2:"), InviteError::Version),
            (&good[..good.len() - 1], InviteError::Secret),
            (&good.replace("0b0b", "0B0B"), InviteError::Secret),
            (&good.replace("0a0a", "zzzz"), InviteError::Root),
            (&line("127.0.0.1"), InviteError::Address),
            (&line(""), InviteError::Address),
        ];
        for (line, expected) in cases {
            assert_eq!(line.parse::<Invite>(), Err(expected));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            drop(text.parse::<Invite>());
            drop(format!("shouwang-invite:1:{text}").parse::<Invite>());
        }
    }
}
