//! What could help and what of it is free, laid out for the matching and kept: each question adds what the shelf and the
//! ledgers have changed since the last one. The shelf says what there is; what is free is read from the ledgers at every
//! question. All of it can be dropped at any time, and is made anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use shouwang_proto::{id::PublicationName, wire};

use super::{
    candidates::{lay_out, mode_of},
    machine::ledger::{Book, Ledger},
    matching::{
        inventory::Inventory,
        place::Place,
        roads::{Affected, Conditions, Pace, Roads, Travel},
    },
    planning::{read_plume, read_roads},
    shelf::{Offered, Shelf},
};

/// Most drills and tests whose books are kept laid out, beside the real one.
const DRILLS: usize = 2;
/// Most places to which times are kept.
const PLACES: usize = 16;
/// From so many changes on, resources of a kind are laid side by side again.
const MANY: usize = 1_000;

/// The resources of one book.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) inventory: Inventory,
    pub(super) ledgers: BTreeMap<PublicationName, Ledger>,
    pub(super) offered: BTreeMap<PublicationName, Arc<Offered>>,
    /// The newest change of the shelf that is in.
    shelf_seen: u64,
    /// The newest change of the ledgers that is in.
    ledgers_seen: Option<u64>,
}

impl Pool {
    fn new(book: Book) -> Self {
        Self {
            inventory: Inventory::new(mode_of(book.mode()), None),
            ledgers: BTreeMap::new(),
            offered: BTreeMap::new(),
            shelf_seen: 0,
            ledgers_seen: None,
        }
    }

    /// The change of the ledgers after which to read.
    pub(super) fn ledgers_seen(&self) -> Option<u64> {
        self.ledgers_seen
    }

    fn is_behind(&self, shelf: &Shelf, ledgers: &[Ledger], roads: Option<&Arc<Roads>>) -> bool {
        !ledgers.is_empty() || self.shelf_seen != shelf.newest() || !is_same(self.inventory.roads(), roads)
    }

    /// Adds what has changed. Ledgers may come twice and out of order: the newer version stays.
    fn follow(
        &mut self,
        shelf: &Shelf,
        (ledgers, seen): (Vec<Ledger>, Option<u64>),
        roads: Option<&Arc<Roads>>,
    ) {
        if !is_same(self.inventory.roads(), roads) {
            self.inventory.set_roads(roads.cloned());
        }
        let mut changed = BTreeSet::new();
        for ledger in ledgers {
            let name = ledger.key.resource.clone();
            if self.ledgers.get(&name).is_none_or(|known| known.version < ledger.version) {
                self.ledgers.insert(name.clone(), ledger);
                changed.insert(name);
            }
        }
        self.ledgers_seen = self.ledgers_seen.max(seen);
        let (of_shelf, newest) = shelf.since(self.shelf_seen);
        self.shelf_seen = newest;
        for (name, offered) in of_shelf {
            match offered {
                Some(offered) => self.offered.insert(name.clone(), offered),
                None => self.offered.remove(&name),
            };
            changed.insert(name);
        }
        self.lay(&changed);
    }

    fn lay(&mut self, changed: &BTreeSet<PublicationName>) {
        let mut laid = Vec::new();
        for name in changed {
            let resource = self.offered.get(name).and_then(|one| lay_out(one, self.ledgers.get(name)));
            match resource {
                Some(resource) => laid.push(resource),
                None => drop(self.inventory.remove(name)),
            }
        }
        if laid.len() >= MANY {
            self.inventory.extend(laid);
        } else {
            laid.into_iter().for_each(|resource| self.inventory.put(resource));
        }
    }
}

