//! What could help, in memory: every resource that is shown, as its owner published it. It follows the hub's log, and
//! is made anew at every start. How much of it is free stands in the ledger alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;
use prost::Message as _;
use shouwang_proto::{
    id::{GroupId, MemberId, PublicationName, RecordId},
    publication::{Content, Detail, MutualAidResource, time_from_wire},
    wire,
};
use shouwang_serving::store::{Store, StoreError};
use tokio::sync::watch;

use crate::store::{
    catalog::CatalogRow,
    hub_log::{self, HubChange, HubLogHead},
    mutual_aid::pack::{resource_shown, resources_after},
};

/// Resources or lines of the hub's log read at once.
const PAGE: u32 = 200;

/// A resource as its owner published it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Which.
    pub name: PublicationName,
    /// Title.
    pub title: String,
    /// Who may see it.
    pub audience: BTreeSet<GroupId>,
    /// What it is.
    pub resource: MutualAidResource,
    /// When its owner published this revision.
    pub published: Timestamp,
}

impl Offered {
    /// Reads a payload; none when it is no resource.
    #[must_use]
    pub fn read(name: PublicationName, payload: &[u8]) -> Option<Self> {
        let payload = wire::RecordPayload::decode(payload).ok()?;
        let publication = payload.publication?;
        let published = publication.publish_time.as_ref().and_then(time_from_wire);
        let Content { title, audience, detail: Detail::Resource(resource), .. } =
            Content::from_wire(publication).ok()?
        else {
            return None;
        };
        Some(Self { name, title, audience, resource, published: published.unwrap_or(Timestamp::UNIX_EPOCH) })
    }

    fn of_row(row: &CatalogRow) -> Option<Self> {
        let mut offered = Self::read(row.name.clone(), row.payload())?;
        offered.published = row.published;
        Some(offered)
    }

    /// Whom to phone, in order.
    #[must_use]
    pub fn phones(&self) -> Vec<String> {
        let contacts = self.resource.duty_contacts.iter();
        contacts.map(|contact| format!("{} {}", contact.name, contact.phone)).collect()
    }
}

/// A resource as it is after a change; none: it is gone.
pub type Changed = (PublicationName, Option<Arc<Offered>>);

/// A resource and the number of its newest change; none when it is gone.
type Place = (u64, Option<Arc<Offered>>);

#[derive(Debug, Default)]
struct Places {
    by_name: BTreeMap<PublicationName, Place>,
    /// The newest change of each name, so that whoever follows reads only what is new to him.
    by_change: BTreeMap<u64, PublicationName>,
    newest: u64,
}

impl Places {
    fn set(&mut self, name: PublicationName, offered: Option<Arc<Offered>>) {
        let before = self.by_name.get(&name).map(|(change, _)| *change);
        if before.is_none() && offered.is_none() {
            // It was no resource either.
            return;
        }
        if let Some(before) = before {
            self.by_change.remove(&before);
        }
        self.newest += 1;
        self.by_change.insert(self.newest, name.clone());
        self.by_name.insert(name, (self.newest, offered));
    }
}

/// Every resource that is shown. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    places: Arc<RwLock<Places>>,
    /// Number of the newest change, for those who wait for one.
    changed: watch::Sender<u64>,
}

impl Shelf {
    /// Fills a shelf from the store, and gives the position of the hub's log from which it has to be followed.
    ///
    /// # Errors
    /// What the store said.
    pub async fn load(store: &Store) -> Result<(Self, u64), StoreError> {
        // First the position: what changes while the rest is read comes again, which does no harm.
        let position = store.read(async |conn| hub_log::hub_log_head(conn).await).await?;
        let shelf = Self::default();
        let mut after = None;
        loop {
            let from = after.take();
            let page = store.read(async move |conn| {
                let names = resources_after(conn, from.as_ref(), PAGE).await?;
                let mut found = Vec::with_capacity(names.len());
                for name in &names {
                    found.extend(resource_shown(conn, name).await?.as_ref().and_then(Offered::of_row));
                }
                Ok((names, found))
            });
            let (names, found) = page.await?;
            for offered in found {
                shelf.put(offered);
            }
            let Some(last) = names.into_iter().last() else { return Ok((shelf, position)) };
            after = Some(last);
        }
    }

    /// One resource.
    #[must_use]
    pub fn find(&self, name: &PublicationName) -> Option<Arc<Offered>> {
        self.read(|places| places.by_name.get(name)?.1.clone())
    }

    /// Wakes when something has changed.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Number of the newest change.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.read(|places| places.newest)
    }

    /// What has changed after this number (0: everything), each name once, as it is now; none: it is gone. And the number
    /// from which to go on.
    #[must_use]
    pub fn since(&self, change: u64) -> (Vec<Changed>, u64) {
        self.read(|places| {
            let names = places.by_change.range(change + 1..).map(|(_, name)| name);
            let changed = names.map(|name| {
                let offered = places.by_name.get(name).and_then(|place| place.1.clone());
                (name.clone(), offered)
            });
            (changed.collect(), places.newest)
        })
    }

    /// Whom of a member to phone: the contacts of its resources, each once, at most ten.
    #[must_use]
    pub fn phones_of(&self, member: &MemberId) -> Vec<String> {
        let first = PublicationName { member: member.clone(), record: RecordId::from_bytes([0; 16]) };
        self.read(|places| {
            let theirs = places.by_name.range(first..).take_while(|(name, _)| name.member == *member);
            let theirs = theirs.filter_map(|(_, place)| place.1.as_ref());
            let mut phones: Vec<String> = Vec::new();
            for phone in theirs.flat_map(|offered| offered.phones()) {
                if phones.len() < 10 && !phones.contains(&phone) {
                    phones.push(phone);
                }
            }
            phones
        })
    }

    /// Follows the hub's log from a position, for ever.
    pub async fn follow(self, store: Store, hub_log: HubLogHead, mut position: u64) {
        let mut head = hub_log.follow();
        loop {
            head.borrow_and_update();
            let from = position;
            let read = async move |conn: &mut _| hub_log::resource_lines_after(conn, from, PAGE).await;
            let lines = store.read(read).await;
            let full = match lines {
                Ok(lines) => {
                    let full = lines.len() == PAGE as usize;
                    for line in lines {
                        position = line.position;
                        self.apply(
                            PublicationName { member: line.member, record: line.record },
                            &line.change,
                        );
                    }
                    full
                }
                Err(error) => {
                    tracing::warn!(%error, "what could help is not up to date");
                    false
                }
            };
            if !full && head.changed().await.is_err() {
                return;
            }
        }
    }

    fn apply(&self, name: PublicationName, change: &HubChange) {
        let offered = match change {
            HubChange::Put(entry) => Offered::read(name.clone(), entry.payload()),
            HubChange::Remove => None,
        };
        self.set(name, offered);
    }

    pub(crate) fn put(&self, offered: Offered) {
        self.set(offered.name.clone(), Some(offered));
    }

    pub(super) fn set(&self, name: PublicationName, offered: Option<Offered>) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        places.set(name, offered.map(Arc::new));
        self.changed.send_replace(places.newest);
    }

    fn read<T>(&self, look: impl FnOnce(&Places) -> T) -> T {
        look(&self.places.read().unwrap_or_else(PoisonError::into_inner))
    }
}
