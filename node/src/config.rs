//! What an operator may choose. Every default is safe, and what is not known is refused.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;
use shouwang_serving::{accept::AcceptLimits, probes::Figures, store::StoreOptions};

/// How a node runs.
#[derive(Clone)]
pub struct NodeConfig {
    /// Its folder: keys, database, attachments. Nobody else may enter it (mode 0700).
    pub data: PathBuf,
    /// Limits of the publishing port.
    pub limits: AcceptLimits,
    /// Limits of the database.
    pub store: StoreOptions,
    /// Whom an emergency alarms, and how.
    pub alerts: AlertsFile,
    /// What `/metrics` shows; none shows nothing. There is one recorder in a process, so the program brings it.
    pub figures: Option<Figures>,
}

impl fmt::Debug for NodeConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NodeConfig").field("data", &self.data).finish_non_exhaustive()
    }
}

impl NodeConfig {
    /// The defaults for a folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            limits: AcceptLimits::people(),
            store: StoreOptions::default(),
            alerts: AlertsFile::default(),
            figures: None,
        }
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
    /// Whom an emergency alarms, and how.
    pub alerts: Option<AlertsFile>,
}

/// Whom an emergency alarms, and how: the table `[alerts]` of the configuration file.
///
/// ```toml
/// [alerts]
/// command = ["/usr/local/bin/ring", "--loud"]
/// webhook = "https://alarm.example/shouwang"
///
/// [[alerts.duty]]
/// name = "值班室"
/// phone = "0512-555 0100"
/// after_seconds = 0
///
/// [[alerts.duty]]
/// name = "安全总监 李"
/// phone = "139 0000 0000"
/// after_seconds = 60
/// ```
///
/// Both hooks get one JSON object for every notice (`event`: `notice`), for every call of the duty chain (`duty`), and
/// when the hub did not take what people had said (`decision`). They may get one twice, after a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsFile {
    /// A program and its arguments. It gets the JSON on standard input and must end with 0 in time, or it is run again.
    pub command: Vec<String>,
    /// Longest run of the program in seconds, 1 to 600. Default 30.
    pub command_seconds: Option<u64>,
    /// An address that the JSON is posted to, signed as Standard Webhooks say with the secret in the node's file
    /// `webhook.secret`. `https`, or `http` to this machine alone. Any answer but 2xx is tried again.
    pub webhook: Option<String>,
    /// Authorities (PEM) that the webhook's server is believed by. Default `/etc/ssl/certs/ca-certificates.crt`.
    pub webhook_authorities: Option<PathBuf>,
    /// Who is called when nobody has seen a notice that shall wake somebody, in this order.
    pub duty: Vec<DutyFile>,
}

/// One of the duty chain: a table `[[alerts.duty]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyFile {
    /// Name or desk, 1 to 60 characters.
    pub name: String,
    /// Telephone number: 3 to 32 digits, spaces, `+` and `-`.
    pub phone: String,
    /// Seconds after the notice came; not less than those of the one before.
    pub after_seconds: u32,
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
        let Self { listen: _, connections, connections_per_address, ref alerts } = *self;
        config.limits.connections = connections.unwrap_or(config.limits.connections);
        config.limits.per_address = connections_per_address.unwrap_or(config.limits.per_address);
        if let Some(alerts) = alerts {
            config.alerts = alerts.clone();
        }
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
        for wrong in ["listens = 'x'", "listen = 'here'", "connections = -1", "[alerts]\nring = true"] {
            assert!(toml::from_str::<NodeFile>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn alerts_are_read_as_documented() {
        let text = "[alerts]\ncommand = ['/bin/ring', '-l']\nwebhook = 'https://a.example/x'\n\
                    [[alerts.duty]]\nname = '甲'\nphone = '110'\nafter_seconds = 0\n\
                    [[alerts.duty]]\nname = '乙'\nphone = '119'\nafter_seconds = 60";
        let file: NodeFile = toml::from_str(text).unwrap();
        let mut config = NodeConfig::new("d");
        file.apply(&mut config);
        assert_eq!(config.alerts.command, ["/bin/ring", "-l"]);
        assert_eq!(config.alerts.duty.len(), 2);
        assert_eq!(config.alerts.duty[1].after_seconds, 60);
    }
}
