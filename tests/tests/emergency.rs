//! An emergency with the real programs: the README's, word for word; and the four things that must end as the specification
//! says: two dispatchers race for one crane, the hub is killed -9 during an order, a yes comes after the order has lapsed,
//! and a supplier withdraws on the road.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise and tells what it did")]

#[path = "support/demo.rs"]
mod demo;
#[path = "support/desk.rs"]
mod desk;

use std::{fs, path::Path, process::Command, time::Duration};

use futures::{StreamExt as _, stream};
use serde_json::Value;
use shouwang_proto::{refusal::Refusal, wire};
use shouwang_tests::processes::MutualAid;
use tonic::{Code, Response};

use self::{
    demo::{Demo, signal},
    desk::{CRANE, Desk, HELPED, OTHER},
};

/// The commands of a section of the README, in one script.
fn script_of_the_readme(heading: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let section = readme.split(heading).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let block = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    block.unwrap_or_else(|| panic!("{heading} has no script")).to_owned()
}

/// The person at the terminal tries again when the other side is a moment behind.
const PERSON: &str = "set -e\nshouwang() {\n  tries=0\n  until \"$PROGRAM\" --context-file \"$CONTEXTS\" \"$@\"; do\n    \
                      tries=$((tries + 1))\n    [ $tries -lt 40 ] || { echo \"gave up: $*\" >&2; return 1; }\n  done\n}\n";

#[test]
fn the_readmes_emergency_can_be_played() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let script = PERSON.to_owned() + &script_of_the_readme("### Play an emergency");
    let played = Command::new("sh")
        .arg("-c")
        .arg(script)
        .current_dir(folder.path())
        .env("PROGRAM", demo.programs.join("shouwang"))
        .env("CONTEXTS", &demo.contexts)
        .output()
        .unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&played.stdout), String::from_utf8_lossy(&played.stderr));
    assert!(played.status.success(), "{said}\n{complained}");
    let at_hub = |words: &[&str]| demo.json(&[&["--context", "dispatcher"], words].concat());
    let request = at_hub(&["request", "show", "last"]);
    assert_eq!(request["state"], "REQUEST_STATE_REVIEWED", "{request}");
    assert_eq!(at_hub(&["incident", "show", "last"])["state"], "INCIDENT_STATE_CLOSED");
    let entries = at_hub(&["request", "timeline", "last", "--limit", "1000"]);
    let events: Vec<&str> =
        entries["entries"].as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    let mut left = events.iter();
    for event in ["REQUEST_SUBMITTED", "ORDERED", "CONFIRMED", "DEPARTED", "ARRIVED", "RELEASED", "RETURNED"]
    {
        assert!(left.any(|found| *found == event), "{event} is missing or out of order: {events:?}");
    }
    let open = at_hub(&["task", "list"]);
    assert_eq!(open["tasks"], Value::Array(Vec::new()), "nothing waits for anybody");

    // What was learnt is for everybody.
    let draft = demo.run(&["--context", "dispatcher", "request", "draft", "last"]);
    assert!(draft.status.success(), "{}", String::from_utf8_lossy(&draft.stderr));
    let file = folder.path().join("learnt.json");
    fs::write(&file, &draft.stdout).unwrap();
    let publish = ["--context", "chenghu-chem", "publication", "publish", file.to_str().unwrap(), "--wait"];
    let published = demo.run(&publish);
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    let found = demo.json(&["search", "仓库通道须留出十米作业面", "--limit", "1"]);
    assert!(found["hits"][0]["title"].as_str().unwrap().starts_with("复盘："), "{found}");

    // And it is still so after the hub was killed.
    assert!(signal("-KILL", &demo.hub_pid()), "the hub could not be killed");
    let show = ["--context", "dispatcher", "request", "show", "last", "--output", "json"];
    let mut tries = 0;
    let shown = loop {
        let shown = demo.run(&show);
        tries += 1;
        if shown.status.success() || tries == 200 {
            break shown;
        }
    };
    assert_eq!(serde_json::from_slice::<Value>(&shown.stdout).unwrap(), request);
    assert!(demo.end(), "the demo did not end cleanly");
}

