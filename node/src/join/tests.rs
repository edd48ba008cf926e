use shouwang_proto::refusal::Refusal;
use shouwang_serving::dial::TcpDialer;

use super::*;
use crate::trial::TrialHub;

async fn ask(data: &Path, invite: &Invite) -> anyhow::Result<Membership> {
    join(data, invite, &World::system(), Arc::new(TcpDialer)).await
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_keys() {
    let hub = TrialHub::start();
    let root = tempfile::tempdir().unwrap();
    hub.change(|state| state.refusal = Some(Refusal::denied("INVITE_INVALID", "this invite was cancelled")));
    let error = ask(root.path(), &hub.invite()).await.unwrap_err();
    assert!(format!("{error:#}").contains("cancelled"), "{error:#}");
    assert_eq!(Membership::load(root.path()).unwrap(), None);
    let first = hub.now().log_key;
    hub.change(|state| state.refusal = None);
    let membership = ask(root.path(), &hub.invite()).await.unwrap();
    assert_eq!((membership.member.as_str(), hub.now().log_key), ("north", first));
    assert!(!root.path().join("keys/join-key.pem").exists());
    assert_eq!(ask(root.path(), &hub.invite()).await.unwrap(), membership, "joining again changes nothing");
    assert_eq!(hub.now().enrolled, 2);
    let error = ask(root.path(), &TrialHub::start().invite()).await.unwrap_err();
    assert!(error.to_string().contains("already"), "{error:#}");
}

#[tokio::test]
async fn a_hub_with_another_root_hears_no_secret() {
    let (hub, other) = (TrialHub::start(), TrialHub::start());
    let root = tempfile::tempdir().unwrap();
    let invite = Invite { root: other.invite().root, ..hub.invite() };
    let error = format!("{:#}", ask(root.path(), &invite).await.unwrap_err());
    assert!(error.contains("not issued by the expected authority"), "{error}");
    assert_eq!(hub.now().enrolled, 0);
}

#[tokio::test]
async fn nobody_there_is_said_in_words() {
    let mut hub = TrialHub::start();
    hub.crash().await;
    let root = tempfile::tempdir().unwrap();
    let error = format!("{:#}", ask(root.path(), &hub.invite()).await.unwrap_err());
    assert!(error.contains("nobody listens"), "{error}");
}
