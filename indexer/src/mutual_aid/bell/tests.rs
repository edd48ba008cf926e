use jiff::SignedDuration;

use super::*;

fn member(id: &str) -> MemberId {
    id.parse().unwrap()
}

fn notice(recipient: &str, number: u64, bytes: usize) -> WaitingNotice {
    WaitingNotice { number, recipient: member(recipient), expires: None, encoded: vec![0; bytes] }
}

fn numbers(page: &Page) -> Vec<u64> {
    page.notices.iter().map(|notice| notice.number).collect()
}

fn fed(notices: impl IntoIterator<Item = WaitingNotice>) -> Feed {
    let mut feed = Feed { start: Some(10), upto: 10, ..Feed::default() };
    for notice in notices {
        feed.upto = notice.number;
        feed.keep(notice);
    }
    feed
}

#[test]
fn each_member_gets_its_own_from_where_its_session_is() {
    let feed = fed([notice("north", 11, 1), notice("south", 12, 1), notice("north", 13, 1)]);
    let now = Timestamp::UNIX_EPOCH;
    let page = feed.page(&member("north"), 10, 16, now).unwrap();
    assert_eq!((numbers(&page), page.upto, page.is_full), (vec![11, 13], 13, false));
    let page = feed.page(&member("north"), 11, 16, now).unwrap();
    assert_eq!((numbers(&page), page.upto), (vec![13], 13));
    let page = feed.page(&member("south"), 13, 16, now).unwrap();
    assert_eq!((numbers(&page), page.upto), (vec![], 13));
    // A full page says only as much as is on it.
    let page = feed.page(&member("north"), 10, 1, now).unwrap();
    assert_eq!((numbers(&page), page.upto, page.is_full), (vec![11], 11, true));
}

#[test]
fn who_has_missed_something_reads_for_itself() {
    let now = Timestamp::UNIX_EPOCH;
    let feed = fed([notice("north", 11, 1)]);
    assert!(feed.page(&member("north"), 9, 16, now).is_none(), "from before the feed began");
    assert!(Feed::default().page(&member("north"), 0, 16, now).is_none());
    // Only whose own were dropped: the others have missed nothing.
    let feed = fed([notice("north", 11, KEPT_BYTES), notice("south", 12, 1)]);
    assert!(feed.page(&member("north"), 10, 16, now).is_none());
    assert_eq!(numbers(&feed.page(&member("north"), 11, 16, now).unwrap()), Vec::<u64>::new());
    assert_eq!(numbers(&feed.page(&member("south"), 10, 16, now).unwrap()), [12]);
    assert!(feed.bytes <= KEPT_BYTES);
}

#[test]
fn what_has_become_too_old_is_not_sent() {
    let now = Timestamp::UNIX_EPOCH;
    let soon = now.checked_add(SignedDuration::from_secs(1)).unwrap();
    let feed = fed([WaitingNotice { expires: Some(soon), ..notice("north", 11, 1) }]);
    assert_eq!(numbers(&feed.page(&member("north"), 10, 16, now).unwrap()), [11]);
    assert_eq!(numbers(&feed.page(&member("north"), 10, 16, soon).unwrap()), Vec::<u64>::new());
}

#[test]
fn one_writes_for_all_what_was_sent() {
    let bell = Bell::default();
    assert!(bell.note_sent(&[7, 8]));
    assert!(!bell.note_sent(&[3]), "somebody is at it");
    assert_eq!(bell.outgoing(), [3, 7, 8]);
    assert!(!bell.note_sent(&[9]), "still writing: it looks again");
    assert_eq!(bell.outgoing(), [9]);
    assert!(bell.outgoing().is_empty());
    assert!(bell.note_sent(&[10]), "the next one begins anew");
}
