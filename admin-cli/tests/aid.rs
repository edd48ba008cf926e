//! Mutual aid as scripts see it: what is sent, what is printed, how it ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod fake;
mod samples;

use prost::Message as _;
use shouwang_proto::{
    refusal::Refusal,
    wire::{
        ActOnAssignmentRequest, ActOnAssignmentResponse, ApplyPlanResponse, Assignment, AssignmentState,
        Candidate, Channel, CommandOutcome, Incident, IncidentMode, ListCandidatesResponse,
        ListRequestsResponse, MissionOrder, OpenIncidentRequest, OrderRequest, OrderResponse, PlanLineResult,
        SubmitRequestRequest, UploadRoadGraphRequest, UploadRoadGraphResponse, WatchRequestResponse,
        assignment_action::Action,
    },
};
use tonic::{Code, Status};

use fake::Fake;
use samples::{ID, incident, json, one, request, unknown};

#[test]
fn an_incident_is_opened_once_however_often_it_is_tried() {
    let fake = Fake::start(|method, _| match method {
        "OpenIncident" => one(&incident()),
        other => unknown(other),
    });
    let line = ["incident", "open", "--title", "罐区泄漏", "--hazard", "泄漏", "--at", "31.32,120.73"];
    let (code, out, err) = fake.run(&[&line[..], &["--injured", "2", "--occurred-at", "-5m"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("罐区泄漏") && out.contains("泄漏"), "{out}");
    let sent: OpenIncidentRequest = fake.asked("OpenIncident").remove(0);
    let context = sent.context.unwrap();
    assert!(err.contains(&format!("--request-id {}", context.request_id)), "{err}");
    let opened = sent.incident.unwrap();
    assert_eq!((opened.mode(), opened.accident_type.as_str()), (IncidentMode::Actual, "leak"));
    assert_eq!(opened.occurred_at, context.occurred_at, "it happened when it was told to have happened");
    assert_eq!(opened.casualties.unwrap().injured, 2);
    let (code, out, err) = fake.run(&[&line[..], &["--request-id", ID, "--output", "json"]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(json(&out)["version"], 4);
    assert_eq!(json(&out)["mode"], "INCIDENT_MODE_ACTUAL");
    let sent: OpenIncidentRequest = fake.asked("OpenIncident").remove(0);
    assert_eq!(sent.context.unwrap().request_id, ID);
}

#[test]
fn a_request_is_submitted_by_flags_for_the_member_where_it_happens() {
    let fake = Fake::start(|method, _| match method {
        "GetIncident" => one(&incident()),
        "SubmitRequest" => one(&request()),
        other => unknown(other),
    });
    let (code, out, err) = fake.run(&[
        "request",
        "submit",
        "--incident",
        ID,
        "--priority",
        "p1",
        "--title",
        "泡沫支援",
        "--need",
        "vehicle/泡沫消防车=2",
        "--need",
        "supply/泡沫液=500L,least=200,can=抗溶",
        "--contact",
        "李工:13800000000",
    ]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("缺口"), "{out}");
    let sent: SubmitRequestRequest = fake.asked("SubmitRequest").remove(0);
    let asked = sent.request.unwrap();
    assert_eq!(asked.requester, "members/chenghu-chem");
    assert_eq!(asked.incident, format!("incidents/{ID}"));
    assert_eq!((asked.lines[1].unit.as_str(), asked.lines[1].minimum), ("L", 200));
    assert_eq!(asked.contact.unwrap().name, "李工");
}

#[test]
fn bad_need_lines_and_files_end_before_anything_is_sent() {
    let fake = Fake::start(|method, _| unknown(method));
    let (code, _, err) = fake.run(&["request", "submit", "--title", "T", "--need", "车=2"]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("KIND/WHAT"), "{err}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("request.json");
    std::fs::write(&file, r#"{"titel":"T"}"#).unwrap();
    let (code, _, err) = fake.run(&["request", "submit", "--file", &file.display().to_string()]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("titel"), "{err}");
    let (code, _, err) = fake.run(&["request", "submit", "--title", "T"]);
    assert_eq!(code, 2, "the incident is never guessed: {err}");
    let (code, _, err) = fake.run(&["drill", "open", "--title", "T", "--mode", "actual"]);
    assert_eq!(code, 2, "a drill is a drill: {err}");
    assert_eq!(fake.methods(), Vec::<String>::new());
}

#[test]
fn an_order_names_what_was_read_and_losing_the_race_ends_with_8() {
    let fake = Fake::start(|method, asked| match method {
        "GetRequest" => one(&request()),
        "ListCandidates" => one(&ListCandidatesResponse {
            candidates: vec![Candidate {
                resource: "members/hengrui-foundry/publications/1".to_owned(),
                title: "泡沫水两用车".to_owned(),
                quantity: 1,
                eta_seconds: 420,
                ledger_version: 9,
                ..Candidate::default()
            }],
            ..ListCandidatesResponse::default()
        }),
        "Order" if OrderRequest::decode(asked).unwrap().quantity == 1 => one(&OrderResponse {
            assignment: Some(Assignment {
                name: "assignments/1".to_owned(),
                state: AssignmentState::Held as i32,
                ..Assignment::default()
            }),
            preempted: Vec::new(),
        }),
        "Order" => {
            Err(Refusal::new(Code::Aborted, "RESOURCE_TAKEN", "taken by another （已被占用）").into_status())
        }
        other => unknown(other),
    });
    let line = ["assignment", "order", ID, "1", "泡沫", "--basis", "agreement"];
    let (code, out, err) = fake.run(&line);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("已下令待确认"), "{out}");
    let sent: OrderRequest = fake.asked("Order").remove(0);
    assert_eq!((sent.expected_version, sent.expected_ledger_version, sent.eta_seconds), (7, 9, 420));
    assert_eq!(sent.resource, "members/hengrui-foundry/publications/1");
    let (code, out, err) = fake.run(&[&line[..], &["--quantity", "2"]].concat());
    assert_eq!((code, out.as_str()), (8, ""));
    assert!(err.contains("RESOURCE_TAKEN") && err.contains("重新查看"), "{err}");
    let (code, _, err) = fake.run(&[&line[..4], &["没有的车", "--basis", "agreement"]].concat());
    assert_eq!(code, 2, "{err}");
}

#[test]
fn what_came_by_phone_is_said_with_the_order_it_answers() {
    let fake = Fake::start(|method, _| match method {
        "GetAssignment" => one(&Assignment {
            name: format!("assignments/{ID}"),
            version: 5,
            epoch: 3,
            ..Assignment::default()
        }),
        "ActOnAssignment" => one(&ActOnAssignmentResponse {
            outcome: CommandOutcome::Noted as i32,
            reason: "LATE".to_owned(),
            assignment: None,
        }),
        other => unknown(other),
    });
    let (code, out, err) = fake.run(&[
        "assignment",
        "confirm",
        ID,
        "--on-behalf-of",
        "hengrui-foundry",
        "--channel",
        "phone",
        "--occurred-at",
        "2026-07-12T14:00:00+08:00",
        "--by",
        "王工",
        "--eta",
        "12m",
    ]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("仅记入时间线"), "{out}");
    let sent: ActOnAssignmentRequest = fake.asked("ActOnAssignment").remove(0);
    let context = sent.context.unwrap();
    assert_eq!(
        (context.on_behalf_of.as_str(), context.channel()),
        ("members/hengrui-foundry", Channel::Phone)
    );
    assert_eq!((context.actor.as_str(), context.occurred_at.unwrap().seconds), ("王工", 1_783_836_000));
    let action = sent.action.unwrap();
    assert_eq!(action.epoch, 3, "read from the assignment");
    assert!(matches!(action.action, Some(Action::Confirm(confirm)) if confirm.eta_seconds == 720));
    assert_eq!(sent.expected_version, 0);
    assert_eq!(fake.run(&["assignment", "recall", ID, "--reason", "已控制"]).0, 0);
    let sent: ActOnAssignmentRequest = fake.asked("ActOnAssignment").remove(0);
    assert_eq!(sent.expected_version, 5, "a recall names the version");
}

#[test]
fn watching_prints_one_object_a_line() {
    let fake = Fake::start(|method, _| match method {
        "ListRequests" => {
            one(&ListRequestsResponse { requests: vec![request()], ..ListRequestsResponse::default() })
        }
        "GetRequest" => one(&request()),
        "WatchRequest" => {
            let changes =
                [3, 4].map(|sequence| WatchRequestResponse { sequence, ..WatchRequestResponse::default() });
            Ok(changes.iter().map(prost::Message::encode_to_vec).collect())
        }
        other => unknown(other),
    });
    let (code, out, err) = fake.run(&["request", "watch", "last", "--output", "json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let sequences: Vec<u64> = out.lines().map(|line| json(line)["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, [3, 4]);
}

#[test]
fn the_order_sheet_is_text_json_or_a_page() {
    let fake = Fake::start(|method, _| match method {
        "GetMissionOrder" => one(&MissionOrder {
            number: "调令 2026-0712-03".to_owned(),
            incident: Some(Incident { title: "<script>".to_owned(), ..incident() }),
            request: Some(request()),
            ..MissionOrder::default()
        }),
        other => unknown(other),
    });
    let sheet = |form: &[&str]| fake.run(&[&["assignment", "order-sheet", ID], form].concat());
    assert!(sheet(&[]).1.contains("调令 2026-0712-03"));
    assert_eq!(json(&sheet(&["--output", "json"]).1)["number"], "调令 2026-0712-03");
    let (code, page, _) = sheet(&["--output", "html"]);
    assert_eq!(code, 0);
    assert!(page.starts_with("<!doctype html>") && page.contains("&lt;script&gt;"), "{page}");
    for outside in ["http://", "https://", "<script", "<link", "@import", "url(", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(fake.run(&["assignment", "show", ID, "--output", "html"]).0, 2);
}

#[test]
fn a_plan_that_is_partly_refused_ends_with_7() {
    let fake = Fake::start(|method, _| match method {
        "ApplyPlan" => one(&ApplyPlanResponse {
            results: vec![
                PlanLineResult {
                    line: 1,
                    assignment: Some(Assignment::default()),
                    ..PlanLineResult::default()
                },
                PlanLineResult { line: 2, reason: "RESOURCE_TAKEN".to_owned(), ..PlanLineResult::default() },
            ],
        }),
        other => unknown(other),
    });
    let (code, out, _) = fake.run(&["plan", "apply", ID, "--basis", "agreement"]);
    assert_eq!(code, 7);
    assert!(out.contains("✗ RESOURCE_TAKEN"), "{out}");
}

#[test]
fn the_demos_roads_are_uploaded_junctions_first() {
    let fake = Fake::start(|method, _| match method {
        "UploadRoadGraph" => one(&UploadRoadGraphResponse { nodes: 42, edges: 69 }),
        other => unknown(other),
    });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/map/roads.jsonl");
    let (code, out, err) = fake.run(&["roads", "upload", file]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("42"), "{out}");
    let sent: Vec<UploadRoadGraphRequest> = fake.asked("UploadRoadGraph");
    assert!(sent[0].context.is_some() && !sent[0].nodes.is_empty() && sent[0].edges.is_empty());
    assert!(sent[1].context.is_none() && sent[1].nodes.is_empty() && !sent[1].edges.is_empty());
    assert!(!sent[0].complete && sent[1].complete, "the last one says that it is the last");
}

#[test]
fn when_nobody_knows_whether_it_was_done_the_way_to_ask_again_is_told() {
    let fake = Fake::start(|method, _| match method {
        "GetRequest" => one(&request()),
        "AcceptRequest" => Err(Status::unavailable("going away")),
        "CloseRequest" => {
            Err(Refusal::precondition("ASSIGNMENTS_ACTIVE", "still out （仍在外）").into_status())
        }
        other => unknown(other),
    });
    let (code, _, err) = fake.run(&["request", "accept", ID, "--request-id", ID, "--output", "json"]);
    assert_eq!(code, 6);
    let hints = json(&err)["error"]["hints"].to_string();
    assert!(hints.contains(&format!("--request-id {ID}")), "{hints}");
    let (code, _, err) = fake.run(&["request", "close", ID]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("ASSIGNMENTS_ACTIVE"), "{err}");
}
