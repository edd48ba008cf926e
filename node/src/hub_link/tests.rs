use shouwang_proto::refusal::Refusal;
use shouwang_serving::dial::TcpDialer;

use super::{status::LinkState, *};
use crate::{
    join::join,
    trial::{Alliance, Caller, PATIENCE, TrialHub, practice, publish, start_node, wait_for},
};

async fn import(caller: &mut Caller, from: u64, count: u64, body: &str) {
    let requests: Vec<_> = (from..from + count)
        .map(|line| {
            let mut publication = practice(&format!("P-{line}"), "受限空间作业");
            publication.body = body.to_owned();
            wire::ImportPublicationsRequest { line, publication: Some(publication), draft: false }
        })
        .collect();
    let mut answers = caller.import_publications(futures::stream::iter(requests)).await.unwrap().into_inner();
    while let Some(answer) = answers.message().await.unwrap() {
        assert_eq!(answer.outcome(), wire::ImportOutcome::Created, "{answer:?}");
    }
}

async fn status_of(caller: &mut Caller) -> wire::NodeStatus {
    caller.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap().into_inner()
}

#[tokio::test]
async fn the_log_reaches_the_hub_and_publishing_goes_on_without_it() {
    let mut alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    publish(&mut caller, "P-1").await;
    let state = alliance.hub.wait_for(|state| state.log.len() == 1).await;
    assert_eq!(state.cases, [wire::ResumeCase::FirstContact]);
    wait_for(&node, |status| status.searchable.seq == 1 && status.control == LinkState::Connected).await;
    let found =
        caller.get_publication(wire::GetOwnPublicationRequest { name: "P-1".to_owned() }).await.unwrap();
    assert_eq!(found.into_inner().delivery(), wire::DeliveryState::Searchable);

    alliance.hub.crash().await;
    wait_for(&node, |status| status.sync == LinkState::Connecting && status.control == LinkState::Connecting)
        .await;
    let local = publish(&mut caller, "P-2").await;
    assert_eq!(local.delivery(), wire::DeliveryState::Local);
    assert!(!status_of(&mut caller).await.link_problem.is_empty());
    alliance.hub.run();
    let state = alliance.hub.wait_for(|state| state.log.len() == 2).await;
    assert_eq!(state.cases.last(), Some(&wire::ResumeCase::Normal));
    let live =
        alliance.hub.wait_for(|state| state.heads.last().is_some_and(|head| head.live_count == 2)).await;
    assert_eq!(live.heads.last().unwrap().seq, 2);
    node.stop().await;
    assert!(!alliance.data.join("ready.json").exists());
}

#[tokio::test]
async fn a_backfill_keeps_within_the_credit_and_survives_cuts() {
    let alliance = Alliance::new().await;
    let (_node, mut caller) = alliance.node().await;
    alliance.hub.change(|state| (state.silent, state.credit) = (true, 1_000_000));
    import(&mut caller, 1, 60, &"险".repeat(20_000)).await;
    // The whole credit is used and not a byte more.
    let state = alliance.hub.wait_for(|state| state.most_under_way > 900_000).await;
    assert!(state.log.is_empty());
    alliance.hub.change(|state| (state.silent, state.cut_next) = (false, true));
    let state = alliance.hub.wait_for(|state| state.log.len() == 60).await;
    assert!(state.most_under_way <= 1_000_000, "{}", state.most_under_way);
    assert!(state.cases.len() >= 2, "it was cut and came again");
}

#[tokio::test]
async fn what_the_hubs_disk_has_damaged_is_sent_again() {
    let alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 4, "检测").await;
    wait_for(&node, |status| status.durable.seq == 4).await;
    alliance.hub.change(|state| state.damaged = vec![1, 3]);
    let state = alliance.hub.wait_for(|state| state.repaired.len() == 2).await;
    assert!(state.damaged.is_empty());
    assert_eq!(state.repaired, [state.log[0].clone(), state.log[2].clone()]);
    // And what is damaged after that, too.
    alliance.hub.change(|state| state.damaged = vec![2]);
    let state = alliance.hub.wait_for(|state| state.repaired.len() == 3).await;
    assert_eq!(state.repaired[2], state.log[1]);
}

#[tokio::test]
async fn a_hub_that_was_restored_gets_everything_again() {
    let mut alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 5, "检测").await;
    wait_for(&node, |status| status.durable.seq == 5).await;
    alliance.hub.crash().await;
    alliance.hub.change(|state| state.log.truncate(2));
    alliance.hub.run();
    let state = alliance.hub.wait_for(|state| state.log.len() == 5).await;
    assert_eq!(state.cases.last(), Some(&wire::ResumeCase::HubRestored));
}

