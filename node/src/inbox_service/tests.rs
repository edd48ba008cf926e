mod restored;

use prost::Message as _;
use shouwang_proto::{refusal::Refusal, wire};
use tonic::{Code, Response, Status};
use wire::{
    CommandOutcome, NoticeKind, OwnCommandState, assignment_action::Action, directive::Action as Directive,
    watch_inbox_response::What,
};

use crate::{
    hub_link::status::LinkState,
    trial::{Alliance, inbox_caller, notice, publish, start_node, wait_for},
};

const REQUEST_ID: &str = "7d4f4d3e-5d8b-4a3c-9f6e-0d1c2b3a4f";

fn delivery(delivery_id: u64, notice: wire::Notice) -> wire::NoticeDelivery {
    wire::NoticeDelivery { delivery_id, notice: Some(notice) }
}

fn answer(number: u8, epoch: u64, action: Action) -> wire::AnswerRequest {
    let assignment = notice(1, NoticeKind::Order, 1, 1).assignment.unwrap().name;
    wire::AnswerRequest {
        context: Some(wire::OwnContext {
            request_id: format!("{REQUEST_ID}{number:02}"),
            actor: "值班长 李".to_owned(),
            occurred_at: None,
        }),
        action: Some(wire::AssignmentAction { assignment, epoch, action: Some(action) }),
    }
}

fn get(number: u8) -> wire::GetCommandRequest {
    wire::GetCommandRequest { command_id: format!("{REQUEST_ID}{number:02}") }
}

fn list(open_only: bool) -> wire::ListNoticesRequest {
    wire::ListNoticesRequest { open_only, ..Default::default() }
}

fn refusal<T>(answer: Result<Response<T>, Status>) -> Refusal {
    let status = answer.err().expect("a refusal");
    Refusal::from_status(&status).unwrap_or_else(|| panic!("not one of ours: {status:?}"))
}

/// The next change of a followed inbox.
async fn next(stream: &mut tonic::Streaming<wire::WatchInboxResponse>) -> (u64, What) {
    let message = tokio::time::timeout(crate::trial::PATIENCE, stream.message()).await;
    let change = message.expect("a change in time").unwrap().expect("the stream goes on");
    (change.change, change.what.unwrap())
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_crash() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    let order = notice(1, NoticeKind::Order, 3, 2);
    alliance.hub.change(|state| state.aid.outbox = vec![delivery(7, order.clone())]);
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    node.crash();
    let node = start_node(&alliance.data).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    let request = wire::GetNoticeRequest { name: order.name.clone() };
    let item = inbox.get_notice(request).await.unwrap().into_inner();
    assert_eq!((item.notice, item.expired, item.seen_time), (Some(order), false, None));
    let unknown = wire::GetNoticeRequest { name: "notices/x".to_owned() };
    assert_eq!(refusal(inbox.get_notice(unknown).await).reason, "NOTICE_UNKNOWN");
}

#[tokio::test]
async fn a_lost_acknowledgement_costs_a_repetition_and_shows_once() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    alliance.hub.change(|state| {
        state.aid.lose_ack = true;
        state.aid.outbox = vec![delivery(7, notice(1, NoticeKind::Order, 3, 2))];
    });
    let state = alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    assert!(state.streams >= 3, "the stream was cut and came again");
    let mut inbox = inbox_caller(&node, &alliance.data);
    let items = inbox.list_notices(list(false)).await.unwrap().into_inner().items;
    assert_eq!(items.len(), 1);
}

#[tokio::test]
async fn a_notice_for_somebody_else_is_neither_kept_nor_acknowledged() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    let mut foreign = notice(1, NoticeKind::Order, 3, 2);
    foreign.recipient = "members/south".to_owned();
    let own = notice(2, NoticeKind::Solicitation, 1, 0);
    alliance.hub.change(|state| state.aid.outbox = vec![delivery(7, foreign), delivery(8, own.clone())]);
    alliance.hub.wait_for(|state| state.aid.acked == [8]).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    let items = inbox.list_notices(list(false)).await.unwrap().into_inner().items;
    assert_eq!(items.iter().map(|item| &item.notice.as_ref().unwrap().name).collect::<Vec<_>>(), [&own.name]);
}

