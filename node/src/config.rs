//! What an operator may choose. Every default is safe, and what is not known is refused.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;
use shouwang_serving::{accept::AcceptLimits, store::StoreOptions};

/// How a node runs.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Its folder: keys, database, attachments. Nobody else may enter it (mode 0700).
    pub data: PathBuf,
    /// Limits of the publishing port.
    pub limits: AcceptLimits,
    /// Limits of the database.
    pub store: StoreOptions,
}

impl NodeConfig {
    /// The defaults for a folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), limits: AcceptLimits::people(), store: StoreOptions::default() }
    }
}

/// The file given with `--config`. What is given on the command line wins over it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeFile {
    /// Where the member's own programs connect, such as `127.0.0.1:8450`.
    pub listen: Option<SocketAddr>,
    /// Most connections at once on the publishing port. Default 4,096.
    pub connections: Option<usize>,
    /// Most connections at once from one address. Default 256.
    pub connections_per_address: Option<usize>,
}

impl NodeFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or holds what is not known; the message names line and key.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not understood", path.display()))
    }

    /// Puts what the file says into a configuration.
    pub fn apply(&self, config: &mut NodeConfig) {
        let Self { listen: _, connections, connections_per_address } = *self;
        config.limits.connections = connections.unwrap_or(config.limits.connections);
        config.limits.per_address = connections_per_address.unwrap_or(config.limits.per_address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_applied_and_what_it_does_not_know_is_refused() {
        let file: NodeFile = toml::from_str("listen = '127.0.0.1:0'\nconnections = 7").unwrap();
        let mut config = NodeConfig::new("d");
        file.apply(&mut config);
        assert_eq!((config.limits.connections, config.limits.per_address), (7, 256));
        for wrong in ["listens = 'x'", "listen = 'here'", "connections = -1"] {
            assert!(toml::from_str::<NodeFile>(wrong).is_err(), "{wrong}");
        }
    }
}
