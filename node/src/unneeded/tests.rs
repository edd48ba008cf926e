use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use shouwang_proto::{
    clock::from_millis,
    id::RecordId,
    log::key::LogKey,
    publication::{Attachment, Content, Sha256Hex},
    refusal::Refusal,
    wire,
};
use shouwang_serving::store::StoreOptions;
use tempfile::TempDir;

use super::*;
use crate::{
    shelf::Wish,
    store::{Author, Change, Outcome, Target},
    trial::{PATIENCE, start_node},
};

/// When everything here was stored and named.
const THEN: Timestamp = Timestamp::UNIX_EPOCH;

/// A node's store and files, without the node.
struct House {
    data: TempDir,
    store: NodeStore,
    files: AttachmentFolder,
}

impl House {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self { store: open(&data).await, files: files(&data), data }
    }

    /// After a crash.
    async fn again(self) -> Self {
        let Self { data, store, files: _ } = self;
        drop(store);
        Self { store: open(&data).await, files: files(&data), data }
    }

    async fn upload(&self, bytes: &[u8], now: Timestamp) -> Sha256Hex {
        let sha256: Sha256Hex = hex::encode(Sha256::digest(bytes)).parse().unwrap();
        let mut incoming = self.files.begin(sha256.clone(), 1).unwrap();
        incoming.piece(bytes).unwrap();
        let (sha256, size) = incoming.finish().unwrap();
        self.store.attachment_put(sha256.clone(), size, now).await.unwrap();
        sha256
    }

    async fn import(&self, files: &[&Sha256Hex], publish: bool, now: Timestamp) -> Result<Outcome, Refusal> {
        let wish = Wish::Import { content: content(files), publish };
        self.change(Target::ByExternalId, wish, now).await
    }

    async fn change(&self, target: Target, wish: Wish, now: Timestamp) -> Result<Outcome, Refusal> {
        let world = World::system();
        let fresh = RecordId::new(from_millis(1_000), world.random());
        let change = Change { target, wish, fresh, salt: world.random(), reason: "不再适用".to_owned() };
        self.store.change_all(vec![change], now).await.unwrap().pop().unwrap()
    }

    /// A look long after everything.
    async fn clear(&self) -> usize {
        let cleared = clear(&self.store, &self.files, long_after()).await.unwrap();
        assert!(cleared.is_done);
        cleared.count
    }

    fn has(&self, sha256: &Sha256Hex) -> bool {
        self.files.read(sha256).is_ok()
    }
}

async fn open(data: &TempDir) -> NodeStore {
    let author = Author {
        alliance: "chenghu-park".parse().unwrap(),
        member: "hengrui-foundry".parse().unwrap(),
        key: LogKey::from_secret([7; 32]),
    };
    NodeStore::open(&data.path().join("node"), Some(author), StoreOptions::default()).await.unwrap()
}

fn files(data: &TempDir) -> AttachmentFolder {
    AttachmentFolder::open(&data.path().join("node/attachments")).unwrap()
}

/// After what the disk's clock shows.
fn long_after() -> Timestamp {
    World::system().now() + SignedDuration::from_hours(24)
}

/// All files here have five bytes.
fn content(files: &[&Sha256Hex]) -> Content {
    let mut content = Content::from_wire(wire::Publication {
        external_id: "P-1".to_owned(),
        title: "甲".to_owned(),
        body: "先通风，再检测，后作业。".to_owned(),
        detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
        ..wire::Publication::default()
    })
    .unwrap();
    let attachment = |sha256: &&Sha256Hex| Attachment {
        file_name: "图.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 5,
        sha256: (*sha256).clone(),
    };
    content.attachments = files.iter().map(attachment).collect();
    content
}

#[tokio::test]
async fn what_nothing_names_goes_and_what_any_version_names_stays() {
    let house = House::new().await;
    let given_up = house.upload(b"alone", THEN).await;
    let first = house.upload(b"first", THEN).await;
    house.import(&[&first], false, THEN).await.unwrap();
    assert_eq!(house.clear().await, 1);
    assert!(!house.has(&given_up) && house.has(&first), "a draft names the first");

    let second = house.upload(b"secnd", THEN).await;
    house.import(&[&first], true, THEN).await.unwrap();
    let revised = house.import(&[&second], true, THEN).await.unwrap();
    // As when the hub has no room: until it asks again, it does not wait for them.
    for sha256 in [&first, &second] {
        house.store.attachment_settle(sha256.clone(), false).await.unwrap();
    }
    assert_eq!(house.store.attachments_idle(long_after()).await.unwrap().len(), 2);
    assert_eq!(house.clear().await, 0, "an earlier version names the first");
    house.change(Target::Record(revised.item.record), Wish::Withdraw, THEN).await.unwrap();
    assert_eq!(house.clear().await, 0, "what was taken back is still in the log");
    assert!(house.has(&first) && house.has(&second));
}

#[tokio::test]
async fn what_the_hub_waits_for_or_may_ask_for_again_stays() {
    let house = House::new().await;
    let sha256 = house.upload(b"first", THEN).await;
    let seq = house.import(&[&sha256], true, THEN).await.unwrap().seq.unwrap();
    assert_eq!(house.clear().await, 0);
    assert_eq!(house.store.attachment_due(seq).await.unwrap().as_ref(), Some(&sha256));
    house.store.attachment_settle(sha256.clone(), true).await.unwrap();
    assert_eq!(house.clear().await, 0);
    house.store.note(Vec::new(), vec![sha256.clone()], seq).await.unwrap();
    assert_eq!(house.clear().await, 0);
    assert!(house.has(&sha256));
}

