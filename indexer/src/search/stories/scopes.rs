//! Nobody finds a trace of what is not for them.

use std::sync::Arc;

use super::*;

/// Occurs only in what is secret.
const CANARY: &str = "海蓝仙鹤";

fn open_documents() -> Vec<Document> {
    (1..=30)
        .map(|number| {
            let mut one =
                practice(number, &format!("动火作业实践{number}"), "动火作业前通风检测，按规程审批。");
            one.tags = strings(&["动火"]);
            one.sectors = strings(&["hot-work"]);
            one
        })
        .collect()
}

fn secret(audience: &[&str]) -> Document {
    let mut one = practice(200, &format!("{CANARY}动火作业"), &format!("{CANARY}动火作业动火作业通风"));
    one.key.member = "secretive".parse().unwrap();
    one.tags = strings(&[CANARY, "动火审批"]);
    one.sectors = strings(&["hot-work", "secret-sector"]);
    one.audience = groups(audience);
    one
}

fn caller(groups_of: &[&str]) -> Caller {
    Caller { groups: groups(groups_of), ..Caller::default() }
}

/// Everything that the room answers to this caller, byte for byte.
fn everything(hub: &Hub, caller: &Caller) -> String {
    let mut out = String::new();
    for query in [
        "",
        "动火",
        "动火作业 通风",
        CANARY,
        "\"动火作业\"",
        "作业 -审批",
        "海蓝",
        "hai lan",
        "haolanxianhe",
        "tag:动火审批",
    ] {
        out.push_str(&format!("{query}: {:#?}\n", hub.ask_as(caller, query)));
        let mut asked = parameters(query);
        let mut pages = 0;
        loop {
            let found = hub.index.searcher(caller.clone()).search(&asked).unwrap();
            out.push_str(&format!("{found:?}\n"));
            pages += 1;
            if found.next_page_token.is_empty() || pages > 5 {
                break;
            }
            asked.page_token = found.next_page_token;
        }
    }
    out
}

#[test]
fn a_secret_leaves_no_trace_in_any_answer() {
    for audience in [&["council"][..], &["fire-street"], &[]] {
        let without = Hub::with(open_documents());
        let with = Hub::with(open_documents().into_iter().chain([secret(audience)]));
        for outsider in [caller(&["alliance"]), caller(&["alliance", "other-street"]), caller(&[])] {
            let (one, other) = (everything(&without, &outsider), everything(&with, &outsider));
            assert!(!other.contains("secret"), "{audience:?} {outsider:?}");
            // The position is the hub's business and tells that something happened, not what.
            let without_position = |text: &str| text.replace("position: 31", "position: 30");
            assert_eq!(without_position(&one), without_position(&other), "{audience:?} {outsider:?}");
        }
    }
}

#[test]
fn those_it_is_for_find_it() {
    let hub = Hub::with(open_documents().into_iter().chain([secret(&["council"])]));
    let found = hub.ask_as(&caller(&["alliance", "council"]), CANARY);
    assert_eq!(titles(&found), "海蓝仙鹤动火作业");
    let own = Caller { member: Some("secretive".parse().unwrap()), ..caller(&["alliance"]) };
    assert_eq!(hub.ask_as(&own, CANARY).total, 1);
    assert_eq!(hub.ask_as(&own, "动火").total, 31);
    assert_eq!(hub.ask_as(&caller(&["alliance"]), "动火").total, 30);
    assert_eq!(hub.ask_as(&caller(&["council"]), "动火").total, 1);
}

#[test]
fn a_narrowed_audience_is_narrow_at_once() {
    let mut hub = Hub::with(open_documents());
    let mut one = open_documents().remove(0);
    one.audience = groups(&["council"]);
    hub.put([one.clone()]);
    assert_eq!(hub.ask("动火").total, 29);
    assert_eq!(hub.ask_as(&caller(&["alliance", "council"]), "动火").total, 30);
    one.audience = groups(&["council", "alliance"]);
    hub.put([one]);
    assert_eq!(hub.ask("动火").total, 30);
    assert_eq!(hub.ask_as(&caller(&["alliance", "council"]), "动火").total, 30);
}

#[test]
fn hidden_members_vanish_from_hits_totals_and_facets() {
    let hub = Hub::with(open_documents().into_iter().chain([secret(&["alliance"])]));
    let hidden = Arc::new(groups(&["secretive"]));
    let caller = Caller { hidden_members: hidden, ..member() };
    assert_eq!(hub.ask(CANARY).total, 1);
    assert_eq!(hub.ask_as(&caller, CANARY).total, 0);
    let found = hub.ask_as(&caller, "动火");
    assert_eq!(found.total, 30);
    assert!(!format!("{found:?}").contains("secret"));
    assert_eq!(hub.ask_as(&caller, "").total, 30);
}
