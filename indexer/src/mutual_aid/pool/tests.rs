use proptest::prelude::*;
use shouwang_proto::wire;

use super::*;
use crate::mutual_aid::{
    machine::ledger::{LedgerKey, Terms},
    trial::offered,
};

/// Something that happens between two questions.
#[derive(Clone, Debug)]
enum Step {
    Publish {
        number: u8,
        quantity: u8,
    },
    Retract {
        number: u8,
    },
    /// The ledger is written, and so many of the owner's are taken.
    Book {
        number: u8,
        quota: u8,
        held: u8,
    },
    Ask,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0_u8..6;
    prop_oneof![
        (number.clone(), 1_u8..9).prop_map(|(number, quantity)| Step::Publish { number, quantity }),
        number.clone().prop_map(|number| Step::Retract { number }),
        (number, 0_u8..9, 0_u8..9).prop_map(|(number, quota, held)| Step::Book { number, quota, held }),
        Just(Step::Ask),
    ]
}

/// The ledgers as the store has them: each with the number of the change that wrote it last.
#[derive(Default)]
struct Books(BTreeMap<PublicationName, (u64, Ledger)>, u64);

impl Books {
    fn write(&mut self, number: u8, quota: u8, held: u8) {
        let one = offered("hengrui-crane", number, 1.0, false);
        let terms = Terms { quota: u64::from(quota), ..Terms::of(&one.title, &one.resource) };
        let key = LedgerKey { resource: one.name.clone(), book: Book::Actual };
        let version = self.0.get(&one.name).map_or(0, |(_, known)| known.version) + 1;
        let held = u64::from(held.min(quota));
        let ledger = Ledger { version, held, ..Ledger::open(key, terms, one.published) };
        self.1 += 1;
        self.0.insert(one.name, (self.1, ledger));
    }

    fn after(&self, seen: Option<u64>) -> News {
        let changed = self.0.values().filter(|(change, _)| seen.is_none_or(|seen| *change > seen));
        let newest = changed.clone().map(|(change, _)| *change).max().max(seen);
        let ledgers = changed.map(|(_, ledger)| ledger.clone()).collect();
        News { ledgers: (ledgers, newest), map_version: 0, graph: None }
    }
}

fn ask(pools: &Pools, shelf: &Shelf, books: &Books) -> Arc<RwLock<Pool>> {
    let pool = pools.of(Book::Actual);
    let seen = pool.read().unwrap().ledgers_seen();
    pools.follow(&pool, shelf, books.after(seen));
    pool
}

proptest! {
    #[test]
    fn a_kept_pool_is_what_a_new_one_would_be(steps in proptest::collection::vec(step(), 1..60)) {
        let (pools, shelf, mut books) = (Pools::default(), Shelf::default(), Books::default());
        for step in steps.into_iter().chain([Step::Ask]) {
            match step {
                Step::Publish { number, quantity } => {
                    shelf.put(offered("hengrui-crane", number, f64::from(quantity), false));
                }
                Step::Retract { number } => shelf.set(offered("hengrui-crane", number, 1.0, false).name, None),
                Step::Book { number, quota, held } => books.write(number, quota, held),
                Step::Ask => {
                    let (kept, new) = (ask(&pools, &shelf, &books), ask(&Pools::default(), &shelf, &books));
                    let (kept, new) = (kept.read().unwrap(), new.read().unwrap());
                    prop_assert_eq!(kept.inventory.len(), new.inventory.len());
                    for name in new.offered.keys() {
                        prop_assert_eq!(kept.inventory.get(name), new.inventory.get(name));
                    }
                    prop_assert_eq!(&kept.ledgers, &new.ledgers);
                }
            }
        }
    }
}

/// A question that read before another one adds what it read after it.
#[test]
fn what_was_read_before_does_not_replace_what_was_read_later() {
    let (pools, shelf, mut books) = (Pools::default(), Shelf::default(), Books::default());
    shelf.put(offered("hengrui-crane", 1, 5.0, false));
    books.write(1, 5, 1);
    let early = books.after(None);
    books.write(1, 5, 4);
    let pool = ask(&pools, &shelf, &books);
    pools.follow(&pool, &shelf, early);
    let name = offered("hengrui-crane", 1, 5.0, false).name;
    let pool = pool.read().unwrap();
    assert_eq!(pool.ledgers[&name].free(), 1);
    assert_eq!(pool.ledgers_seen(), Some(2));
}

fn graph(metres: u32) -> wire::UploadRoadGraphRequest {
    let node = |id, longitude| wire::RoadNode { id, latitude: 31.30, longitude, ..wire::RoadNode::default() };
    let edge = wire::RoadEdge { from: 1, to: 2, length_metres: metres, speed_kmh: 36, one_way: false };
    wire::UploadRoadGraphRequest {
        nodes: vec![node(1, 120.70), node(2, 120.71)],
        edges: vec![edge],
        ..wire::UploadRoadGraphRequest::default()
    }
}

#[test]
fn a_new_map_and_a_closure_hold_for_the_next_question() {
    let (pools, shelf) = (Pools::default(), Shelf::default());
    shelf.put(offered("hengrui-crane", 1, 1.0, false));
    let pool = pools.of(Book::Actual);
    let news = |map_version, graph| News { ledgers: (Vec::new(), None), map_version, graph };
    let to = Place::new(31.30, 120.71).unwrap();
    let seconds = |closures: &[wire::Closure]| {
        let pool = pool.read().unwrap();
        let travel = pools.travel(pool.inventory.roads(), closures, to);
        travel.leg(Place::new(31.30, 120.70).unwrap()).map(|leg| leg.travel_seconds)
    };
    pools.follow(&pool, &shelf, news(1, Some(graph(1_000))));
    assert_eq!((pools.map_version(), seconds(&[])), (1, Some(100)));
    assert!(Arc::ptr_eq(
        &pools.travel(pool.read().unwrap().inventory.roads(), &[], to),
        &pools.travel(pool.read().unwrap().inventory.roads(), &[], to),
    ));
    let corner = |latitude, longitude| wire::Location { latitude, longitude, ..wire::Location::default() };
    let closure = wire::Closure {
        kind: wire::ClosureKind::Slow.into(),
        slowdown: 3,
        polygon: vec![corner(31.29, 120.704), corner(31.29, 120.706), corner(31.31, 120.705)],
        ..wire::Closure::default()
    };
    assert_eq!(seconds(std::slice::from_ref(&closure)), Some(300));
    assert_eq!(seconds(&[]), Some(100), "and when it is opened again");
    pools.follow(&pool, &shelf, news(2, Some(graph(2_000))));
    assert_eq!(seconds(&[closure]), Some(600));
    // A question that read before the upload.
    pools.follow(&pool, &shelf, news(1, None));
    assert_eq!((pools.map_version(), seconds(&[])), (2, Some(200)));
}

#[test]
fn the_books_of_old_drills_are_dropped_and_the_real_one_is_kept() {
    use shouwang_proto::mutual_aid::id::IncidentId;
    let pools = Pools::default();
    let real = pools.of(Book::Actual);
    for number in 0..10 {
        let drill = IncidentId::new(jiff::Timestamp::UNIX_EPOCH, [number; 10]);
        drop(pools.of(Book::Exercise(drill)));
        assert!(pools.books.lock().unwrap().len() <= DRILLS + 1);
    }
    assert!(Arc::ptr_eq(&real, &pools.of(Book::Actual)));
}