#[tokio::test]
async fn a_node_that_was_restored_fetches_its_own_entries() {
    let alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 5, "检测").await;
    alliance.hub.wait_for(|state| state.log.len() == 5).await;
    node.stop().await;
    for name in ["node.db", "node.db-wal", "node.db-shm"] {
        shouwang_serving::durable::remove(&alliance.data.join(name)).unwrap();
    }
    let (node, mut caller) = alliance.node().await;
    let state = alliance.hub.wait_for(|state| state.log.len() == 6).await;
    assert_eq!(state.cases.last(), Some(&wire::ResumeCase::NodeRestored));
    assert_eq!(state.cursor().epoch, 2);
    wait_for(&node, |status| status.durable.seq == 6).await;
    let status = status_of(&mut caller).await;
    assert_eq!((status.published, status.publishing_held), (5, false));
    publish(&mut caller, "P-6").await;
    alliance.hub.wait_for(|state| state.log.len() == 7).await;
}

#[tokio::test]
async fn a_fork_holds_publishing_loudly_and_drafts_go_on() {
    let alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 3, "检测").await;
    alliance.hub.wait_for(|state| state.log.len() == 3).await;
    node.stop().await;
    let (node, mut caller) = forked(&alliance).await;
    let status = wait_for(&node, |status| status.sync == LinkState::Refused).await;
    assert!(status.problem().contains("fork"));
    assert!(status_of(&mut caller).await.publishing_held);
    let request = wire::CreatePublicationRequest {
        publication: Some(practice("next", "乙")),
        request_id: String::new(),
        publish: true,
    };
    let status = caller.create_publication(request.clone()).await.unwrap_err();
    assert_eq!(Refusal::from_status(&status).unwrap().reason, "PUBLISHING_HELD");
    caller.create_publication(wire::CreatePublicationRequest { publish: false, ..request }).await.unwrap();
    assert_eq!(alliance.hub.now().log.len(), 3);
}

/// The same node again from nothing, which publishes something else before it meets the hub.
async fn forked(alliance: &Alliance) -> (crate::node::NodeHandle, Caller) {
    let copy = alliance.root.path().join("copy");
    shouwang_serving::durable::make_folder(&copy.join("keys")).unwrap();
    for name in ["membership.json", "root.pem", "keys/log.key", "keys/tls.pem"] {
        std::fs::copy(alliance.data.join(name), copy.join(name)).unwrap();
    }
    alliance.hub.change(|state| state.refusal = Some(Refusal::denied("MEMBER_SUSPENDED", "suspended")));
    let node = start_node(&copy).await;
    let mut caller = crate::trial::caller(&node, &copy);
    wait_for(&node, |status| status.sync == LinkState::Refused).await;
    publish(&mut caller, "other").await;
    publish(&mut caller, "P-2").await;
    alliance.hub.change(|state| state.refusal = None);
    let held = |status: &status::LinkStatus| {
        status.problem().contains("fork") && status.control == LinkState::Connected
    };
    wait_for(&node, held).await;
    (node, caller)
}

#[tokio::test]
async fn a_person_resolves_a_fork_and_nothing_of_either_branch_is_lost() {
    let alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 3, "检测").await;
    let before = alliance.hub.wait_for(|state| state.log.len() == 3).await;
    node.stop().await;
    let (node, mut caller) = forked(&alliance).await;

    let unseen = wire::ResolveForkRequest { name: format!("forks/{}", "0".repeat(32)) };
    let refused = caller.resolve_fork(unseen).await.unwrap_err();
    assert_eq!(Refusal::from_status(&refused).unwrap().reason, "NOT_FORKED");
    let fork = caller.get_fork(wire::GetForkRequest {}).await.unwrap().into_inner();
    assert_eq!((fork.common.clone(), fork.total, fork.taken), (None, 2, 2));
    assert_eq!((fork.own_head.clone().unwrap().seq, fork.hub_head.clone().unwrap().seq), (2, 3));
    let outcomes: Vec<_> = fork.writes.iter().map(|one| (one.external_id.as_str(), one.outcome())).collect();
    let again = wire::ForkOutcome::PublishedAgain;
    assert_eq!(outcomes, [("other", again), ("P-2", again)]);
    assert!(status_of(&mut caller).await.publishing_held, "looking changes nothing");

    let request = wire::ResolveForkRequest { name: fork.name };
    let resolved = caller.resolve_fork(request.clone()).await.unwrap().into_inner();
    assert_eq!(resolved.new_head.as_ref().unwrap().seq, 6);
    let state = alliance.hub.wait_for(|state| state.log.len() == 6).await;
    assert_eq!(state.log[..3], before.log, "the hub's branch stands");
    assert_eq!(state.cursor().epoch, 2);
    wait_for(&node, |status| status.durable.seq == 6).await;
    let status = status_of(&mut caller).await;
    assert_eq!((status.publishing_held, status.published), (false, 4));
    assert_eq!(caller.resolve_fork(request).await.unwrap().into_inner().new_head, resolved.new_head);
    publish(&mut caller, "next").await;
    alliance.hub.wait_for(|state| state.log.len() == 7).await;
    let none = caller.get_fork(wire::GetForkRequest {}).await.unwrap_err();
    assert_eq!(Refusal::from_status(&none).unwrap().reason, "NOT_FORKED");
}

