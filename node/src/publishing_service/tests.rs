mod documents;

use std::path::PathBuf;

use shouwang_proto::{id::PublicationName, refusal::Refusal};
use tempfile::TempDir;
use tonic::Code;
use wire::{DeliveryState, ImportOutcome, PublicationKind, PublicationState};

use super::*;
use crate::{
    NodeHandle,
    membership::{Membership, log_key},
    trial::{Caller, TrialAuthority, caller, caller_with, channel, practice, publish, start_node},
};

/// A node that has joined an alliance whose hub is away.
struct Lonely {
    node: NodeHandle,
    caller: Caller,
    data: PathBuf,
    _root: TempDir,
}

impl Lonely {
    async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("node");
        shouwang_serving::durable::make_folder(&data).unwrap();
        let key = log_key(&data, &World::system()).unwrap();
        drop(key);
        let authority = TrialAuthority::new();
        let (tls_key, request) = crate::hub_link::renewal::certificate_request().unwrap();
        let chain = authority.node(&request, 30);
        let identity = shouwang_serving::tls::Identity::from_pem(&chain, &tls_key.serialize_pem()).unwrap();
        identity.save(data.join("keys/tls.pem")).unwrap();
        std::fs::write(data.join("root.pem"), &authority.root_pem).unwrap();
        let nobody = "127.0.0.1:9".to_owned();
        let membership = Membership {
            alliance: "chenghu-park".parse().unwrap(),
            member: "north".parse().unwrap(),
            display_name: "北辰冷链".to_owned(),
            link_address: nobody.clone(),
            enrolment_address: nobody,
        };
        membership.save(&data).unwrap();
        let node = start_node(&data).await;
        let caller = caller(&node, &data);
        Self { node, caller, data, _root: root }
    }

    async fn create(&mut self, publication: wire::Publication) -> Result<wire::Publication, Refusal> {
        let request = wire::CreatePublicationRequest {
            publication: Some(publication),
            request_id: String::new(),
            publish: false,
        };
        refusal(self.caller.create_publication(request).await)
    }

    async fn revise(
        &mut self,
        publication: wire::Publication,
        expected: u64,
    ) -> Result<wire::Publication, Refusal> {
        let request = wire::RevisePublicationRequest {
            publication: Some(publication),
            expected_revision: expected,
            request_id: String::new(),
        };
        refusal(self.caller.revise_publication(request).await)
    }

    async fn import(
        &mut self,
        publications: Vec<wire::Publication>,
    ) -> Vec<wire::ImportPublicationsResponse> {
        let requests: Vec<_> = (1..)
            .zip(publications)
            .map(|(line, publication)| wire::ImportPublicationsRequest {
                line,
                publication: Some(publication),
                draft: false,
            })
            .collect();
        let answers = self.caller.import_publications(futures::stream::iter(requests)).await.unwrap();
        let answers: Vec<_> = futures::StreamExt::collect(answers.into_inner()).await;
        answers.into_iter().map(Result::unwrap).collect()
    }
}

fn refusal<T>(answer: Result<Response<T>, Status>) -> Result<T, Refusal> {
    answer.map(Response::into_inner).map_err(|status| {
        Refusal::from_status(&status).unwrap_or_else(|| panic!("not one of ours: {status:?}"))
    })
}

fn fields(refusal: &Refusal) -> Vec<&str> {
    refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect()
}

