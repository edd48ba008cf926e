//! The ways of those who are on the road, for the park's plan.

use shouwang_proto::wire;
use shouwang_serving::store::StoreError;

use super::Desk;
use crate::{
    council::permission::{Authorized, rpc},
    mutual_aid::{
        machine::ledger::Book,
        matching::{
            place::Place,
            roads::{Affected, Way},
        },
    },
};

/// From where to where somebody has to go.
#[derive(Clone, Debug)]
pub struct Trip {
    /// Where it begins.
    pub from: wire::Location,
    /// Where aid is wanted.
    pub to: wire::Location,
}

/// The roads as they are now.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// What is closed or slow.
    pub affected: Affected,
    /// The way of each trip, in their order; none where no way leads or an end is no place.
    pub ways: Vec<Option<Way>>,
}

impl Desk {
    /// The ways of these trips on the roads as they are now, for whoever may see what lies over them.
    ///
    /// # Errors
    /// What the store said.
    pub async fn traffic(
        &self,
        _caller: Authorized<rpc::ListClosures>,
        trips: &[Trip],
    ) -> Result<Traffic, StoreError> {
        let scene = self.room.scene(Book::Actual).await?;
        let view = scene.look();
        let place = |of: &wire::Location| Place::new(of.latitude, of.longitude).ok();
        let way = |trip: &Trip| view.travel(place(&trip.to)?).way(place(&trip.from)?);
        Ok(Traffic { affected: view.affected(), ways: trips.iter().map(way).collect() })
    }
}