#[tokio::test]
async fn two_dispatchers_race_for_one_crane() {
    let desk = Desk::start("").await;
    let (one, two) = (desk.call_for_help(HELPED, "罐区起火"), desk.call_for_help(OTHER, "管廊坍塌"));
    let crane = desk.crane();
    let racing: Vec<_> =
        [&one, &two].map(|request| desk.order(request, &crane).spawn().unwrap()).into_iter().collect();
    let mut ended: Vec<_> = racing.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    ended.sort_by_key(|output| output.status.code());
    assert_eq!(ended[0].status.code(), Some(0), "{}", String::from_utf8_lossy(&ended[0].stderr));
    let lost = String::from_utf8_lossy(&ended[1].stderr).into_owned();
    assert_eq!(ended[1].status.code(), Some(8), "{lost}");
    let won: Value = serde_json::from_slice(&ended[0].stdout).unwrap();
    let winner = if won["assignment"]["request"] == one { HELPED } else { OTHER };
    assert!(lost.contains("RESOURCE_TAKEN") && lost.contains(winner), "it hears by whom: {lost}");
    let ledger = desk.at_hub(&["ledger", "show", &crane]);
    assert_eq!((&ledger["held"], &ledger["free"]), (&Value::from(1), &Value::from(0)), "{ledger}");
    assert_eq!(ledger["uses"].as_array().unwrap().len(), 1, "{ledger}");
    let notices = desk.notices(1);
    assert_eq!(notices[0]["notice"]["kind"], "NOTICE_KIND_ORDER");
    assert_eq!(notices.len(), 1, "one order, one notice");
}

#[tokio::test]
async fn a_hub_that_is_killed_during_an_order_has_ordered_once_or_not_at_all() {
    let mut desk = Desk::start("").await;
    let request = desk.call_for_help(HELPED, "罐区起火");
    let crane = desk.crane();
    let mut ordering = desk.order(&request, &crane).spawn().unwrap();
    desk.park.kill_hub().unwrap();
    let first = ordering.wait().unwrap();
    desk.park.start_hub().await.unwrap();
    // The dispatcher heard nothing, or heard yes: the same attempt again orders nothing twice.
    let again = desk.order(&request, &crane).output().unwrap();
    assert!(again.status.success(), "first {first}, then {}", String::from_utf8_lossy(&again.stderr));
    let ordered: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(ordered["assignment"]["epoch"], 1, "{ordered}");
    let ledger = desk.at_hub(&["ledger", "show", &crane]);
    assert_eq!((&ledger["held"], ledger["uses"].as_array().unwrap().len()), (&Value::from(1), 1), "{ledger}");
    assert_eq!(desk.notices(1).len(), 1);
    let confirmed = desk.at_crane(&["inbox", "answer", "--wait", "30", "confirm", "last"]);
    assert_eq!(confirmed["result"]["outcome"], "COMMAND_OUTCOME_ACCEPTED", "{confirmed}");
    assert_eq!(desk.at_hub(&["ledger", "show", &crane])["committed"], 1);
}