#[tokio::test]
async fn an_old_hub_that_came_back_is_refused() {
    let mut alliance = Alliance::new().await;
    alliance.hub.change(|state| state.epoch = 4);
    let (node, mut caller) = alliance.node().await;
    publish(&mut caller, "P-1").await;
    wait_for(&node, |status| status.durable.seq == 1 && status.control == LinkState::Connected).await;
    alliance.hub.crash().await;
    alliance.hub.change(|state| state.epoch = 3);
    alliance.hub.run();
    publish(&mut caller, "P-2").await;
    let refused = |status: &status::LinkStatus| {
        status.sync == LinkState::Refused && status.control == LinkState::Refused
    };
    let status = wait_for(&node, refused).await;
    assert!(status.problem().contains("old copy"), "{status:?}");
    assert_eq!(alliance.hub.now().log.len(), 1);
}

#[tokio::test]
async fn a_second_restore_of_the_hub_is_followed_and_the_first_one_refused_when_it_comes_back() {
    let mut alliance = Alliance::new().await;
    alliance.hub.change(|state| (state.epoch, state.incarnation) = (2, [1; 16]));
    let (node, mut caller) = alliance.node().await;
    publish(&mut caller, "P-1").await;
    wait_for(&node, |status| status.durable.seq == 1 && status.control == LinkState::Connected).await;
    alliance.hub.crash().await;
    alliance.hub.change(|state| (state.incarnation, state.log) = ([2; 16], Vec::new()));
    alliance.hub.run();
    alliance.hub.wait_for(|state| state.log.len() == 1).await;
    wait_for(&node, |status| status.durable.seq == 1 && status.control == LinkState::Connected).await;
    node.stop().await;

    // The node remembers across its own restarts.
    alliance.hub.crash().await;
    alliance.hub.change(|state| state.incarnation = [1; 16]);
    alliance.hub.run();
    let (node, mut caller) = alliance.node().await;
    publish(&mut caller, "P-2").await;
    let refused = |status: &status::LinkStatus| {
        status.sync == LinkState::Refused && status.control == LinkState::Refused
    };
    let status = wait_for(&node, refused).await;
    assert!(status.problem().contains("same backup"), "{status:?}");
    assert_eq!(alliance.hub.now().log.len(), 1);
}