#[tokio::test]
async fn what_is_said_while_the_hub_is_away_is_kept_sent_and_decided_once() {
    let mut alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    alliance.hub.change(|state| state.aid.outbox = vec![delivery(7, notice(1, NoticeKind::Order, 3, 2))]);
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    alliance.hub.crash().await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    let yes = answer(1, 0, Action::Confirm(wire::ConfirmAction::default()));
    let first = inbox.answer(yes.clone()).await.unwrap().into_inner();
    assert_eq!(first.state(), OwnCommandState::Waiting);
    inbox.answer(answer(2, 0, Action::Depart(wire::DepartAction::default()))).await.unwrap();
    let waiting = wire::ListCommandsRequest { waiting_only: true, ..Default::default() };
    assert_eq!(inbox.list_commands(waiting.clone()).await.unwrap().into_inner().commands.len(), 2);
    assert!(inbox.list_notices(list(true)).await.unwrap().into_inner().items.is_empty(), "it is answered");
    node.crash();
    let node = start_node(&alliance.data).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    // The hub takes the words and is cut off before its decision arrives.
    alliance.hub.change(|state| state.aid.undecided = true);
    alliance.hub.run();
    alliance.hub.wait_for(|state| state.aid.words.len() == 2).await;
    alliance.hub.crash().await;
    alliance.hub.change(|state| state.aid.undecided = false);
    alliance.hub.run();
    let mut changes =
        inbox.watch_inbox(wire::WatchInboxRequest { after_change: 1 }).await.unwrap().into_inner();
    let mut answered = 0;
    while answered < 2 {
        if let (_, What::Command(command)) = next(&mut changes).await {
            answered += usize::from(command.state() == OwnCommandState::Answered);
        }
    }
    let state = alliance.hub.now();
    assert_eq!(state.aid.words.len(), 2, "each is taken once");
    assert!(state.aid.heard >= 4, "each was sent again");
    let ids: Vec<_> = state.aid.words.iter().map(|word| word.command_id.clone()).collect();
    assert_eq!(ids, [get(1).command_id, get(2).command_id], "in the order in which they were said");
    let wire::member_command::Word::Action(action) = state.aid.words[0].word.clone().unwrap() else {
        panic!("an action")
    };
    assert_eq!(action.epoch, 2, "the newest order is meant");
    let decided = inbox.get_command(get(1)).await.unwrap().into_inner();
    assert_eq!(decided.result.unwrap().outcome(), CommandOutcome::Accepted);
    assert!(inbox.list_commands(waiting).await.unwrap().into_inner().commands.is_empty());

    let again = inbox.answer(yes.clone()).await.unwrap().into_inner();
    assert_eq!(again, first, "a repeated request gives the first answer");
    let mut other = yes;
    other.action.as_mut().unwrap().action = Some(Action::Muster(wire::ReportAction::default()));
    let refused = refusal(inbox.answer(other).await);
    assert_eq!(refused.violations[0].field, "context.request_id");
    assert_eq!(alliance.hub.now().aid.words.len(), 2);
}

#[tokio::test]
async fn a_late_answer_that_the_hub_refuses_is_shown() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    alliance.hub.change(|state| {
        state.aid.outbox = vec![delivery(7, notice(1, NoticeKind::Order, 3, 2))];
        state.aid.decisions.push_back(wire::MemberCommandResult {
            outcome: CommandOutcome::Refused as i32,
            reason: "ORDER_SUPERSEDED".to_owned(),
            detail: "a newer order stands （已有更新的指令）".to_owned(),
            ..Default::default()
        });
    });
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    let mut changes = inbox.watch_inbox(wire::WatchInboxRequest::default()).await.unwrap().into_inner();
    let (_, What::Item(open)) = next(&mut changes).await else { panic!("the open order comes first") };
    assert_eq!(open.notice.unwrap().kind(), NoticeKind::Order);
    inbox.answer(answer(1, 2, Action::Confirm(wire::ConfirmAction::default()))).await.unwrap();
    let result = loop {
        if let (_, What::Command(wire::OwnCommand { result: Some(result), .. })) = next(&mut changes).await {
            break result;
        }
    };
    assert_eq!(result.reason, "ORDER_SUPERSEDED");
    let name = notice(1, NoticeKind::Order, 3, 2).name;
    let item = inbox.get_notice(wire::GetNoticeRequest { name }).await.unwrap().into_inner();
    assert_eq!(item.commands[0].result, Some(result));
    assert_eq!(item.seen_by, "值班长 李", "who answers has seen it");
    let open = inbox.list_notices(list(true)).await.unwrap().into_inner().items;
    assert_eq!(open.len(), 1, "a refused answer is none");
}