#[tokio::test]
async fn a_publication_lives_from_draft_to_withdrawn_and_back() {
    let mut lonely = Lonely::new().await;
    let draft = lonely.create(practice("P-1", "有限空间作业")).await.unwrap();
    assert_eq!((draft.state(), draft.revision), (PublicationState::Draft, 0));
    assert_eq!(draft.sectors, ["confined-space"], "names become codes");
    let name: PublicationName = draft.name.parse().unwrap();
    assert_eq!(name.member.as_str(), "north");
    let request = || wire::PublishPublicationRequest { name: draft.name.clone(), request_id: String::new() };
    let out = lonely.caller.publish_publication(request()).await.unwrap().into_inner();
    assert_eq!(
        (out.state(), out.revision, out.delivery()),
        (PublicationState::Published, 1, DeliveryState::Local)
    );
    let mut changed = out.clone();
    changed.title = "受限空间作业".to_owned();
    let revised = lonely.revise(changed.clone(), 1).await.unwrap();
    assert_eq!((revised.title.as_str(), revised.revision), ("受限空间作业", 2));
    let conflict = lonely.revise(changed, 1).await.unwrap_err();
    assert_eq!((conflict.code, conflict.reason.as_ref()), (Code::Aborted, "REVISION_CONFLICT"));
    let withdraw = wire::WithdrawPublicationRequest {
        name: draft.name.clone(),
        reason: "设备已更换".to_owned(),
        request_id: String::new(),
    };
    let back = lonely.caller.withdraw_publication(withdraw).await.unwrap().into_inner();
    assert_eq!((back.state(), back.delivery()), (PublicationState::Withdrawn, DeliveryState::Unspecified));
    let again = lonely.caller.publish_publication(request()).await.unwrap().into_inner();
    assert_eq!((again.state(), again.revision), (PublicationState::Published, 3));
    let status = lonely.caller.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.published, status.drafts, status.head.as_ref().unwrap().seq), (1, 0, 4));
    assert_eq!((status.member_id.as_str(), status.control()), ("north", wire::LinkState::Connecting));
}

#[tokio::test]
async fn a_repeated_request_changes_nothing_and_another_one_with_its_id_is_refused() {
    let mut lonely = Lonely::new().await;
    let request = |title| wire::CreatePublicationRequest {
        publication: Some(practice("", title)),
        request_id: "7d4f4d3e-5d8b-4a3c-9f6e-0d1c2b3a4f5e".to_owned(),
        publish: true,
    };
    let first = lonely.caller.create_publication(request("甲")).await.unwrap().into_inner();
    let second = lonely.caller.create_publication(request("甲")).await.unwrap().into_inner();
    assert_eq!(first, second);
    let other = refusal(lonely.caller.create_publication(request("乙")).await).unwrap_err();
    assert_eq!(fields(&other), ["request_id"]);
    let mut bad = request("乙");
    bad.request_id = "not-a-uuid".to_owned();
    assert_eq!(fields(&refusal(lonely.caller.create_publication(bad).await).unwrap_err()), ["request_id"]);
    let status = lonely.caller.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.published, 1);
}

#[tokio::test]
async fn wrong_input_is_named_and_changes_nothing() {
    let mut lonely = Lonely::new().await;
    let good = publish(&mut lonely.caller, "P-1").await;
    let mut hostile = practice("P-2", "标题\u{202E}txt.exe");
    hostile.summary = "零\u{0}".to_owned();
    hostile.tags = vec!["a\nb".to_owned()];
    hostile.sectors = vec!["烧烤".to_owned()];
    assert_eq!(
        fields(&lonely.create(hostile).await.unwrap_err()),
        ["title", "summary", "tags[0]", "sectors[0]"]
    );
    let mut long = practice("P-2", &"长".repeat(201));
    long.body = "文".repeat(60_001);
    assert_eq!(fields(&lonely.create(long).await.unwrap_err()), ["title", "body"]);
    let mut taken = practice("P-1", "又一个");
    assert_eq!(lonely.create(taken.clone()).await.unwrap_err().reason, "EXTERNAL_ID_TAKEN");
    taken.detail = None;
    assert_eq!(fields(&lonely.create(taken).await.unwrap_err()), ["kind"]);

    let mut course = good.clone();
    course.detail = Some(wire::publication::Detail::Course(wire::Course {
        provider: "基地".to_owned(),
        duration_hours: 2.0,
        format: "现场指导".to_owned(),
        seats: 10,
        ..wire::Course::default()
    }));
    assert_eq!(fields(&lonely.revise(course, 0).await.unwrap_err()), ["kind"]);
    let mut nameless = practice("P-1", "");
    nameless.name = "publications/1".to_owned();
    assert_eq!(fields(&lonely.revise(nameless, 0).await.unwrap_err()), ["name", "title"]);
    let mut foreign = good.clone();
    foreign.name = good.name.replace("north", "south");
    assert_eq!(lonely.revise(foreign, 0).await.unwrap_err().reason, "PUBLICATION_UNKNOWN");

    let unchanged = wire::GetOwnPublicationRequest { name: good.name.clone() };
    assert_eq!(lonely.caller.get_publication(unchanged).await.unwrap().into_inner(), good);
    let head = lonely.caller.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap().into_inner().head;
    assert_eq!(head.unwrap().seq, 1);
}

