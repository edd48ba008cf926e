//! Mutual aid on a trial store: members with resources, a clock that stands where it is put.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{
    clock::{Clock, SystemEntropy, World},
    id::{GroupId, MemberId, PublicationName, RecordId},
    log::key::LogKey,
    publication::{DutyContact, Location, MutualAidResource},
};
use shouwang_serving::alerts::AlertChannel;

use super::{
    council_duty::CouncilDuty,
    room::{AidParts, MutualAid},
    shelf::Offered,
};
use crate::{
    council::{authority::Authority, roster::Roster},
    link::board::LinkBoard,
    store::{hub_log::HubLogHead, trial::TrialStore},
};

/// A clock that stands where it is put.
#[derive(Clone, Debug)]
pub(crate) struct SetClock(Arc<Mutex<Timestamp>>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl SetClock {
    /// At noon of some day.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new("2026-11-21T04:00:00Z".parse().unwrap())))
    }

    /// Moves on.
    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// The world with this clock.
    pub(crate) fn world(&self) -> World {
        World { clock: Arc::new(self.clone()), entropy: Arc::new(SystemEntropy) }
    }
}

/// Opens the room on a store.
pub(crate) async fn open(hub: &TrialStore, board: &LinkBoard, world: World) -> MutualAid {
    let folder = tempfile::tempdir().unwrap();
    let alliance = "park".parse().unwrap();
    let system = World::system();
    let authority = Authority::found(&folder.path().join("authority.pem"), &alliance, &system).unwrap();
    let identity = authority.issue_hub(&[], &system).unwrap();
    MutualAid::open(AidParts {
        store: hub.store.clone(),
        roster: Roster::load(hub.store.clone()).await.unwrap(),
        board: board.clone(),
        hub_log: HubLogHead::new(0),
        alliance,
        identity: Arc::new(ArcSwap::from_pointee(identity)),
        policy: super::machine::policy::Policy::default(),
        duty: Arc::new(duty()),
        world,
    })
    .await
    .unwrap()
}

/// The council's people, and one hook.
pub(crate) fn duty() -> CouncilDuty {
    let person = |name: &str, phone: &str| DutyContact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        duty: "理事会".to_owned(),
    };
    let people = vec![person("钱值班", "0512-5550-0001"), person("孙副班", "0512-5550-0002")];
    CouncilDuty { people, channels: vec![AlertChannel::Command] }
}

/// Members of the trial.
pub(crate) const MEMBERS: [&str; 3] = ["jinsuo-chem", "hengrui-crane", "north-steel"];

/// Lets the members join.
pub(crate) async fn join_all(hub: &TrialStore) {
    for (number, member) in (0_u8..).zip(MEMBERS) {
        let serial = format!("c{number}");
        hub.join(&member.parse().unwrap(), &LogKey::from_secret([number + 20; 32]), &serial).await;
    }
}

/// A member's name.
pub(crate) fn member(id: &str) -> MemberId {
    id.parse().unwrap()
}

/// A resource of a member.
pub(crate) fn offered(owner: &str, number: u8, quantity: f64, pre_authorised: bool) -> Offered {
    let mut record = [0; 16];
    record[15] = number;
    let contact = DutyContact { name: "王队".into(), phone: "13800000000".into(), duty: String::new() };
    Offered {
        name: PublicationName { member: member(owner), record: RecordId::from_bytes(record) },
        title: "50 吨汽车吊".to_owned(),
        audience: BTreeSet::from([GroupId::alliance()]),
        resource: MutualAidResource {
            resource_kind: "vehicle".to_owned(),
            resource_type: "汽车吊".to_owned(),
            capabilities: Vec::new(),
            quantity,
            unit: "1".to_owned(),
            location: Some(Location { latitude: 31.30, longitude: 120.70, address: "一号门".to_owned() }),
            muster_minutes: 5,
            inspection_due: None,
            duty_contacts: vec![contact],
            pre_authorised,
            floor: 0.0,
        },
        published: "2026-11-20T00:00:00Z".parse().unwrap(),
    }
}

/// Puts something on the shelf, as if its owner had published it.
pub(crate) fn put(room: &MutualAid, offered: Offered) {
    room.shared.shelf.put(offered);
}

/// Says that something may have changed, as every change does.
pub(crate) fn touch(room: &MutualAid) {
    room.touch();
}

/// Takes in what owners have published, as the hub's task does.
pub(crate) async fn take_in(room: &MutualAid) -> usize {
    super::intake::take_in(room).await.unwrap()
}
