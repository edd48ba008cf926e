//! What the pages stand on.

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
pub type Site = shouwang_pages::Site<SiteParts>;