#[tokio::test]
async fn what_the_hub_quarantines_is_shown_as_such() {
    let alliance = Alliance::new().await;
    alliance.hub.change(|state| state.poison = vec![2]);
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 3, "检测").await;
    let mut board = node.board().watch();
    wait_for(&node, |status| status.searchable.seq == 3 && status.quarantined == 1).await;
    let delivery = async |caller: &mut Caller, name: &str| {
        let request = wire::GetOwnPublicationRequest { name: name.to_owned() };
        caller.get_publication(request).await.unwrap().into_inner().delivery()
    };
    // Why it is kept back comes on the sync link; the control link may have said before that all is searchable.
    let told = async {
        while delivery(&mut caller, "P-2").await != wire::DeliveryState::Quarantined {
            board.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("it is shown as such");
    assert_eq!(delivery(&mut caller, "P-3").await, wire::DeliveryState::Searchable);
    alliance.hub.change(|state| state.poison.clear());
    wait_for(&node, |status| status.quarantined == 0).await;
    assert_eq!(delivery(&mut caller, "P-2").await, wire::DeliveryState::Searchable);
}

#[tokio::test]
async fn attachments_follow_their_record() {
    let alliance = Alliance::new().await;
    let (_node, mut caller) = alliance.node().await;
    let bytes = vec![7_u8; 2_500_000];
    let sha256 = {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(&bytes))
    };
    let pieces: Vec<_> = bytes
        .chunks(1_000_000)
        .map(|chunk| wire::UploadAttachmentRequest { sha256: sha256.clone(), chunk: chunk.to_vec() })
        .collect();
    caller.upload_attachment(futures::stream::iter(pieces)).await.unwrap();
    let mut publication = practice("P-1", "附图");
    publication.attachments = vec![wire::Attachment {
        file_name: "图.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: bytes.len() as u64,
        sha256: sha256.clone(),
    }];
    let request = wire::CreatePublicationRequest {
        publication: Some(publication),
        request_id: String::new(),
        publish: true,
    };
    caller.create_publication(request).await.unwrap();
    let state = alliance.hub.wait_for(|state| !state.attachments.is_empty()).await;
    assert_eq!(state.attachments.get(&sha256), Some(&bytes));
}

#[tokio::test]
async fn a_certificate_is_renewed_when_the_hub_asks_and_both_links_come_again() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    let before = wait_for(&node, |status| status.control == LinkState::Connected).await;
    let old = std::fs::read(alliance.data.join("keys/tls.pem")).unwrap();
    alliance.hub.change(|state| state.directive = Some(wire::directive::Action::RenewCertificate(true)));
    alliance.hub.wait_for(|state| state.enrolled == 2 && state.streams >= 4).await;
    wait_for(&node, |status| {
        status.control == LinkState::Connected && status.certificate_ends != before.certificate_ends
    })
    .await;
    assert_ne!(std::fs::read(alliance.data.join("keys/tls.pem")).unwrap(), old);
    assert!(!alliance.data.join("keys/tls-next.pem").exists());
}

#[tokio::test]
async fn a_certificate_near_its_end_is_renewed_by_itself() {
    let hub = TrialHub::start();
    // It began a day ago and ends now: less than a third is left.
    hub.change(|state| state.days = 0);
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("node");
    shouwang_serving::durable::make_folder(&data).unwrap();
    join(&data, &hub.invite(), &World::system(), Arc::new(TcpDialer)).await.unwrap();
    let node = start_node(&data).await;
    hub.wait_for(|state| state.enrolled == 2).await;
    wait_for(&node, |status| status.control == LinkState::Connected && status.sync == LinkState::Connected)
        .await;
}

#[tokio::test]
async fn a_hub_that_is_about_to_stop_asks_to_dial_again() {
    let alliance = Alliance::new().await;
    let (node, _caller) = alliance.node().await;
    wait_for(&node, |status| status.control == LinkState::Connected && status.sync == LinkState::Connected)
        .await;
    let streams = alliance.hub.now().streams;
    alliance.hub.change(|state| state.directive = Some(wire::directive::Action::ReconnectWithinMs(50)));
    alliance.hub.wait_for(|state| state.streams >= streams + 2).await;
    wait_for(&node, |status| status.control == LinkState::Connected).await;
}

#[tokio::test]
async fn a_suspended_member_is_told_and_goes_on_asking() {
    let alliance = Alliance::new().await;
    alliance
        .hub
        .change(|state| state.refusal = Some(Refusal::denied("MEMBER_SUSPENDED", "suspended （已暂停）")));
    let (node, mut caller) = alliance.node().await;
    let status = wait_for(&node, |status| status.sync == LinkState::Refused).await;
    assert!(status.problem().contains("suspended"));
    publish(&mut caller, "P-1").await;
    alliance.hub.change(|state| state.refusal = None);
    alliance.hub.wait_for(|state| state.log.len() == 1).await;
}

#[tokio::test]
async fn after_a_crash_nothing_acknowledged_is_lost() {
    let alliance = Alliance::new().await;
    let (node, mut caller) = alliance.node().await;
    import(&mut caller, 1, 40, "检测").await;
    publish(&mut caller, "last").await;
    node.crash();
    let (_node, mut caller) = tokio::time::timeout(PATIENCE, alliance.node()).await.unwrap();
    assert_eq!(status_of(&mut caller).await.head.unwrap().seq, 41);
    alliance.hub.wait_for(|state| state.log.len() == 41).await;
}
