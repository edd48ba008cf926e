//! What the dispatch board asks the desk for besides the rpcs.

use std::collections::BTreeSet;

use shouwang_proto::{
    id::PublicationName, mutual_aid::id::PlanId, publication::Location, refusal::Violations, wire,
};
use shouwang_serving::store::{Conn, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Desk, Drawer};
use crate::{
    council::permission::{Authorized, rpc},
    mutual_aid::{present::Looking, unknown},
    store::mutual_aid::{aid_heads, plan::plan_find, roads::road_graph_find},
};

impl Desk {
    /// Answers what a page asks, as the same call over gRPC would be answered.
    ///
    /// # Errors
    /// As the contract says of the rpc.
    pub async fn ask<R: Drawer>(
        &self,
        caller: Authorized<R>,
        question: R::Question,
    ) -> Result<R::Answer, StoreError> {
        R::answer(self, &caller, question).await
    }

    /// Number of the newest change. It only rises, also over a restart; when it has not risen, nothing is new.
    ///
    /// # Errors
    /// What the store said.
    pub async fn newest_change(&self) -> Result<u64, StoreError> {
        self.store.read(async |conn: &mut Conn| Ok(aid_heads(conn).await?.0)).await
    }

    /// Wakes when something may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.room.shared.changes.subscribe()
    }

    /// Ends what looks on when the hub stops.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Title of a resource that is lent; empty when it is not offered any more. For callers that have been shown an
    /// assignment of it.
    #[must_use]
    pub fn title_of(&self, resource: &str) -> String {
        let offered = resource.parse::<PublicationName>().ok();
        let offered = offered.and_then(|name| self.room.shared.shelf.find(&name));
        offered.map_or_else(String::new, |offered| offered.title.clone())
    }

    /// Where a resource stands, as its owner published it. For callers that have been shown an assignment of it.
    #[must_use]
    pub fn place_of(&self, resource: &str) -> Option<wire::Location> {
        let name = resource.parse::<PublicationName>().ok()?;
        self.room.shared.shelf.find(&name)?.resource.location.as_ref().map(Location::to_wire)
    }

    /// The middle of where the members' resources stand; none when nobody has said where one is.
    #[must_use]
    pub fn middle(&self) -> Option<(f64, f64)> {
        let (all, _) = self.room.shared.shelf.since(0);
        let places = all.iter().filter_map(|(_, offered)| offered.as_ref()?.resource.location.as_ref());
        let (mut count, mut latitude, mut longitude) = (0.0, 0.0, 0.0);
        for place in places {
            count += 1.0;
            latitude += (place.latitude - latitude) / count;
            longitude += (place.longitude - longitude) / count;
        }
        (count > 0.0).then_some((latitude, longitude))
    }

    /// What members lend of these kinds: names and titles, for whoever may book what came of it.
    #[must_use]
    pub fn lent(
        &self,
        _caller: &Authorized<rpc::BookSelfDeployment>,
        kinds: &BTreeSet<&str>,
    ) -> Vec<(String, String)> {
        let (all, _) = self.room.shared.shelf.since(0);
        let offered = all.into_iter().filter_map(|(_, offered)| offered);
        let of_kind = offered.filter(|one| kinds.contains(one.resource.resource_kind.as_str()));
        of_kind.map(|one| (one.name.to_string(), one.title.clone())).collect()
    }

    /// Somebody looks at `name` for as long as the answer lives.
    #[must_use]
    pub fn look(&self, name: &str, who: &str) -> Looking {
        self.room.shared.present.enter(name, who)
    }

    /// Somebody has looked at `name` just now.
    pub fn glance(&self, name: &str, who: &str) {
        self.room.shared.present.glance(name, who, self.gate.now());
    }

    /// Who looks at `name`, or did so in the last half minute.
    #[must_use]
    pub fn lookers(&self, name: &str) -> Vec<String> {
        self.room.shared.present.at(name, self.gate.now())
    }

    /// A plan that was proposed, as it was then.
    ///
    /// # Errors
    /// NOT_FOUND (PLAN_UNKNOWN); what the store said.
    pub async fn plan(
        &self,
        _caller: Authorized<rpc::ProposePlan>,
        name: &str,
    ) -> Result<wire::PlanProposal, StoreError> {
        let mut wrong = Violations::new();
        let id = wrong.check("name", PlanId::from_name(name));
        let id = wrong.finish(|| id)?;
        let plan = self.store.read(async move |conn: &mut Conn| plan_find(conn, id).await).await?;
        plan.ok_or_else(|| unknown::plan(id).into())
    }

    /// The park's roads, for whoever may see what lies over them; none when none were loaded.
    ///
    /// # Errors
    /// What the store said.
    pub async fn roads(
        &self,
        _caller: Authorized<rpc::ListClosures>,
    ) -> Result<Option<wire::UploadRoadGraphRequest>, StoreError> {
        self.store.read(async |conn: &mut Conn| road_graph_find(conn).await).await
    }
}
