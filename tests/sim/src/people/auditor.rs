//! Comes when the weather is good again: waits until everybody has everything, and looks at what a reader then finds.

use std::{collections::BTreeMap, time::Duration};

use shouwang_proto::wire::{
    self, LinkState, council_service_client::CouncilServiceClient,
    publishing_service_client::PublishingServiceClient,
};

use super::{
    calls::{Door, Ended, Line, PUBLISHING_PORT, ended},
    reader,
};
use crate::{
    plan::Host,
    stage::{Demand, Stage},
};

/// All must be well so long after the last fault, in simulated time. Back-off waits up to 30 s, and a connection that was
/// cut without a word is given up after 45 s.
const HEALING: Duration = Duration::from_secs(180);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(400);

/// What a reader found: title and revision by name.
pub type Found = BTreeMap<String, (String, u64)>;

/// What the auditor saw.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// What was found when all was well.
    pub found: Option<Found>,
    /// What was found after the index had been taken away.
    pub found_again: Option<Found>,
}

/// Why not all is well yet.
type NotYet = String;

/// The auditor with lines to everybody.
pub struct Auditor {
    stage: Stage,
    hub: Line,
    nodes: Vec<(usize, Line)>,
}

impl Auditor {
    /// Opens lines to the hub and to every node.
    ///
    /// # Errors
    /// When a server's files cannot be used.
    pub fn new(stage: &Stage, hub: Line) -> anyhow::Result<Self> {
        let nodes = (0..stage.plan().members).map(|member| Ok((member, node_line(stage, member)?)));
        Ok(Self { stage: stage.clone(), hub, nodes: nodes.collect::<anyhow::Result<_>>()? })
    }

    /// Audits, and ends the run.
    pub async fn audit(self) -> Audit {
        let mut audit = Audit::default();
        if self.until_well("P1").await {
            audit.found = self.list("P5").await;
            if self.stage.plan().rebuild {
                self.stage.demand(Demand::LoseIndex);
                tokio::time::sleep(PAUSE).await;
                if self.until_well("P16").await {
                    audit.found_again = self.list("P16").await;
                    self.stage.hit("index rebuilt at the end");
                }
            }
        }
        self.stage.demand(Demand::End);
        audit
    }

    /// Waits until all is well; false, and a broken promise, if that takes too long.
    async fn until_well(&self, promise: &'static str) -> bool {
        let until = tokio::time::Instant::now() + HEALING;
        loop {
            let Some(why) = self.not_yet().await else {
                self.stage.note("all is well");
                return true;
            };
            if tokio::time::Instant::now() > until {
                self.stage.broken(
                    promise,
                    format!("liveness: not well {} s after the last fault: {why}", HEALING.as_secs()),
                );
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn list(&self, promise: &'static str) -> Option<Found> {
        let mut last = String::new();
        for _ in 0..10 {
            match reader::list_all(&self.hub).await {
                Ok(found) => return Some(found),
                Err(why) => last = why,
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.stage.broken(promise, format!("everything cannot be listed: {last}"));
        None
    }

    async fn not_yet(&self) -> Option<NotYet> {
        if !self.stage.is_idle() {
            return Some("somebody still waits for an answer".to_owned());
        }
        if let Some(why) = self.stage.unsettled().filter(|_| self.stage.plan().aid) {
            return Some(why);
        }
        for (member, line) in &self.nodes {
            if let Some(why) = self.node_not_yet(*member, line).await {
                return Some(format!("{}: {why}", Host::Node(*member).name()));
            }
        }
        self.hub_not_yet().await.map(|why| format!("hub: {why}"))
    }

    async fn node_not_yet(&self, member: usize, line: &Line) -> Option<NotYet> {
        let mut client = PublishingServiceClient::new(line.clone());
        let asked = client.get_node_status(wire::GetNodeStatusRequest {});
        let Ended::Answered(status) = ended(Duration::from_secs(3), asked).await else {
            return Some("does not answer".to_owned());
        };
        let status = status.into_inner();
        if status.publishing_held {
            self.stage.hold(member);
            return Some(format!("publishing is held: {}", status.link_problem));
        }
        if status.control() != LinkState::Connected || status.sync() != LinkState::Connected {
            return Some(format!(
                "control {:?}, sync {:?}: {}",
                status.control(),
                status.sync(),
                status.link_problem
            ));
        }
        let head = status.head.unwrap_or_default();
        let at = |position: &Option<wire::LogPosition>| position.as_ref().map_or(0, |position| position.seq);
        if head.seq > 0 && status.durable.as_ref() != Some(&head) {
            return Some(format!("head {}, durable {}", head.seq, at(&status.durable)));
        }
        if at(&status.searchable) != head.seq {
            return Some(format!("head {}, searchable {}", head.seq, at(&status.searchable)));
        }
        status.diverged.then(|| "the digests differ".to_owned())
    }

    async fn hub_not_yet(&self) -> Option<NotYet> {
        let mut client = CouncilServiceClient::new(self.hub.clone());
        let asked = client.get_hub_status(wire::GetHubStatusRequest {});
        let Ended::Answered(status) = ended(Duration::from_secs(3), asked).await else {
            return Some("does not answer".to_owned());
        };
        let status = status.into_inner();
        if status.index_position != status.hub_log_head {
            return Some(format!("index at {} of {}", status.index_position, status.hub_log_head));
        }
        (status.diverged > 0).then(|| format!("{} copies differ", status.diverged))
    }
}

/// A line to a member's node with the token of its people.
///
/// # Errors
/// When the node's files cannot be used.
pub fn node_line(stage: &Stage, member: usize) -> anyhow::Result<Line> {
    let host = Host::Node(member);
    let disk = stage.disk(host);
    let (root, token, name) = (disk.join("local-root.pem"), disk.join("publisher.token"), host.name());
    let door =
        Door { host: &name, port: PUBLISHING_PORT, server_name: "node.shouwang", root: &root, token: &token };
    door.open()
}
