//! What an operator may choose. Every default is safe, and what is not known is refused.

use std::{fmt, net::SocketAddr, path::PathBuf};

use crate::{
    compaction::Compaction,
    link::room::CREDIT_BYTES,
    mutual_aid::{council_duty::PEOPLE, machine::policy::Policy},
};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use shouwang_proto::{id::AllianceId, publication::DutyContact, refusal::Violations};
use shouwang_serving::{accept::AcceptLimits, probes::Figures, store::StoreOptions};

/// How a hub runs.
#[derive(Clone)]
pub struct HubConfig {
    /// Its folder: keys, index, attachments and, unless `database` says otherwise, the database. Nobody else may
    /// enter it (mode 0700).
    pub data: PathBuf,
    /// The alliance it serves. Decided at the first start; later it may be left out, and must not change.
    pub alliance: Option<AllianceId>,
    /// `sqlite:PATH` or `postgres://…`. Default: `hub.db` in the folder.
    pub database: Option<String>,
    /// `host:port` by which nodes reach the node port. Default: where it listens.
    pub advertise: Option<String>,
    /// `host:port` by which nodes and people reach the people port: what invites lead to. Default: where it listens.
    pub advertise_people: Option<String>,
    /// Where the pages are served without TLS: for a proxy on this machine, or a browser on it. Loopback only.
    pub web_listen: Option<SocketAddr>,
    /// `https://host` or `http://host:port` by which people reach the pages: what links for them begin with. Default: where
    /// they are served without TLS, else `https://` and the people port.
    pub web_address: Option<String>,
    /// Calls a second that one token, or one address without a token, may make in the long run; twice that at once.
    pub calls_per_second: u32,
    /// Limits of the people port.
    pub people_limits: AcceptLimits,
    /// Limits of the node port.
    pub node_limits: AcceptLimits,
    /// Bytes of batches that a node may have under way without an acknowledgement; what a hub may have to hold in
    /// memory is this times the nodes that send at once. At least as much as one entry, see
    /// `shouwang_proto::log::entry::PAYLOAD_LIMIT`.
    pub link_credit_bytes: usize,
    /// What of its own log the hub keeps.
    pub compaction: Compaction,
    /// How long people have in an emergency.
    pub mutual_aid: Policy,
    /// Whom of the council an emergency calls, and how.
    pub alerts: AlertsFile,
    /// Limits of the database.
    pub store: StoreOptions,
    /// True: slow work runs on the thread that asks, for a simulation of one thread.
    pub one_thread: bool,
    /// What `/metrics` shows; none shows nothing. There is one recorder in a process, so the program brings it.
    pub figures: Option<Figures>,
}

impl HubConfig {
    /// The defaults for a folder.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            alliance: None,
            database: None,
            advertise: None,
            advertise_people: None,
            web_listen: None,
            web_address: None,
            calls_per_second: CALLS_PER_SECOND,
            people_limits: AcceptLimits::people(),
            node_limits: AcceptLimits::nodes(),
            link_credit_bytes: CREDIT_BYTES,
            compaction: Compaction::default(),
            mutual_aid: Policy::default(),
            alerts: AlertsFile::default(),
            store: StoreOptions::default(),
            one_thread: false,
            figures: None,
        }
    }

    /// The address of the database.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("hub.db").display()))
    }
}

impl fmt::Debug for HubConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the database's address, which may hold a password.
        formatter.debug_struct("HubConfig").field("data", &self.data).finish_non_exhaustive()
    }
}

/// Enough for a person and a page that asks while one types, far below what the hub can do.
const CALLS_PER_SECOND: u32 = 200;

/// The file given with `--config`. What is given on the command line wins over it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HubFile {
    /// The alliance's id.
    pub alliance: Option<AllianceId>,
    /// `sqlite:PATH` or `postgres://…`. A password in it belongs into a file with mode 0600.
    pub database: Option<String>,
    /// Where people and programs connect, such as `0.0.0.0:8440`.
    pub people_listen: Option<SocketAddr>,
    /// Where nodes connect, such as `0.0.0.0:8441`.
    pub nodes_listen: Option<SocketAddr>,
    /// `host:port` by which nodes reach the node port.
    pub advertise: Option<String>,
    /// `host:port` by which nodes and people reach the people port.
    pub advertise_people: Option<String>,
    /// Where the pages are served without TLS, such as `127.0.0.1:8442`. Loopback only.
    pub web_listen: Option<SocketAddr>,
    /// `https://host` by which people reach the pages.
    pub web_address: Option<String>,
    /// Calls a second per token or address.
    pub calls_per_second: Option<u32>,
    /// Most connections at once on the people port.
    pub people_connections: Option<usize>,
    /// Most connections at once on the node port; a node has two.
    pub node_connections: Option<usize>,
    /// Most connections at once from one address, on each port. Raise it behind a proxy.
    pub connections_per_address: Option<usize>,
    /// How long people have in an emergency, in seconds; what is left out has its default.
    pub mutual_aid: Option<Policy>,
    /// Whom of the council an emergency calls, and how.
    pub alerts: Option<AlertsFile>,
}