#[tokio::test]
async fn seeing_is_said_once_and_following_goes_on_from_a_change() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    let order = notice(1, NoticeKind::Order, 3, 2);
    alliance.hub.change(|state| state.aid.outbox = vec![delivery(7, order.clone())]);
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    let seen = |actor: &str| wire::MarkSeenRequest { name: order.name.clone(), actor: actor.to_owned() };
    assert_eq!(inbox.mark_seen(seen("李")).await.unwrap().into_inner().seen_by, "李");
    assert_eq!(inbox.mark_seen(seen("王")).await.unwrap().into_inner().seen_by, "李");
    let refused = refusal(inbox.mark_seen(wire::MarkSeenRequest::default()).await);
    assert_eq!((refused.code, refused.violations.len()), (Code::InvalidArgument, 2));
    let state = alliance.hub.wait_for(|state| state.aid.words.len() == 1).await;
    let word = state.aid.words[0].word.clone().unwrap();
    assert_eq!(word, wire::member_command::Word::SeenNotice(order.name.clone()));

    let mut changes =
        inbox.watch_inbox(wire::WatchInboxRequest { after_change: 1 }).await.unwrap().into_inner();
    let (first, what) = next(&mut changes).await;
    assert!(matches!(what, What::Item(item) if item.seen_by == "李"));
    let (second, what) = next(&mut changes).await;
    assert!(matches!(what, What::Command(_)) && second > first);
    let mut rest =
        inbox.watch_inbox(wire::WatchInboxRequest { after_change: first }).await.unwrap().into_inner();
    assert!(matches!(next(&mut rest).await, (number, What::Command(_)) if number >= second));
    // A change that this node has not come to yet: it was restored from a backup, and the caller must not wait for ever.
    let beyond = wire::WatchInboxRequest { after_change: 1_000 };
    let mut anew = inbox.watch_inbox(beyond).await.unwrap().into_inner();
    assert!(matches!(next(&mut anew).await, (_, What::Item(item)) if item.notice == Some(order)));
    node.stop().await;
    while let Ok(Some(_)) = rest.message().await {}
}

#[tokio::test]
async fn emergencies_flow_while_publishing_is_held() {
    let alliance = Alliance::new().await;
    alliance.hub.change(|state| {
        state.aid.sync_refusal = Some(Refusal::precondition("LOG_FORKED", "the log has forked"));
        state.aid.outbox = vec![delivery(7, notice(1, NoticeKind::Order, 3, 2))];
    });
    let (node, mut caller) = alliance.node().await;
    wait_for(&node, |status| status.sync == LinkState::Refused).await;
    let held = caller.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap().into_inner();
    assert!(held.publishing_held);
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    inbox.answer(answer(1, 0, Action::Confirm(wire::ConfirmAction::default()))).await.unwrap();
    alliance.hub.wait_for(|state| state.aid.words.len() == 1).await;
}

#[tokio::test]
async fn words_wait_for_a_hub_that_speaks_mutual_aid() {
    let mut alliance = Alliance::new().await;
    alliance.hub.change(|state| state.aid.version = 0);
    let (node, _caller) = alliance.node().await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    inbox.answer(answer(1, 1, Action::Confirm(wire::ConfirmAction::default()))).await.unwrap();
    let beats = alliance.hub.now().heads.len();
    alliance.hub.wait_for(|state| state.heads.len() > beats + 1).await;
    assert_eq!(alliance.hub.now().aid.heard, 0);
    alliance.hub.crash().await;
    alliance.hub.change(|state| state.aid.version = 1);
    alliance.hub.run();
    alliance.hub.wait_for(|state| state.aid.words.len() == 1).await;
}

