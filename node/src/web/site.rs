//! What the node's pages stand on.

use std::sync::Arc;

use shouwang_proto::clock::World;
use uuid::Uuid;

use crate::{inbox_service::Inbox, people::People, publishing_service::Publishing, tray::Tray};

/// What the pages stand on.
pub struct SiteParts {
    /// Accounts and sessions of this node.
    pub people: People,
    /// The shelf, as the member's programs see it.
    pub publishing: Publishing,
    /// Documents that somebody looks at before they are imported.
    pub tray: Tray,
    /// Emergencies, as the member's programs see them.
    pub inbox: Inbox,
    /// `https://host:port`: what links for people begin with.
    pub address: String,
    /// Time and randomness.
    pub world: World,
}

/// The pages' handle; a clone shares everything.
#[derive(Clone)]
pub struct Site {
    parts: Arc<SiteParts>,
    pub(super) is_tls: bool,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Site").field("is_tls", &self.is_tls).finish_non_exhaustive()
    }
}

impl std::ops::Deref for Site {
    type Target = SiteParts;

    fn deref(&self) -> &SiteParts {
        &self.parts
    }
}

impl Site {
    /// Pages on a port that speaks TLS.
    #[must_use]
    pub fn new(parts: SiteParts) -> Self {
        Self { parts: Arc::new(parts), is_tls: true }
    }

    /// The same pages on a port without TLS, for this machine and a proxy on it.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), is_tls: false }
    }

    /// A key for a form: what comes with it twice is taken once.
    pub(super) fn key(&self) -> String {
        uuid::Builder::from_random_bytes(self.world.random()).into_uuid().to_string()
    }

    /// A key that a form brought back; a broken one counts as none, so that the service names it.
    pub(super) fn key_in(text: &str) -> String {
        Uuid::parse_str(text).map_or_else(|_| text.to_owned(), |key| key.to_string())
    }
}