#[tokio::test]
async fn a_yes_that_comes_after_the_order_has_lapsed_binds_nobody() {
    // An hour of a real P3 order, in five seconds.
    let mut desk = Desk::start("[mutual_aid]\nhold = [5, 5, 5]\n").await;
    let request = desk.call_for_help(HELPED, "罐区起火");
    let crane = desk.crane();
    let held = desk.ordered(&request, &crane);
    desk.notices(1);
    desk.park.kill_node(CRANE).unwrap();
    desk.until(|| desk.at_hub(&["assignment", "show", &held])["state"] == "ASSIGNMENT_STATE_LAPSED");
    desk.park.start_node(CRANE).await.unwrap();
    let late = desk.try_at_crane(&["inbox", "answer", "--wait", "30", "confirm", &held]);
    assert_eq!(late["result"]["outcome"], "COMMAND_OUTCOME_BECAME_OFFER", "{late}");
    let ledger = desk.at_hub(&["ledger", "show", &crane]);
    assert_eq!(
        (&ledger["held"], &ledger["free"]),
        (&Value::from(0), &Value::from(1)),
        "a promise is no hold"
    );

    // The order after that has another number; a yes to the first one is no yes to it.
    let again = desk.ordered(&request, &crane);
    let late = desk.try_at_crane(&["inbox", "answer", "--wait", "30", "confirm", &again, "--epoch", "1"]);
    assert_eq!(late["result"]["reason"], "ORDER_SUPERSEDED", "{late}");
    let entries = desk.at_hub(&["request", "timeline", &request, "--limit", "1000"]);
    assert!(entries["entries"].as_array().unwrap().iter().any(|entry| entry["noted_only"] == true));
}

#[tokio::test]
async fn a_supplier_may_withdraw_on_the_road() {
    let desk = Desk::start("").await;
    let request = desk.call_for_help(HELPED, "罐区起火");
    let crane = desk.crane();
    let held = desk.ordered(&request, &crane);
    desk.notices(1);
    for words in [
        &["confirm", "last"][..],
        &["depart", &held, "--eta", "10m"],
        &["withdraw", &held, "--reason", "BROKEN", "--note", "爆胎"],
    ] {
        let done = desk.at_crane(&[&["inbox", "answer", "--wait", "30"], words].concat());
        assert_eq!(done["result"]["outcome"], "COMMAND_OUTCOME_ACCEPTED", "{done}");
    }
    assert_eq!(desk.at_hub(&["assignment", "show", &held])["state"], "ASSIGNMENT_STATE_RETURNING");
    let open = desk.at_hub(&["request", "show", &request]);
    assert_eq!(
        (&open["fulfilment"][0]["missing"], &open["state"]),
        (&Value::from(1), &"REQUEST_STATE_OPEN".into())
    );
    let lost =
        |item: &Value| item["notice"]["kind"] == "NOTICE_KIND_AID_LOST" && item["notice"]["alarm"] == true;
    desk.until(|| desk.inbox_of(HELPED).iter().any(lost));
    let back = desk.at_crane(&["inbox", "answer", "--wait", "30", "return", &held, "--returned", "1"]);
    assert_eq!(back["result"]["outcome"], "COMMAND_OUTCOME_ACCEPTED", "{back}");
    assert_eq!(desk.at_hub(&["ledger", "show", &crane])["free"], 1);
}

fn junction(id: u32, latitude: f64, longitude: f64) -> wire::RoadNode {
    wire::RoadNode { id, latitude, longitude, gate_seconds: 0 }
}

fn road(from: u32, to: u32, length_metres: u32) -> wire::RoadEdge {
    wire::RoadEdge { from, to, length_metres, speed_kmh: 30, one_way: false }
}

/// A graph in two pieces, as an attempt with this number: from the crane's gate to the fire.
fn graph(attempt: u32, metres: u32) -> Vec<wire::UploadRoadGraphRequest> {
    let request_id = format!("0198bbbb-0000-7000-8000-{attempt:012}");
    vec![
        wire::UploadRoadGraphRequest {
            context: Some(wire::ChangeContext { request_id, ..wire::ChangeContext::default() }),
            nodes: vec![junction(1, 31.30, 120.70)],
            edges: Vec::new(),
            complete: false,
        },
        wire::UploadRoadGraphRequest {
            context: None,
            complete: true,
            nodes: vec![junction(2, 31.3121, 120.7523)],
            edges: vec![road(1, 2, metres)],
        },
    ]
}

