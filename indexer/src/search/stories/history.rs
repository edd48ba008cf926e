//! The index beside another history of the hub's log, and beside a log of which old lines are gone. On both engines.

use shouwang_proto::clock::World;
use tempfile::TempDir;
use tokio::sync::watch;

use super::*;
use crate::{
    link::{
        commit::{Delivery, batch_apply},
        judge::examine,
        script::{Script, member},
    },
    search::tailer::Tailer,
    store::{
        hub_history::{Compacted, Era, Kept, era_begin, history_at, hub_log_compact},
        hub_log::{hub_log_after, hub_log_head},
        mutual_aid::ledger::intake_advance,
        trial::{TrialEngine, TrialStore, told_on_both},
    },
};

/// A hub's database with one member's log in it, of one life.
async fn hub(engine: TrialEngine, era: Era, script: &Script) -> TrialStore {
    let hub = TrialStore::open(engine).await;
    hub.join(&member(), &script.key, "a1").await;
    live_on(&hub, era).await;
    send(&hub, script, 0).await;
    hub
}

async fn live_on(hub: &TrialStore, era: Era) {
    hub.store.write(async move |tx| era_begin(tx, era).await).await.unwrap();
}

async fn send(hub: &TrialStore, script: &Script, from: u64) {
    let skip = usize::try_from(from).unwrap();
    let batch = script.entries[skip..].iter().map(|entry| examine(entry.to_wire()).unwrap()).collect();
    let delivery = Delivery {
        member: member(),
        from: script.position(from),
        batch,
        turned: Vec::new(),
        head: None,
        named: std::collections::BTreeSet::new(),
    };
    let apply = async move |tx: &mut _| batch_apply(tx, delivery, jiff::Timestamp::UNIX_EPOCH).await;
    hub.store.write(apply).await.unwrap();
}

async fn head(hub: &TrialStore) -> u64 {
    hub.store.read(async |conn| hub_log_head(conn).await).await.unwrap()
}

async fn lines(hub: &TrialStore) -> Vec<u64> {
    let rows = hub.store.read(async |conn| hub_log_after(conn, 0, 1_000).await).await.unwrap();
    rows.iter().map(|row| row.position).collect()
}

/// Opens the index in the folder and lets it follow until it has everything.
async fn follow(hub: &TrialStore, folder: &TempDir) -> Arc<SearchIndex> {
    let index = SearchIndex::open(folder.path(), IndexSettings::default()).unwrap();
    let (_head, changes) = watch::channel(head(hub).await);
    let reached = Arc::new(|_| {});
    let tailer = Tailer::new(Arc::clone(&index), hub.store.clone(), changes, World::system(), reached, false);
    let progress = tailer.progress();
    let (end, era) = {
        let end = head(hub).await;
        (end, hub.store.read(async move |conn| history_at(conn, end).await).await.unwrap().era)
    };
    let done = async {
        while progress.load().position != end || index.era() != era || index.position() != end {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = tailer.follow() => {}
        done = tokio::time::timeout(std::time::Duration::from_secs(60), done) => done.unwrap(),
    }
    index
}

fn titles(index: &Arc<SearchIndex>, folder: TempDir) -> (u64, TempDir) {
    let hub = Hub { folder, index: Arc::clone(index), position: 0 };
    let total = hub.ask("").total;
    let Hub { folder, .. } = hub;
    (total, folder)
}

async fn an_index_of_another_history_is_made_anew(engine: TrialEngine) {
    let folder = tempfile::tempdir().unwrap();
    let mut script = Script::new();
    (1..=3).for_each(|number| script.put(number, "动火监护"));
    let first = hub(engine, [1; 16], &script).await;
    let (total, folder) = titles(&follow(&first, &folder).await, folder);
    assert_eq!(total, 3);
    // The same history goes on in another life: nothing is made anew.
    live_on(&first, [3; 16]).await;
    let index = follow(&first, &folder).await;
    assert_eq!((index.position(), index.era()), (3, [1; 16]));
    drop(index);

    // The database was put back, and has grown beyond where the index stands.
    let mut other = Script::new();
    (11..=15).for_each(|number| other.put(number, "受限空间"));
    let second = hub(engine, [2; 16], &other).await;
    let index = follow(&second, &folder).await;
    assert_eq!((index.position(), index.era()), (5, [2; 16]));
    assert_eq!(titles(&index, folder).0, 5, "nothing of the other history is left");
}

async fn old_lines_go_and_every_follower_ends_with_what_is_shown(engine: TrialEngine) {
    let (early, late) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut script = Script::new();
    (1..=3).for_each(|number| script.put(number, "动火监护"));
    let hub = hub(engine, [1; 16], &script).await;
    // This index stays behind.
    drop(follow(&hub, &early).await);
    script.put(1, "动火监护，第二版");
    script.withdraw(2);
    script.put(3, "动火监护，第二版");
    script.put(4, "高处作业");
    send(&hub, &script, 3).await;
    assert_eq!(head(&hub).await, 7);
    let advance = async |tx: &mut crate::store::Tx| intake_advance(tx, 0, 7).await;
    assert!(hub.store.write(advance).await.unwrap());
    let compact = async |hub: &TrialStore, kept: Kept, followed: u64| {
        let compacted = hub.store.write(async move |tx| hub_log_compact(tx, kept, followed, 0).await);
        let compacted = compacted.await.unwrap();
        assert_eq!(compacted.next, None, "so few lines are one look");
        compacted.gone
    };

    assert_eq!(compact(&hub, Kept { overtaken: 10, removals: 10 }, 7).await, 0, "all of it is new");
    let from_the_end =
        async |tx: &mut crate::store::Tx| hub_log_compact(tx, Kept { overtaken: 0, removals: 0 }, 7, 7).await;
    assert_eq!(hub.store.write(from_the_end).await.unwrap(), Compacted { gone: 0, next: None });
    assert_eq!(compact(&hub, Kept { overtaken: 5, removals: 10 }, 7).await, 2);
    assert_eq!(lines(&hub).await, [3, 4, 5, 6, 7]);
    assert_eq!(compact(&hub, Kept { overtaken: 0, removals: 0 }, 4).await, 1);
    assert_eq!(lines(&hub).await, [4, 5, 6, 7], "a removal stays until the index has passed it");
    assert_eq!(compact(&hub, Kept { overtaken: 0, removals: 0 }, 7).await, 1);
    assert_eq!(lines(&hub).await, [4, 6, 7]);
    assert_eq!(compact(&hub, Kept { overtaken: 0, removals: 0 }, 7).await, 0);

    // One that never saw the removal and one that begins at the first line hold the same.
    for folder in [early, late] {
        let index = follow(&hub, &folder).await;
        assert_eq!((index.position(), titles(&index, folder).0), (7, 3));
    }
}

told_on_both!(
    an_index_of_another_history_is_made_anew,
    old_lines_go_and_every_follower_ends_with_what_is_shown,
);
