use super::*;
use crate::store::trial::{TrialEngine, TrialStore};

fn member(id: &str) -> MemberId {
    id.parse().unwrap()
}

#[test]
fn what_comes_during_a_write_is_written_together_by_the_same_writer() {
    let receipts = Receipts::default();
    assert!(receipts.add(&member("north"), &[1, 2]).is_first);
    let first = receipts.next().unwrap();
    assert_eq!(first.rows, [(member("north"), 1), (member("north"), 2)]);
    assert!(!receipts.add(&member("south"), &[3]).is_first, "somebody is at it");
    assert!(!receipts.add(&member("east"), &[4]).is_first);
    assert_eq!(receipts.next().unwrap().rows, [(member("south"), 3), (member("east"), 4)]);
    assert!(receipts.next().is_none());
    assert!(receipts.add(&member("north"), &[5]).is_first, "the next one begins anew");
}

#[tokio::test]
async fn a_failed_write_is_told_to_all_who_were_in_it_and_to_nobody_else() {
    let hub = TrialStore::open(TrialEngine::Sqlite).await;
    let (receipts, world) = (Receipts::default(), World::system());
    let (one, other) = (receipts.add(&member("north"), &[1]), receipts.add(&member("south"), &[2]));
    hub.store.close().await;
    receipts.write(&hub.store, &world).await;
    assert!(one.settled().await.is_err() && other.settled().await.is_err());

    let hub = TrialStore::open(TrialEngine::Sqlite).await;
    let later = receipts.add(&member("north"), &[1]);
    assert!(later.is_first);
    receipts.write(&hub.store, &world).await;
    later.settled().await.unwrap();
    // Who waits while the hub ends is not left waiting.
    let last = receipts.add(&member("north"), &[1]);
    drop(receipts);
    assert!(last.settled().await.is_err());
}
