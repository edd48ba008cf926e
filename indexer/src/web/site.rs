//! What the pages stand on.

use std::sync::Arc;

use shouwang_proto::clock::World;

use crate::{
    council::{gate::Gate, oversight::IndexProbe, roster::Roster, service::CouncilDesk},
    mutual_aid::{council_duty::CouncilAlerts, desk::Desk},
    people::coordinator::People,
    search::service::SearchDesk,
};

/// What the pages stand on.
pub struct SiteParts {
    /// Accounts and sessions.
    pub people: People,
    /// Search and publications.
    pub search: SearchDesk,
    /// Mutual aid.
    pub aid: Desk,
    /// Members, thesaurus, audit.
    pub council: CouncilDesk,
    /// Whom an emergency calls, and what became of it.
    pub alerts: CouncilAlerts,
    /// Pace of callers.
    pub gate: Gate,
    /// The members.
    pub roster: Roster,
    /// How far the index is.
    pub index: IndexProbe,
    /// `https://host:port`: what links for people begin with.
    pub address: String,
    /// Time.
    pub world: World,
}

/// The pages' handle; a clone shares everything.
#[derive(Clone)]
pub struct Site {
    parts: Arc<SiteParts>,
    /// True on a port that speaks TLS itself.
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
}