#[tokio::test]
async fn a_node_that_has_not_joined_says_so() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("node");
    let node = start_node(&data).await;
    let mut inbox = inbox_caller(&node, &data);
    let refused = refusal(inbox.answer(answer(1, 1, Action::Withdraw(Default::default()))).await);
    assert_eq!((refused.code, refused.reason.as_ref()), (Code::FailedPrecondition, "NOT_JOINED"));
    assert_eq!(refusal(inbox.get_offline_pack(wire::GetOfflinePackRequest {}).await).reason, "PACK_MISSING");
    assert_eq!(refusal(inbox.get_command(get(1)).await).reason, "COMMAND_UNKNOWN");
    let mut nobody = wire::inbox_service_client::InboxServiceClient::new(crate::trial::channel(&node, &data));
    let status = nobody.list_notices(list(false)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

fn packed(member: &str, title: &str, latitude: f64) -> wire::PackedResource {
    let resource = wire::MutualAidResource {
        resource_type: "泡沫消防车".to_owned(),
        location: Some(wire::Location { latitude, longitude: 121.5, address: String::new() }),
        ..Default::default()
    };
    wire::PackedResource {
        publication: Some(wire::Publication {
            name: format!("members/{member}/publications/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39"),
            title: title.to_owned(),
            detail: Some(wire::publication::Detail::Resource(resource)),
            ..Default::default()
        }),
        member_display_name: member.to_owned(),
        free: 1,
    }
}

fn pack(version: u64) -> wire::OfflinePack {
    wire::OfflinePack {
        version,
        member_id: "north".to_owned(),
        alliance_id: "chenghu-park".to_owned(),
        create_time: Some(prost_types::Timestamp {
            seconds: 1_000 + i64::try_from(version).unwrap(),
            nanos: 0,
        }),
        resources: vec![
            packed("far", "远", 31.9),
            packed("near", "近", 31.21),
            packed("north", "自有", 31.2),
            packed("middle", "中", 31.5),
        ],
        council_contacts: Vec::new(),
    }
}

#[tokio::test]
async fn the_offline_pack_is_believed_only_with_a_good_signature_and_serves_without_a_hub() {
    let mut alliance = Alliance::new().await;
    let hub_name = crate::hub_link::HUB_NAME;
    let good = alliance.hub.authority.signed_pack(&pack(3), hub_name).encode_to_vec();
    alliance.hub.change(|state| state.aid.pack = good);
    let (node, mut publisher) = alliance.node().await;
    publish(&mut publisher, "P-1").await;
    let mut inbox = inbox_caller(&node, &alliance.data);
    // Bad ones after it: forged content, a foreign authority, another name, garbage. Each is offered and none is taken.
    let signed = |pack: &wire::OfflinePack| alliance.hub.authority.signed_pack(pack, hub_name);
    let mut forged = signed(&pack(4));
    forged.pack = pack(5).encode_to_vec();
    let foreign = crate::trial::TrialAuthority::new().signed_pack(&pack(4), hub_name);
    let misnamed = alliance.hub.authority.signed_pack(&pack(4), "node.shouwang");
    let mut misdirected = pack(4);
    misdirected.member_id = "south".to_owned();
    let mut bad = vec![forged, foreign, misnamed, signed(&misdirected)]
        .into_iter()
        .map(|one| one.encode_to_vec())
        .collect::<Vec<_>>();
    bad.push(b"garbage".to_vec());
    let mut asked =
        alliance.hub.wait_for(|state| !state.aid.pack_asked.is_empty()).await.aid.pack_asked.len();
    for signed in bad {
        alliance.hub.change(|state| {
            state.aid.pack = signed;
            state.directive = Some(Directive::FetchOfflinePack(9));
        });
        let state = alliance.hub.wait_for(|state| state.aid.pack_asked.len() > asked).await;
        asked = state.aid.pack_asked.len();
        assert_eq!(state.aid.pack_asked.last(), Some(&3), "the old one stays");
    }
    let newer = alliance.hub.authority.signed_pack(&pack(6), hub_name).encode_to_vec();
    alliance.hub.change(|state| {
        state.aid.pack = newer;
        state.directive = Some(Directive::FetchOfflinePack(6));
    });
    alliance.hub.wait_for(|state| state.aid.pack_asked.len() > asked).await;
    // Once it asks again it says what it has.
    alliance.hub.change(|state| state.directive = Some(Directive::FetchOfflinePack(9)));
    alliance.hub.wait_for(|state| state.aid.pack_asked.last() == Some(&6)).await;

    alliance.hub.crash().await;
    node.crash();
    let node = start_node(&alliance.data).await;
    drop(inbox);
    inbox = inbox_caller(&node, &alliance.data);
    let summary = inbox.get_offline_pack(wire::GetOfflinePackRequest {}).await.unwrap().into_inner();
    assert_eq!((summary.version, summary.resources, summary.members), (6, 4, 4));
    let request = wire::FindNearbyRequest { query: "泡沫车".to_owned(), ..Default::default() };
    let found = inbox.find_nearby(request).await.unwrap().into_inner();
    let titles: Vec<_> =
        found.resources.iter().map(|one| one.publication.as_ref().unwrap().title.clone()).collect();
    assert_eq!(titles, ["自有", "近", "中", "远"], "nearest to the own first resource first");
    assert!(found.resources[3].distance_metres > 77_000);
}