#[tokio::test]
async fn what_does_not_fit_in_an_entry_is_refused_when_it_is_published() {
    let mut lonely = Lonely::new().await;
    let mut huge = practice("P-1", "大");
    // Four bytes each: within the limit of characters, beyond that of bytes together with the evidence.
    huge.body = "𠮷".repeat(60_000);
    huge.detail = Some(wire::publication::Detail::Practice(wire::Practice {
        evidence: "𠮷".repeat(10_000),
        ..wire::Practice::default()
    }));
    let draft = lonely.create(huge.clone()).await.unwrap();
    let request = wire::PublishPublicationRequest { name: draft.name, request_id: String::new() };
    let refused = refusal(lonely.caller.publish_publication(request).await).unwrap_err();
    assert_eq!(fields(&refused), ["body"]);
    huge.external_id = "P-2".to_owned();
    let answers = lonely.import(vec![huge, practice("P-3", "小")]).await;
    assert_eq!(answers[0].violations[0].field, "body");
    assert_eq!(answers[1].outcome(), ImportOutcome::Created);
}

#[tokio::test]
async fn an_import_answers_in_order_and_is_idempotent() {
    let mut lonely = Lonely::new().await;
    let mut records: Vec<_> = (0..300).map(|n| practice(&format!("P-{n}"), "有限空间作业")).collect();
    records[7].title = String::new();
    records[8].external_id = String::new();
    let answers = lonely.import(records.clone()).await;
    assert!(answers.iter().map(|answer| answer.line).eq(1..=300));
    let count = |answers: &[wire::ImportPublicationsResponse], outcome| {
        answers.iter().filter(|answer| answer.outcome() == outcome).count()
    };
    assert_eq!((count(&answers, ImportOutcome::Created), count(&answers, ImportOutcome::Refused)), (298, 2));
    assert_eq!(
        (answers[7].violations[0].field.as_str(), answers[8].violations[0].field.as_str()),
        ("title", "external_id")
    );
    assert_eq!(answers[299].seq, 298);
    records[9].title = "改".to_owned();
    let again = lonely.import(records).await;
    assert_eq!((count(&again, ImportOutcome::Unchanged), count(&again, ImportOutcome::Revised)), (297, 1));
    assert_eq!((again[9].seq, again[9].name.clone()), (299, answers[9].name.clone()));
}

