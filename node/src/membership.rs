//! Who this node is in the alliance, as files in its data folder: they outlive a lost or restored database.
//!
//! `membership.json` is written last when joining, so a folder that has one has everything.

use std::{io, path::Path};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    clock::World,
    id::{AllianceId, MemberId},
    log::key::LogKey,
};
use shouwang_serving::durable::{self, Readers};

/// Name of the log key's file, 32 secret bytes.
const LOG_KEY_FILE: &str = "keys/log.key";
/// Name of the membership's file.
const MEMBERSHIP_FILE: &str = "membership.json";
/// Name of the alliance's root certificate.
pub const ROOT_FILE: &str = "root.pem";
/// Name of the folder of keys.
pub const KEYS_FOLDER: &str = "keys";

/// Who this node is in the alliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The alliance.
    pub alliance: AllianceId,
    /// The member.
    pub member: MemberId,
    /// The member's name as people write it.
    pub display_name: String,
    /// `host:port` of the hub's link service.
    pub link_address: String,
    /// `host:port` of the hub's enrolment service.
    pub enrolment_address: String,
}

impl Membership {
    /// Reads it; `None` when the node has not joined.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub fn load(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(MEMBERSHIP_FILE);
        let content = match std::fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_slice(&content)
            .map(Some)
            .with_context(|| format!("cannot understand {}", path.display()))
    }

    /// Writes it durably.
    ///
    /// # Errors
    /// What the disk said.
    pub fn save(&self, data: &Path) -> anyhow::Result<()> {
        let path = data.join(MEMBERSHIP_FILE);
        let content = serde_json::to_vec_pretty(self)?;
        durable::write(&path, &content, Readers::Owner)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Reads the log key, making it first if there is none.
///
/// # Errors
/// When others may read the file, when it holds no key, or what the disk said.
pub fn log_key(data: &Path, world: &World) -> anyhow::Result<LogKey> {
    if let Some(key) = log_key_if_there(data)? {
        return Ok(key);
    }
    durable::make_folder(&data.join(KEYS_FOLDER))?;
    let key = LogKey::from_secret(world.random());
    let path = data.join(LOG_KEY_FILE);
    let secret = zeroize::Zeroizing::new(key.secret());
    durable::write(&path, secret.as_slice(), Readers::Owner)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}

/// Reads the log key; `None` when there is none.
///
/// # Errors
/// When others may read the file, when it holds no key, or what the disk said.
pub fn log_key_if_there(data: &Path) -> anyhow::Result<Option<LogKey>> {
    let path = data.join(LOG_KEY_FILE);
    let secret = durable::read_secret(&path).with_context(|| format!("cannot use {}", path.display()))?;
    secret
        .map(|secret| {
            let secret = <[u8; 32]>::try_from(secret.as_slice());
            secret
                .map(LogKey::from_secret)
                .with_context(|| format!("{} is not 32 bytes long", path.display()))
        })
        .transpose()
}

/// An address `host:port` in its two parts; the host of an IPv6 address without its brackets.
///
/// # Errors
/// When it is not of that form.
pub fn host_and_port(address: &str) -> anyhow::Result<(String, u16)> {
    let wrong = || format!("`{address}` is not of the form host:port");
    let (host, port) = address.rsplit_once(':').with_context(wrong)?;
    let port: u16 = port.parse().with_context(wrong)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    anyhow::ensure!(!bare.is_empty() && port != 0, "{}", wrong());
    Ok((bare.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_survives_and_a_key_is_made_once() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Membership::load(root.path()).unwrap(), None);
        let membership = Membership {
            alliance: "chenghu-park".parse().unwrap(),
            member: "hengrui-foundry".parse().unwrap(),
            display_name: "恒瑞铸造".to_owned(),
            link_address: "127.0.0.1:8441".to_owned(),
            enrolment_address: "127.0.0.1:8440".to_owned(),
        };
        membership.save(root.path()).unwrap();
        assert_eq!(Membership::load(root.path()).unwrap(), Some(membership));

        assert!(log_key_if_there(root.path()).unwrap().is_none());
        let key = log_key(root.path(), &World::system()).unwrap();
        assert_eq!(log_key(root.path(), &World::system()).unwrap().public(), key.public());
        std::fs::write(root.path().join(LOG_KEY_FILE), b"short").unwrap();
        assert!(log_key(root.path(), &World::system()).is_err());
    }

    #[test]
    fn addresses_have_two_parts() {
        assert_eq!(host_and_port("hub.example:8441").unwrap(), ("hub.example".to_owned(), 8441));
        assert_eq!(host_and_port("[::1]:8441").unwrap(), ("::1".to_owned(), 8441));
        for wrong in ["", "hub", "hub:", ":8441", "hub:0", "hub:99999", "[]:1"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }
}