/// How far the crane drives to the request, and whether on roads.
async fn way(aid: &mut MutualAid, request: &str) -> (u32, wire::TravelBasis) {
    let question = wire::ListCandidatesRequest {
        request: request.to_owned(),
        line: 1,
        ..wire::ListCandidatesRequest::default()
    };
    let found = aid.list_candidates(question).await.unwrap().into_inner().candidates;
    (found[0].distance_metres, found[0].travel_basis())
}

#[tokio::test]
async fn a_road_graph_is_taken_whole_or_not_at_all() {
    let mut desk = Desk::start("").await;
    let request = desk.call_for_help(HELPED, "罐区起火");
    let mut aid = desk.park.mutual_aid().unwrap();
    assert_eq!(way(&mut aid, &request).await.1, wire::TravelBasis::StraightLine);
    let told = async |aid: &mut MutualAid, pieces: Vec<wire::UploadRoadGraphRequest>| {
        let answer = aid.upload_road_graph(stream::iter(pieces)).await;
        answer.map(Response::into_inner).map_err(|status| {
            let refusal = Refusal::from_status(&status).unwrap_or_else(|| panic!("{status}"));
            (status.code(), refusal.reason.into_owned(), refusal.message)
        })
    };
    let taken = told(&mut aid, graph(1, 7_000)).await.unwrap();
    assert_eq!((taken.nodes, taken.edges), (2, 1), "the pieces together");
    let roads = (7_000, wire::TravelBasis::RoadGraph);
    assert_eq!(way(&mut aid, &request).await, roads);

    // Bad ones: each is refused with all that is wrong, and the one before stays.
    let mut broken = graph(2, 100);
    broken[1].edges.push(road(1, 9, 100));
    let (code, reason, words) = told(&mut aid, broken).await.unwrap_err();
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "GRAPH_INVALID"));
    assert!(words.contains("2 mistakes") && words.contains("路网有误"), "{words}");
    let mut nameless = graph(3, 100);
    nameless[0].context = None;
    assert_eq!(told(&mut aid, nameless).await.unwrap_err().1, "FIELDS_INVALID");
    assert_eq!(told(&mut aid, Vec::new()).await.unwrap_err().1, "FIELDS_INVALID");
    let mut endless = graph(4, 100);
    let many = (0..30_000).map(|id| junction(id, 31.30, 120.70)).collect();
    endless.extend(vec![wire::UploadRoadGraphRequest { nodes: many, ..Default::default() }; 4]);
    let (_, reason, words) = told(&mut aid, endless).await.unwrap_err();
    assert!(reason == "GRAPH_INVALID" && words.contains("100000"), "{words}");
    assert_eq!(told(&mut aid, graph(1, 8_000)).await.unwrap_err().1, "REQUEST_ID_REUSED");
    let unfinished = graph(7, 100).into_iter().take(1).collect();
    assert_eq!(
        told(&mut aid, unfinished).await.unwrap_err().1,
        "FIELDS_INVALID",
        "it did not say that it is whole"
    );
    // A caller that goes away in the middle has uploaded nothing.
    let cut = stream::iter(graph(5, 9_000).into_iter().take(1)).chain(stream::pending());
    let gone = tokio::time::timeout(Duration::from_millis(300), aid.upload_road_graph(cut)).await;
    assert!(gone.is_err(), "it waits for the rest");
    assert_eq!(way(&mut aid, &request).await, roads);

    // Again it is the same attempt, and after a crash it is still there.
    assert_eq!(told(&mut aid, graph(1, 7_000)).await.unwrap(), taken);
    desk.park.kill_hub().unwrap();
    desk.park.start_hub().await.unwrap();
    let mut aid = desk.park.mutual_aid().unwrap();
    assert_eq!(way(&mut aid, &request).await, roads);
    assert_eq!(told(&mut aid, graph(6, 6_000)).await.unwrap().edges, 1);
    assert_eq!(way(&mut aid, &request).await.0, 6_000, "replaced");
}