fn is_same(one: Option<&Arc<Roads>>, other: Option<&Arc<Roads>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The graph of one upload, drawn up.
#[derive(Clone, Debug, Default)]
struct Map {
    /// Version in the store; 0: there is none.
    version: u64,
    /// None also when what is stored is no graph.
    roads: Option<Arc<Roads>>,
}

/// What lay over the roads at the last question, and the times found with it.
#[derive(Debug, Default)]
struct Ways {
    roads: Option<Arc<Roads>>,
    closures: Vec<wire::Closure>,
    conditions: Option<Arc<Conditions>>,
    travels: Vec<Arc<Travel>>,
}

/// The pools of all books, and the roads. Everything behind short locks.
#[derive(Debug, Default)]
pub(super) struct Pools {
    books: Mutex<BTreeMap<Book, Arc<RwLock<Pool>>>>,
    map: Mutex<Map>,
    ways: Mutex<Ways>,
}

/// What a question reads from the store, all of one moment.
#[derive(Debug)]
pub(super) struct News {
    /// Changed ledgers, and the newest change that is among them.
    pub(super) ledgers: (Vec<Ledger>, Option<u64>),
    /// Version of the road graph.
    pub(super) map_version: u64,
    /// The graph, when its version is not the known one.
    pub(super) graph: Option<wire::UploadRoadGraphRequest>,
}

impl Pools {
    /// The pool of a book. One that a panic left half changed is made anew.
    pub(super) fn of(&self, book: Book) -> Arc<RwLock<Pool>> {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = books.get(&book).filter(|known| !known.is_poisoned()) {
            return Arc::clone(known);
        }
        let drills = books.keys().filter(|known| **known != Book::Actual).count();
        if book != Book::Actual && drills >= DRILLS {
            books.retain(|known, _| *known == Book::Actual);
        }
        let made = Arc::new(RwLock::new(Pool::new(book)));
        books.insert(book, Arc::clone(&made));
        made
    }

    /// Version of the road graph that is drawn up; 0: none.
    pub(super) fn map_version(&self) -> u64 {
        self.map.lock().unwrap_or_else(PoisonError::into_inner).version
    }

    /// Adds what is new to a pool.
    pub(super) fn follow(&self, pool: &RwLock<Pool>, shelf: &Shelf, news: News) {
        let roads = self.draw(news.map_version, news.graph.as_ref());
        let is_behind = pool.read().unwrap_or_else(PoisonError::into_inner).is_behind(
            shelf,
            &news.ledgers.0,
            roads.as_ref(),
        );
        if is_behind {
            let mut pool = pool.write().unwrap_or_else(PoisonError::into_inner);
            pool.follow(shelf, news.ledgers, roads.as_ref());
        }
    }

    /// The roads, drawn up anew when there is a newer graph. It was checked when it came; if it is none any more, straight
    /// lines serve.
    fn draw(&self, version: u64, graph: Option<&wire::UploadRoadGraphRequest>) -> Option<Arc<Roads>> {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        if version > map.version
            && let Some(graph) = graph
        {
            let roads = read_roads(graph).inspect_err(|faults| {
                tracing::error!(faults = faults.len(), "the stored road graph is no graph");
            });
            *map = Map { version, roads: roads.ok().map(Arc::new) };
        }
        map.roads.clone()
    }

    /// The times to a place with these closures over the roads. Those of the last questions are kept as long as nothing
    /// is opened or closed.
    pub(super) fn travel(
        &self,
        roads: Option<&Arc<Roads>>,
        closures: &[wire::Closure],
        to: Place,
    ) -> Arc<Travel> {
        let straight = || Arc::new(Travel::straight(to, Pace::default()));
        let Some(roads) = roads else { return straight() };
        let mut ways = self.ways(roads, closures);
        if let Some(known) = ways.travels.iter().find(|travel| travel.destination() == to) {
            return Arc::clone(known);
        }
        let Some(conditions) = ways.conditions.clone() else { return straight() };
        let travel = Arc::new(Travel::on(roads, &conditions, to, Pace::default()));
        if ways.travels.len() >= PLACES {
            ways.travels.remove(0);
        }
        ways.travels.push(Arc::clone(&travel));
        travel
    }

    /// What these closures change on the roads.
    pub(super) fn affected(&self, roads: &Arc<Roads>, closures: &[wire::Closure]) -> Affected {
        let conditions = self.ways(roads, closures).conditions.clone();
        conditions.map_or_else(Affected::default, |conditions| roads.affected(&conditions))
    }

    fn ways(&self, roads: &Arc<Roads>, closures: &[wire::Closure]) -> MutexGuard<'_, Ways> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_same(ways.roads.as_ref(), Some(roads)) || ways.closures != closures {
            *ways = Ways::over(roads, closures);
        }
        ways
    }
}

impl Ways {
    fn over(roads: &Arc<Roads>, closures: &[wire::Closure]) -> Self {
        let plumes: Vec<_> = closures.iter().filter_map(|closure| read_plume(closure).ok()).collect();
        let conditions = roads.conditions(&[], &plumes);
        Self {
            roads: Some(Arc::clone(roads)),
            closures: closures.to_vec(),
            conditions: conditions.ok().map(Arc::new),
            travels: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
