//! A hub and its members' nodes as processes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use shouwang_proto::wire::InviteMemberRequest;
use tempfile::TempDir;

use super::{
    clients::{
        Council, MutualAid, Publishing, Search, council_client, mutual_aid_client, publishing_client,
        search_client,
    },
    server::{Server, binary},
};

/// A running park. Dropping it kills all its processes and deletes its data.
#[derive(Debug)]
pub struct Park {
    folder: TempDir,
    hub_addresses: [String; 2],
    hub: Option<Server>,
    nodes: BTreeMap<String, Server>,
    node_addresses: BTreeMap<String, String>,
}

impl Park {
    /// Starts a hub and a joined node for each member.
    ///
    /// # Errors
    /// When anything of it does not work; the message says what.
    pub async fn start(members: &[&str]) -> anyhow::Result<Self> {
        Self::start_with(members, "").await
    }

    /// Starts a hub with this configuration file, and a joined node for each member.
    ///
    /// # Errors
    /// As [`Park::start`].
    pub async fn start_with(members: &[&str], hub_toml: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(HUB_FILE), hub_toml)?;
        let arguments = hub_arguments(folder.path(), &ANY_PORT.map(str::to_owned));
        let hub = Server::start("shouwang-hub", &folder.path().join("hub"), &arguments).await?;
        let hub_addresses = [hub.address("people")?, hub.address("nodes")?];
        let mut park = Self {
            folder,
            hub_addresses,
            hub: Some(hub),
            nodes: BTreeMap::new(),
            node_addresses: BTreeMap::new(),
        };
        for member in members {
            park.join(member).await?;
        }
        Ok(park)
    }

    async fn join(&mut self, member: &str) -> anyhow::Result<()> {
        let mut council = self.council()?;
        let request = InviteMemberRequest {
            member_id: member.to_owned(),
            display_name: format!("{member} 公司"),
            ..InviteMemberRequest::default()
        };
        let invite = council.invite_member(request).await?.into_inner().invite;
        let data = self.node_data(member);
        let output = Command::new(binary("shouwang-node")?)
            .args(["join", "--data"])
            .arg(&data)
            .arg(&invite)
            .output()?;
        anyhow::ensure!(output.status.success(), "join: {}", String::from_utf8_lossy(&output.stderr));
        self.start_node(member).await
    }

    /// Starts a member's node again, on the address it had.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn start_node(&mut self, member: &str) -> anyhow::Result<()> {
        let address = self.node_addresses.get(member).map_or("127.0.0.1:0", String::as_str);
        let arguments = ["--listen".to_owned(), address.to_owned()];
        let node = Server::start("shouwang-node", &self.node_data(member), &arguments).await?;
        self.node_addresses.insert(member.to_owned(), node.address("publishing")?);
        self.nodes.insert(member.to_owned(), node);
        Ok(())
    }

    /// Starts the hub again, on the addresses it had.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn start_hub(&mut self) -> anyhow::Result<()> {
        let arguments = hub_arguments(self.folder.path(), &self.hub_addresses);
        self.hub = Some(Server::start("shouwang-hub", &self.hub_data(), &arguments).await?);
        Ok(())
    }

    /// Kills the hub with SIGKILL.
    ///
    /// # Errors
    /// From the operating system.
    pub fn kill_hub(&mut self) -> anyhow::Result<()> {
        self.hub.take().map_or(Ok(()), |mut hub| hub.kill())
    }

    /// Ends the hub politely and waits until it is gone.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn end_hub(&mut self) -> anyhow::Result<()> {
        if let Some(mut hub) = self.hub.take() {
            hub.end().await?;
        }
        Ok(())
    }

    /// Kills a node with SIGKILL.
    ///
    /// # Errors
    /// From the operating system.
    pub fn kill_node(&mut self, member: &str) -> anyhow::Result<()> {
        self.nodes.remove(member).map_or(Ok(()), |mut node| node.kill())
    }

    /// The hub's process, while it runs.
    #[must_use]
    pub fn hub(&mut self) -> Option<&mut Server> {
        self.hub.as_mut()
    }

    /// A client of a member's publishing service.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn publishing(&self, member: &str) -> anyhow::Result<Publishing> {
        publishing_client(&self.node_addresses[member], &self.node_data(member))
    }

    /// A client of the hub's council service with the operator's token.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn council(&self) -> anyhow::Result<Council> {
        council_client(&self.hub_addresses[0], &self.hub_data(), &self.operator_token()?)
    }

    /// A client of the hub's mutual-aid service with the operator's token.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn mutual_aid(&self) -> anyhow::Result<MutualAid> {
        mutual_aid_client(&self.hub_addresses[0], &self.hub_data(), &self.operator_token()?)
    }

    /// A client of the hub's search service with the operator's token.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn search(&self) -> anyhow::Result<Search> {
        search_client(&self.hub_addresses[0], &self.hub_data(), &self.operator_token()?)
    }

    /// The hub's data folder.
    #[must_use]
    pub fn hub_data(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    /// A node's data folder.
    #[must_use]
    pub fn node_data(&self, member: &str) -> PathBuf {
        self.folder.path().join(member)
    }

    /// The folder of the whole park.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The hub's address for people.
    #[must_use]
    pub fn people_address(&self) -> &str {
        &self.hub_addresses[0]
    }

    /// The operator's token.
    ///
    /// # Errors
    /// When the hub has not written it.
    pub fn operator_token(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.hub_data().join("operator.token"))?.trim().to_owned())
    }
}

const ANY_PORT: [&str; 2] = ["127.0.0.1:0", "127.0.0.1:0"];

/// Name of the hub's configuration file in the park's folder.
const HUB_FILE: &str = "hub.toml";

fn hub_arguments(folder: &Path, [people, nodes]: &[String; 2]) -> Vec<String> {
    let config = folder.join(HUB_FILE).display().to_string();
    ["--config", &config, "--people-listen", people, "--nodes-listen", nodes].map(str::to_owned).to_vec()
}
