//! How the link is, for people and for the answers of this node's own service.

use std::sync::Arc;

use jiff::Timestamp;
use shouwang_proto::log::chain::Position;
use tokio::sync::watch;

/// State of one of the two connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// The node has not joined an alliance.
    #[default]
    NotJoined,
    /// Dialling, or waiting before the next try.
    Connecting,
    /// Open.
    Connected,
    /// The hub says no; the node goes on asking slowly.
    Refused,
}

/// One of the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Heartbeats and directives.
    Control,
    /// Entries.
    Sync,
}

/// How the link is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkStatus {
    /// The control connection.
    pub control: LinkState,
    /// The sync connection.
    pub sync: LinkState,
    /// Why the control connection is not open.
    pub control_problem: Option<String>,
    /// Why the sync connection is not open.
    pub sync_problem: Option<String>,
    /// Durable at the hub.
    pub durable: Position,
    /// In the hub's index.
    pub searchable: Position,
    /// When the hub was last heard.
    pub heard: Option<Timestamp>,
    /// Own records that the hub keeps in quarantine.
    pub quarantined: u64,
    /// The hub's copy differs although the heads are equal.
    pub diverged: bool,
    /// The groups the hub says this member is in; for showing only.
    pub groups: Vec<String>,
    /// When the certificate in use ends.
    pub certificate_ends: Option<Timestamp>,
}

impl LinkStatus {
    /// Why the link is not whole, in words; empty when it is.
    #[must_use]
    pub fn problem(&self) -> &str {
        self.sync_problem.as_deref().or(self.control_problem.as_deref()).unwrap_or_default()
    }
}

/// The one place where the status stands. Clones share it.
#[derive(Clone, Debug)]
pub struct Board(Arc<watch::Sender<LinkStatus>>);

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(watch::channel(LinkStatus::default()).0))
    }
}

impl Board {
    /// How it is now.
    #[must_use]
    pub fn now(&self) -> LinkStatus {
        self.0.borrow().clone()
    }

    /// Wakes at each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<LinkStatus> {
        self.0.subscribe()
    }

    /// Changes it.
    pub fn change(&self, change: impl FnOnce(&mut LinkStatus)) {
        self.0.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }

    /// Notes the state of a connection, and why it is not open.
    pub fn state(&self, side: Side, state: LinkState, problem: Option<String>) {
        self.change(|status| match side {
            Side::Control => (status.control, status.control_problem) = (state, problem),
            Side::Sync => (status.sync, status.sync_problem) = (state, problem),
        });
    }
}
