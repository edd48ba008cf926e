//! A hub that was put back to a backup has forgotten what it decided.

use super::*;

#[tokio::test]
async fn a_hub_that_was_restored_hears_again_what_people_said() {
    let mut alliance = Alliance::new().await;
    alliance.hub.change(|state| {
        state.incarnation = [1; 16];
        state.aid.outbox = vec![delivery(7, notice(1, NoticeKind::Order, 3, 2))];
    });
    let (node, _caller) = alliance.node().await;
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    let mut changes = inbox.watch_inbox(wire::WatchInboxRequest::default()).await.unwrap().into_inner();
    inbox.answer(answer(1, 0, Action::Confirm(wire::ConfirmAction::default()))).await.unwrap();
    inbox.answer(answer(2, 0, Action::Depart(wire::DepartAction::default()))).await.unwrap();
    let last = |command: &wire::OwnCommand| {
        command.result.clone().filter(|result| result.command_id == get(2).command_id)
    };
    let mut decided = async || loop {
        if let (_, What::Command(command)) = next(&mut changes).await
            && let Some(result) = last(&command)
        {
            break result;
        }
    };
    assert_eq!(decided().await.outcome(), CommandOutcome::Accepted);

    // It has forgotten both, and knows nothing of what they are about.
    alliance.hub.crash().await;
    let unknown = wire::MemberCommandResult {
        outcome: CommandOutcome::Refused as i32,
        reason: "ASSIGNMENT_UNKNOWN".to_owned(),
        ..Default::default()
    };
    alliance.hub.change(|state| {
        (state.epoch, state.incarnation) = (state.epoch + 1, [2; 16]);
        state.aid.words.clear();
        state.aid.decided.clear();
        state.aid.decisions = [unknown.clone(), unknown].into();
    });
    alliance.hub.run();
    assert_eq!(decided().await.reason, "ASSIGNMENT_UNKNOWN", "what it says now counts");
    let state = alliance.hub.now();
    let ids: Vec<_> = state.aid.words.iter().map(|word| word.command_id.clone()).collect();
    assert_eq!(ids, [get(1).command_id, get(2).command_id], "in the order in which they were said");

    // A restart of the same hub is no restore.
    alliance.hub.crash().await;
    alliance.hub.run();
    inbox.answer(answer(3, 0, Action::Arrive(wire::ReportAction::default()))).await.unwrap();
    let state = alliance.hub.wait_for(|state| state.aid.words.len() == 3).await;
    assert_eq!(state.aid.heard, 5, "two words twice, and a new one");
}

#[tokio::test]
async fn a_hub_whose_files_went_back_hears_again_what_people_said() {
    let mut alliance = Alliance::new().await;
    alliance.hub.change(|state| state.aid.outbox = vec![delivery(7, notice(1, NoticeKind::Order, 3, 2))]);
    let (node, mut caller) = alliance.node().await;
    publish(&mut caller, "P-1").await;
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    inbox.answer(answer(1, 0, Action::Confirm(wire::ConfirmAction::default()))).await.unwrap();
    alliance.hub.wait_for(|state| state.aid.words.len() == 1).await;
    publish(&mut caller, "P-2").await;
    wait_for(&node, |status| status.durable.seq == 2).await;

    // It is the same hub by all that it shows; only the log tells that it has forgotten something.
    alliance.hub.crash().await;
    alliance.hub.change(|state| {
        state.log.truncate(1);
        state.aid.words.clear();
        state.aid.decided.clear();
    });
    alliance.hub.run();
    let state = alliance.hub.wait_for(|state| state.aid.words.len() == 1 && state.log.len() == 2).await;
    assert_eq!(state.aid.words[0].command_id, get(1).command_id);
    assert_eq!(state.cases.last(), Some(&wire::ResumeCase::HubRestored));
}
