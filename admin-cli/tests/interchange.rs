//! Documents of other dispatch systems, out and in.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod fake;
mod samples;

use shouwang_proto::wire::{
    ActOnAssignmentRequest, ActOnAssignmentResponse, Assignment, AssignmentState, Channel, CommandOutcome,
    ListTimelineResponse, MutualAidRequest, OpenIncidentRequest, RequestPriority, SubmitRequestRequest,
    TimelineEntry, assignment_action::Action,
};

use fake::Fake;
use samples::{ID, incident, json, one, request, unknown};

/// An entry of a timeline.
fn told(event: &str) -> TimelineEntry {
    let recorded_at = Some(prost_types::Timestamp { seconds: 1_783_836_000, nanos: 0 });
    TimelineEntry { event: event.to_owned(), recorded_at, ..TimelineEntry::default() }
}

#[test]
fn an_answer_of_another_system_is_said_about_the_order_that_it_answers() {
    let held = Assignment {
        name: format!("assignments/{ID}"),
        request: request().name,
        line: 1,
        resource: "members/hengrui-foundry/publications/01980000-0000-4000-8000-000000000009".to_owned(),
        state: AssignmentState::Held as i32,
        quantity: 1,
        unit: "1".to_owned(),
        epoch: 3,
        version: 5,
        ..Assignment::default()
    };
    let fake = Fake::start(move |method, _| match method {
        "GetIncident" => one(&incident()),
        "GetRequest" => one(&request()),
        "GetAssignment" => one(&held),
        "ActOnAssignment" => one(&ActOnAssignmentResponse {
            outcome: CommandOutcome::Accepted as i32,
            assignment: Some(held.clone()),
            ..ActOnAssignmentResponse::default()
        }),
        other => unknown(other),
    });
    let (code, order, err) = fake.run(&["assignment", "export", ID]);
    assert_eq!(code, 0, "{err}");
    assert!(order.contains("<RequisitionResource") && order.contains("RequisitionResource.3<"), "{order}");
    assert_eq!(fake.run(&["assignment", "export", ID, "--message", "release"]).0, 3);
    let yes = order
        .replace("RequisitionResource.3<", "x<")
        .replace("<RequisitionResource", "<CommitResource")
        .replace("</RequisitionResource", "</CommitResource")
        .replace(">RequisitionResource<", ">CommitResource<")
        .replace(
            "</ResourceInfoElementID>",
            "</ResourceInfoElementID><ResponseInformation>\
            <rm:PrecedingResourceInfoElementID>001</rm:PrecedingResourceInfoElementID>\
            <rm:ResponseType>Accept</rm:ResponseType></ResponseInformation>",
        );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yes.xml").display().to_string();
    std::fs::write(&file, yes).unwrap();
    let words = ["assignment", "import", ID, &file, "--on-behalf-of", "hengrui-foundry"];
    assert_eq!(fake.run(&words).0, 3, "it names no order of ours");
    let (code, _, err) = fake.run(&[&words[..], &["--epoch", "3"]].concat());
    assert_eq!(code, 0, "{err}");
    let sent: ActOnAssignmentRequest = fake.asked("ActOnAssignment").remove(0);
    let action = sent.action.unwrap();
    assert_eq!((action.epoch, sent.context.unwrap().channel()), (3, Channel::Import));
    assert!(matches!(action.action, Some(Action::Confirm(_))), "{:?}", action.action);
}

#[test]
fn what_is_exported_can_be_imported() {
    let fake = Fake::start(|method, _| match method {
        "GetIncident" | "OpenIncident" => one(&incident()),
        "ListTimeline" => one(&ListTimelineResponse {
            entries: ["INCIDENT_OPENED", "INCIDENT_UPDATED"].map(told).to_vec(),
            ..ListTimelineResponse::default()
        }),
        "GetRequest" | "SubmitRequest" => {
            let contact = shouwang_proto::wire::DutyContact {
                name: "李工".to_owned(),
                phone: "13800000000".to_owned(),
                duty: String::new(),
            };
            one(&MutualAidRequest { contact: Some(contact), ..request() })
        }
        other => unknown(other),
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.xml").display().to_string();
    let (code, update, err) = fake.run(&["incident", "export", ID, "--format", "cap"]);
    assert_eq!(code, 0, "{err}");
    assert!(update.contains("<msgType>Update<") && update.contains("<references>shouwang,"), "{update}");
    let (code, alert, err) = fake.run(&["incident", "export", ID, "--anew"]);
    assert_eq!(code, 0, "{err}");
    assert!(alert.contains("<msgType>Alert<"), "{alert}");
    std::fs::write(&file, &alert).unwrap();
    assert_eq!(fake.run(&["incident", "import", &file, "--check"]).0, 0);
    assert!(!fake.methods().contains(&"OpenIncident".to_owned()), "only checked");
    assert_eq!(fake.run(&["incident", "import", &file]).0, 0);
    let sent: OpenIncidentRequest = fake.asked("OpenIncident").remove(0);
    assert_eq!(sent.context.unwrap().channel(), Channel::Import);
    assert_eq!(sent.incident.unwrap().title, "罐区泄漏");
    let (code, message, err) = fake.run(&["request", "export", ID, "--format", "edxl-rm"]);
    assert_eq!(code, 0, "{err}");
    std::fs::write(&file, &message).unwrap();
    let (code, _, err) = fake.run(&["request", "import", &file, "--format", "edxl-rm", "--incident", ID]);
    assert_eq!(code, 0, "{err}");
    let sent: SubmitRequestRequest = fake.asked("SubmitRequest").remove(0);
    let asked = sent.request.unwrap();
    assert_eq!((asked.priority(), asked.lines[0].requested), (RequestPriority::P1, 2));
    std::fs::write(&file, alert.replace("Actual", "Real")).unwrap();
    let (code, _, err) = fake.run(&["incident", "import", &file, "--output", "json"]);
    assert_eq!((code, json(&err)["error"]["violations"][0]["field"].as_str()), (3, Some("alert/status")));
}