#[tokio::test]
async fn lists_filter_and_turn_pages() {
    let mut lonely = Lonely::new().await;
    lonely.import((0..5).map(|n| practice(&format!("P-{n}"), "甲")).collect()).await;
    lonely.create(practice("D-1", "草稿")).await.unwrap();
    let ask = |page_token, states| wire::ListPublicationsRequest {
        page_size: 2,
        page_token,
        kinds: vec![PublicationKind::Practice as i32],
        states,
    };
    let (mut token, mut names) = (String::new(), Vec::new());
    loop {
        let page = lonely.caller.list_publications(ask(token, Vec::new())).await.unwrap().into_inner();
        assert_eq!(page.total, 6);
        names.extend(page.publications.into_iter().map(|publication| publication.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    names.dedup();
    assert_eq!(names.len(), 6);
    let drafts = ask(String::new(), vec![PublicationState::Draft as i32]);
    assert_eq!(lonely.caller.list_publications(drafts).await.unwrap().into_inner().total, 1);
    let wrong = ask("%%".to_owned(), Vec::new());
    assert_eq!(fields(&refusal(lonely.caller.list_publications(wrong).await).unwrap_err()), ["page_token"]);
    let wrong = ask(String::new(), vec![99]);
    assert_eq!(fields(&refusal(lonely.caller.list_publications(wrong).await).unwrap_err()), ["states[0]"]);
}

#[tokio::test]
async fn attachments_are_checked_and_must_be_there() {
    let mut lonely = Lonely::new().await;
    let upload = |sha256: &str, chunk: &[u8]| {
        let request = wire::UploadAttachmentRequest { sha256: sha256.to_owned(), chunk: chunk.to_vec() };
        futures::stream::iter([request])
    };
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let wrong = refusal(lonely.caller.upload_attachment(upload(sha256, b"abd")).await).unwrap_err();
    assert_eq!(wrong.reason, "HASH_MISMATCH");
    let path =
        refusal(lonely.caller.upload_attachment(upload("../../etc/passwd", b"abc")).await).unwrap_err();
    assert_eq!(fields(&path), ["sha256"]);
    let mut named = practice("P-1", "附图");
    named.attachments = vec![wire::Attachment {
        file_name: "图.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 3,
        sha256: sha256.to_owned(),
    }];
    let absent = lonely.create(named.clone()).await.unwrap_err();
    assert_eq!(fields(&absent), ["attachments[0].sha256"]);
    let stored = lonely.caller.upload_attachment(upload(sha256, b"abc")).await.unwrap().into_inner();
    assert_eq!(stored.size_bytes, 3);
    lonely.create(named).await.unwrap();
}

#[tokio::test]
async fn nobody_comes_in_without_the_token_and_health_is_for_all() {
    let lonely = Lonely::new().await;
    let mut stranger = caller_with(&lonely.node, &lonely.data, "guess");
    let status = stranger.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap_err();
    assert_eq!(Refusal::from_status(&status).unwrap().reason, "TOKEN_INVALID");
    let requests = futures::stream::iter(Vec::<wire::ImportPublicationsRequest>::new());
    let status = stranger.import_publications(requests).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel(&lonely.node, &lonely.data));
    let asked = tonic_health::pb::HealthCheckRequest { service: "shouwang.v1.PublishingService".to_owned() };
    assert_eq!(health.check(asked).await.unwrap().into_inner().status, 1);
}

#[tokio::test]
async fn a_node_that_has_not_joined_keeps_drafts() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("node");
    let node = start_node(&data).await;
    let mut caller = caller(&node, &data);
    let request = |publish| wire::CreatePublicationRequest {
        publication: Some(practice("P-1", "甲")),
        request_id: String::new(),
        publish,
    };
    let refused = refusal(caller.create_publication(request(true)).await).unwrap_err();
    assert_eq!((refused.code, refused.reason.as_ref()), (Code::FailedPrecondition, "NOT_JOINED"));
    let draft = caller.create_publication(request(false)).await.unwrap().into_inner();
    let found =
        caller.get_publication(wire::GetOwnPublicationRequest { name: draft.name.clone() }).await.unwrap();
    assert_eq!(found.into_inner(), draft);
    let status = caller.get_node_status(wire::GetNodeStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.control(), wire::LinkState::NotJoined);
    node.stop().await;
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered() {
    let lonely = Lonely::new().await;
    let all = (0..200).map(|n| {
        let mut caller = lonely.caller.clone();
        async move { publish(&mut caller, &format!("P-{n}")).await.revision }
    });
    let revisions = futures::future::join_all(all).await;
    assert_eq!(revisions, [1; 200]);
}
