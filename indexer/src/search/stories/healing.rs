//! The index is derived: whatever happens to its files, it comes back.

use std::fs;

use super::*;
use crate::search::Committed;

fn some() -> Vec<Document> {
    (1..=5).map(|number| practice(number, &format!("动火{number}"), "作业")).collect()
}

fn puts(documents: Vec<Document>) -> Vec<IndexChange> {
    documents.into_iter().map(|one| IndexChange::Put(Box::new(one))).collect()
}

/// Deletes a folder in which somebody may be making files at this moment.
fn delete(folder: &std::path::Path) {
    while fs::remove_dir_all(folder).is_err() && folder.exists() {}
}

#[test]
fn the_position_survives_a_restart() {
    let Hub { folder, index, .. } = Hub::with(some());
    assert_eq!(index.position(), 5);
    drop(index);
    let index = SearchIndex::open(folder.path(), IndexSettings::default()).unwrap();
    assert_eq!((index.position(), *index.visible().borrow()), (5, 5));
    let hub = Hub { folder, index, position: 5 };
    assert_eq!(hub.ask("动火").total, 5);
}

#[test]
fn what_was_not_committed_is_not_there() {
    let Hub { folder, index, .. } = Hub::with(some());
    index.apply(&puts(vec![practice(9, "动火9", "")])).unwrap();
    drop(index);
    let index = SearchIndex::open(folder.path(), IndexSettings::default()).unwrap();
    let hub = Hub { folder, index, position: 5 };
    assert_eq!(hub.ask("动火").total, 5);
}

#[test]
fn a_folder_that_is_missing_broken_or_older_is_made_anew() {
    #[track_caller]
    fn check(damage: impl Fn(&std::path::Path)) {
        let Hub { folder, index, .. } = Hub::with(some());
        drop(index);
        damage(folder.path());
        let index = SearchIndex::open(folder.path(), IndexSettings::default()).unwrap();
        assert_eq!(index.position(), 0);
        let mut hub = Hub { folder, index, position: 0 };
        assert_eq!(hub.ask("").total, 0);
        hub.put(some());
        assert_eq!(hub.ask("动火").total, 5);
    }
    check(|folder| fs::remove_dir_all(folder).unwrap());
    check(|folder| fs::remove_dir_all(folder.join("open")).unwrap());
    check(|folder| fs::write(folder.join("open/meta.json"), "{").unwrap());
    check(|folder| {
        let meta = folder.join("open/meta.json");
        let text = fs::read_to_string(&meta).unwrap();
        fs::write(&meta, text.replace(r#"\"version\":"#, r#"\"version\":9"#)).unwrap();
    });
    check(|folder| {
        for entry in fs::read_dir(folder.join("open")).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|kind| kind == "idx" || kind == "fast") {
                fs::write(entry.path(), "x").unwrap();
            }
        }
    });
}

#[test]
fn a_folder_deleted_while_running_is_made_anew_and_searches_go_on() {
    let hub = Hub::with(some());
    delete(hub.folder.path());
    assert_eq!(hub.ask("动火").total, 5);
    assert_eq!(hub.index.check().unwrap(), Committed::Lost);
    assert_eq!(hub.index.check().unwrap(), Committed::Done);
    assert_eq!(hub.index.position(), 0);
    let all = puts(some());
    hub.index.apply(&all[..2]).unwrap();
    assert_eq!(hub.index.commit(2).unwrap(), Committed::Done);
    assert_eq!((hub.index.position(), hub.ask("动火").total), (2, 5));
    hub.index.apply(&all[2..]).unwrap();
    hub.index.apply(&puts(vec![practice(6, "动火6", "")])).unwrap();
    assert_eq!(hub.index.commit(6).unwrap(), Committed::Done);
    assert_eq!(hub.ask("动火").total, 6);
}

#[test]
fn a_folder_deleted_between_apply_and_commit_is_noticed_by_the_commit() {
    let hub = Hub::with(some());
    hub.index.apply(&puts(vec![practice(6, "动火6", "")])).unwrap();
    delete(hub.folder.path());
    assert_eq!(hub.index.commit(6).unwrap(), Committed::Lost);
    assert_eq!(hub.index.position(), 0);
    hub.index.apply(&puts(some())).unwrap();
    hub.index.apply(&puts(vec![practice(6, "动火6", "")])).unwrap();
    assert_eq!(hub.index.commit(6).unwrap(), Committed::Done);
    assert_eq!(hub.ask("动火").total, 6);
}

#[test]
fn repeating_changes_changes_nothing() {
    let mut hub = Hub::with(some());
    hub.put(some());
    hub.put(some());
    assert_eq!((hub.ask("动火").total, hub.ask("").total), (5, 5));
}

#[test]
fn a_flipped_bit_is_found_by_scrubbing() {
    let mut hub = Hub::with(some());
    assert_eq!(hub.index.scrub().unwrap(), Committed::Done);
    let store = fs::read_dir(hub.folder.path().join("open"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|kind| kind == "store"))
        .unwrap();
    let mut bytes = fs::read(&store).unwrap();
    bytes[10] ^= 1;
    fs::write(&store, bytes).unwrap();
    assert_eq!(hub.index.scrub().unwrap(), Committed::Lost);
    hub.position = 0;
    hub.put(some());
    assert_eq!(hub.ask("动火").total, 5);
}

#[test]
fn waiting_for_a_position_ends_when_it_is_searchable() {
    let mut hub = Hub::new();
    let visible = hub.index.visible();
    assert_eq!(*visible.borrow(), 0);
    hub.put(some());
    assert!(visible.has_changed().unwrap());
    assert_eq!((*visible.borrow(), hub.ask("动火").position), (5, 5));
}
