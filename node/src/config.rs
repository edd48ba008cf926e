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
    /// For how many days what is over of emergencies is kept.
    pub keep_days: u32,
    /// For how many days an attachment is kept that nothing names.
    pub attachment_days: u32,
    /// Where the pages are served without TLS: for a proxy on this machine, or a browser on it. Loopback only.
    pub web_listen: Option<SocketAddr>,
    /// `https://host` or `http://host:port` by which people reach the pages: what links for them begin with. Default: where
    /// they are served without TLS, else `https://` and the publishing port.
    pub web_address: Option<String>,
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
            keep_days: KEEP_DAYS,
            attachment_days: ATTACHMENT_DAYS,
            web_listen: None,
            web_address: None,
            figures: None,
        }
    }
}

/// Two years: costs are settled and a review is written long before, and the drills of two years can be compared. What the
/// hub wrote down stays at the hub.
const KEEP_DAYS: u32 = 730;
/// What is younger may still be needed by somebody.
const KEEP_DAYS_LEAST: u32 = 30;
/// A form that was left open over a holiday can still be sent.
const ATTACHMENT_DAYS: u32 = 7;
/// Somebody is just writing what will name a younger one.
const ATTACHMENT_DAYS_LEAST: u32 = 1;

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
    /// Where the pages are served without TLS, such as `127.0.0.1:8451`. Loopback only.
    pub web_listen: Option<SocketAddr>,
    /// `https://host` by which people reach the pages.
    pub web_address: Option<String>,
    /// For how many days notices, words and alerts that are over are kept here, at least 30. Default 730.
    pub keep_days: Option<u32>,
    /// For how many days an attachment is kept that no publication names, at least 1. Default 7.
    pub attachment_days: Option<u32>,
}

/// Whom an emergency alarms, and how. `duty` are those who are called when nobody has seen a notice that shall wake somebody.
/// The hooks get one JSON object for every notice (`event`: `notice`), for every call of the duty chain (`duty`), and when
/// the hub did not take what people had said (`decision`).
pub type AlertsFile = shouwang_serving::alerts::AlertsFile<DutyFile>;

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
        let Self {
            listen: _,
            connections,
            connections_per_address,
            alerts,
            web_listen,
            web_address,
            keep_days,
            attachment_days,
        } = self.clone();
        config.web_listen = web_listen.or(config.web_listen);
        config.web_address = web_address.or(config.web_address.take());
        config.keep_days = keep_days.unwrap_or(config.keep_days).max(KEEP_DAYS_LEAST);
        config.attachment_days = attachment_days.unwrap_or(config.attachment_days).max(ATTACHMENT_DAYS_LEAST);
        config.limits.connections = connections.unwrap_or(config.limits.connections);
        config.limits.per_address = connections_per_address.unwrap_or(config.limits.per_address);
        if let Some(alerts) = alerts {
            config.alerts = alerts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_applied_and_what_it_does_not_know_is_refused() {
        let file: NodeFile =
            toml::from_str("listen = '127.0.0.1:0'\nconnections = 7\nattachment_days = 0").unwrap();
        let mut config = NodeConfig::new("d");
        file.apply(&mut config);
        assert_eq!((config.limits.connections, config.limits.per_address), (7, 256));
        assert_eq!((config.keep_days, config.attachment_days), (730, 1));
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
