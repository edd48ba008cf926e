//! What the node's pages stand on.

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
pub type Site = shouwang_pages::Site<SiteParts>;

impl SiteParts {
    /// A key for a form: what comes with it twice is taken once.
    pub(super) fn key(&self) -> String {
        self.world.random_id().to_string()
    }

    /// A key that a form brought back; a broken one counts as none, so that the service names it.
    pub(super) fn key_in(text: &str) -> String {
        Uuid::parse_str(text).map_or_else(|_| text.to_owned(), |key| key.to_string())
    }
}