#[tokio::test]
async fn what_was_stored_or_named_a_short_time_ago_stays() {
    let house = House::new().await;
    let soon = long_after().checked_add(SignedDuration::from_secs(1)).unwrap();
    let again = house.upload(b"again", THEN).await;
    house.upload(b"again", soon).await;
    let dropped = house.upload(b"named", THEN).await;
    house.import(&[&dropped], false, soon).await.unwrap();
    house.import(&[], false, soon).await.unwrap();
    assert_eq!(house.clear().await, 0, "somebody may just be about to name them");
    assert!(house.has(&again) && house.has(&dropped));
    let look =
        clear(&house.store, &house.files, soon.checked_add(SignedDuration::from_secs(1)).unwrap()).await;
    assert_eq!(look.unwrap(), Cleared { count: 2, is_done: true });
}

#[tokio::test]
async fn a_crash_between_row_and_file_leaves_a_file_that_the_next_look_removes() {
    let house = House::new().await;
    let (lost, back) = (house.upload(b"first", THEN).await, house.upload(b"secnd", THEN).await);
    let tip = house.store.position().await.unwrap();
    let both = [lost.clone(), back.clone()].into();
    let gone = house.store.attachments_forget(both, long_after(), tip).await.unwrap();
    assert_eq!(gone.map(|gone| gone.len()), Some(2));

    let house = house.again().await;
    assert!(house.has(&lost) && house.has(&back), "the files are there yet");
    let refused = house.import(&[&lost], false, THEN).await.unwrap_err();
    assert_eq!(refused.violations[0].field, "attachments[0].sha256", "nobody can name what is half gone");
    // It comes back before the next look.
    house.upload(b"secnd", THEN).await;
    house.import(&[&back], false, THEN).await.unwrap();
    assert_eq!(house.clear().await, 1);
    assert!(!house.has(&lost) && house.has(&back));
}

#[tokio::test]
async fn a_file_without_a_row_stays_while_it_is_young_or_the_log_names_it() {
    let house = House::new().await;
    let sha256 = house.upload(b"first", THEN).await;
    house.import(&[&sha256], true, THEN).await.unwrap();
    // A database that is older than the folder of files: the log has come back from the hub, rows do not.
    let other = House::new().await;
    let entries = house.store.log_after(0, u64::MAX).await.unwrap().entries;
    let until = house.store.position().await.unwrap();
    other.store.restore(entries, until, THEN, [1; 16]).await.unwrap();
    let young: Sha256Hex = hex::encode(Sha256::digest(b"young")).parse().unwrap();
    for (bytes, sha256) in [(b"first", &sha256), (b"young", &young)] {
        let mut incoming = other.files.begin(sha256.clone(), 1).unwrap();
        incoming.piece(bytes).unwrap();
        incoming.finish().unwrap();
    }
    let before_all = long_after().checked_sub(SignedDuration::from_hours(48)).unwrap();
    let look = clear(&other.store, &other.files, before_all).await.unwrap();
    assert_eq!(look, Cleared { count: 0, is_done: true });
    assert_eq!(other.clear().await, 1);
    assert!(other.has(&sha256) && !other.has(&young));
}

#[tokio::test]
async fn nothing_goes_when_the_log_has_moved_meanwhile() {
    let house = House::new().await;
    let sha256 = house.upload(b"first", THEN).await;
    let tip = house.store.position().await.unwrap();
    house.import(&[], true, THEN).await.unwrap();
    let found = || [sha256.clone()].into();
    assert_eq!(house.store.attachments_forget(found(), long_after(), tip).await.unwrap(), None);
    house.import(&[&sha256], false, THEN).await.unwrap();
    assert!(house.has(&sha256));
}

#[tokio::test]
async fn no_upload_is_finished_while_files_go() {
    let house = House::new().await;
    let arriving = house.files.arriving().await;
    assert!(house.files.arriving().now_or_never().is_some(), "uploads do not wait for each other");
    assert!(house.files.clone().clearing().now_or_never().is_none());
    drop(arriving);
    let clearing = house.files.clearing().await;
    assert!(house.files.arriving().now_or_never().is_none());
    drop(clearing);
}

#[test]
fn nothing_goes_before_the_log_is_known_to_be_whole() {
    let link = |sync| LinkStatus { sync, ..LinkStatus::default() };
    assert!(is_whole(true, &link(LinkState::Connected), &Gate::Open));
    assert!(is_whole(false, &link(LinkState::NotJoined), &Gate::Open), "drafts are all there is");
    for sync in [LinkState::NotJoined, LinkState::Connecting, LinkState::Refused] {
        assert!(!is_whole(true, &link(sync), &Gate::Open), "{sync:?}");
    }
    for gate in [Gate::Restoring, Gate::Held(String::new())] {
        assert!(!is_whole(true, &link(LinkState::Connected), &gate), "{gate:?}");
    }
}

#[tokio::test]
async fn a_node_that_runs_looks_by_itself() {
    let house = House::new().await;
    let sha256 = house.upload(b"first", THEN).await;
    let House { data, store, files } = house;
    store.close().await;
    drop(store);
    let node = start_node(&data.path().join("node")).await;
    let gone = async {
        while files.read(&sha256).is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    node.stop().await;
}