/// Whom of the council an emergency calls, and how. `duty` names first the dispatcher on duty, then the deputy, then everybody
/// else, at most 32; the members' nodes keep them for the day the hub is away. When they are called stands in
/// `[mutual_aid]`. The hooks get one JSON object for every page (`event`: `page`), with the people whom it means.
pub type AlertsFile = shouwang_serving::alerts::AlertsFile<CouncilPerson>;

/// One of the council: a table `[[alerts.duty]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CouncilPerson {
    /// Name or desk, 1 to 60 characters.
    pub name: String,
    /// Telephone number: 3 to 32 digits, spaces, `+` and `-`.
    pub phone: String,
    /// What for, or when; at most 60 characters.
    #[serde(default)]
    pub duty: String,
}

/// The council's people whom a table names.
///
/// # Errors
/// What is wrong with which of them.
pub fn council_people(file: &AlertsFile) -> anyhow::Result<Vec<DutyContact>> {
    ensure!(file.duty.len() <= PEOPLE, "alerts.duty has more than {PEOPLE} people");
    let mut wrong = Violations::new();
    let people = file.duty.iter().cloned().enumerate().map(|(index, CouncilPerson { name, phone, duty })| {
        DutyContact::read(
            &format!("alerts.duty[{index}]"),
            shouwang_proto::wire::DutyContact { name, phone, duty },
            &mut wrong,
        )
    });
    let people = people.collect();
    wrong.finish(|| Some(people)).map_err(|refusal| anyhow::anyhow!("{refusal}"))
}

impl HubFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or holds what is not known; the message names line and key.
    pub fn read(path: &std::path::Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not understood", path.display()))
    }

    /// Puts what the file says into a configuration.
    pub fn apply(&self, config: &mut HubConfig) {
        let Self {
            alliance,
            database,
            people_listen: _,
            nodes_listen: _,
            advertise,
            advertise_people,
            web_listen,
            web_address,
            calls_per_second,
            people_connections,
            node_connections,
            connections_per_address,
            mutual_aid,
            alerts,
        } = self.clone();
        config.alerts = alerts.unwrap_or_else(|| config.alerts.clone());
        config.mutual_aid = mutual_aid.unwrap_or_else(|| config.mutual_aid.clone());
        config.alliance = alliance.or(config.alliance.take());
        config.database = database.or(config.database.take());
        config.advertise = advertise.or(config.advertise.take());
        config.advertise_people = advertise_people.or(config.advertise_people.take());
        config.web_listen = web_listen.or(config.web_listen);
        config.web_address = web_address.or(config.web_address.take());
        config.calls_per_second = calls_per_second.unwrap_or(config.calls_per_second).max(1);
        for (limits, connections) in
            [(&mut config.people_limits, people_connections), (&mut config.node_limits, node_connections)]
        {
            limits.connections = connections.unwrap_or(limits.connections);
            limits.per_address = connections_per_address.unwrap_or(limits.per_address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_applied_and_what_it_does_not_know_is_refused() {
        let file: HubFile =
            toml::from_str("alliance = 'chenghu-park'\nnode_connections = 10\npeople_listen = '127.0.0.1:0'")
                .unwrap();
        let mut config = HubConfig::new("d");
        file.apply(&mut config);
        assert_eq!(config.alliance, Some("chenghu-park".parse().unwrap()));
        assert_eq!((config.node_limits.connections, config.people_limits.connections), (10, 4_096));
        assert_eq!(config.database_url(), "sqlite:d/hub.db");
        for wrong in
            ["alliances = 'x'", "alliance = 'No Slug'", "people_listen = 'here'", "calls_per_second = -1"]
        {
            assert!(toml::from_str::<HubFile>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn alerts_are_read_as_documented() {
        let text = "[alerts]\ncommand = ['/bin/ring', '-l']\nwebhook = 'https://a.example/x'\n\
                    [[alerts.duty]]\nname = '甲'\nphone = '110'\n[[alerts.duty]]\nname = '乙'\nphone = '119'\nduty = '24h'";
        let mut config = HubConfig::new("d");
        toml::from_str::<HubFile>(text).unwrap().apply(&mut config);
        assert_eq!(config.alerts.command, ["/bin/ring", "-l"]);
        let people = council_people(&config.alerts).unwrap();
        assert_eq!(people.iter().map(|person| person.duty.as_str()).collect::<Vec<_>>(), ["", "24h"]);
        config.alerts.duty[0].phone = "call me".to_owned();
        assert!(council_people(&config.alerts).unwrap_err().to_string().contains("alerts.duty[0].phone"));
        assert!(toml::from_str::<HubFile>("[alerts]\nring = true").is_err());
    }
}
