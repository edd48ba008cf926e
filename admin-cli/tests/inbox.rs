//! The inbox as scripts see it: what is kept, what the hub decides, how it ends.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod fake;

use shouwang_proto::wire::{
    AnswerRequest, Assignment, CommandOutcome, InboxItem, ListNoticesResponse, MemberCommand,
    MemberCommandResult, Notice, OwnCommand, OwnCommandState,
};
use tonic::Status;

use fake::Fake;

const ID: &str = "01980000-0000-4000-8000-000000000001";

fn one<M: prost::Message>(message: &M) -> Result<Vec<Vec<u8>>, Status> {
    Ok(vec![message.encode_to_vec()])
}

fn unknown(method: &str) -> Result<Vec<Vec<u8>>, Status> {
    Err(Status::unimplemented(method.to_owned()))
}

fn own(state: OwnCommandState, outcome: Option<(CommandOutcome, &str)>) -> OwnCommand {
    OwnCommand {
        command: Some(MemberCommand {
            command_id: ID.to_owned(),
            actor: "tester".to_owned(),
            ..MemberCommand::default()
        }),
        state: state as i32,
        result: outcome.map(|(outcome, reason)| MemberCommandResult {
            command_id: ID.to_owned(),
            outcome: outcome as i32,
            reason: reason.to_owned(),
            ..MemberCommandResult::default()
        }),
        ..OwnCommand::default()
    }
}

fn inbox_with(decided: &'static (impl Fn() -> OwnCommand + Sync)) -> Fake {
    Fake::start(move |method, _| match method {
        "ListNotices" => one(&ListNoticesResponse {
            items: vec![InboxItem {
                notice: Some(Notice {
                    name: "notices/1".to_owned(),
                    assignment: Some(Assignment {
                        name: format!("assignments/{ID}"),
                        ..Assignment::default()
                    }),
                    ..Notice::default()
                }),
                ..InboxItem::default()
            }],
            next_page_token: String::new(),
        }),
        "Answer" => one(&own(OwnCommandState::Waiting, None)),
        "GetCommand" => one(&decided()),
        other => unknown(other),
    })
}

#[test]
fn an_answer_at_the_node_waits_for_the_hub_and_fails_when_it_is_refused() {
    let fake = inbox_with(&|| own(OwnCommandState::Answered, Some((CommandOutcome::Accepted, ""))));
    let (code, out, err) = fake.run(&["inbox", "answer", "confirm", "last", "--eta", "10m"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("已办理"), "{out}");
    let sent: AnswerRequest = fake.asked("Answer").remove(0);
    assert_eq!(sent.context.unwrap().actor, "tester");
    assert_eq!(sent.action.unwrap().assignment, format!("assignments/{ID}"));
    let fake =
        inbox_with(&|| own(OwnCommandState::Answered, Some((CommandOutcome::Refused, "ORDER_SUPERSEDED"))));
    let (code, _, err) = fake.run(&["inbox", "answer", "confirm", "last"]);
    assert_eq!(code, 8, "{err}");
    assert!(err.contains("ORDER_SUPERSEDED"), "{err}");
    assert_eq!(fake.methods(), ["ListNotices", "Answer", "GetCommand"]);
    let fake = inbox_with(&|| own(OwnCommandState::Waiting, None));
    let (code, out, _) = fake.run(&["inbox", "answer", "--wait", "0", "depart", "last", "--people", "6"]);
    assert_eq!(code, 0, "kept on the node's disk is enough");
    assert!(out.contains("已存盘"), "{out}");
    let (code, _, err) = fake.run(&["inbox", "answer", "muster", "last", "--on-behalf-of", "x"]);
    assert_eq!(code, 2, "{err}");
}
