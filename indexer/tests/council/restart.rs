use std::{fs, os::unix::fs::PermissionsExt as _};

use shouwang_hub::config::HubConfig;
use shouwang_proto::wire;

use crate::alliance::{Trial, start};

async fn stop(trial: &mut Trial) {
    trial.hub.take().unwrap().stop().await;
}

/// Why the hub does not start in this folder.
async fn problem(config: HubConfig) -> String {
    format!("{:#}", start(config).await.unwrap_err())
}

#[tokio::test]
async fn a_hub_is_the_same_after_a_restart_and_after_a_crash() {
    let mut trial = Trial::start().await;
    let (root, token) = (trial.root(), trial.operator_token());
    trial.invite("jinsuo-chem").await;
    assert!(fs::read_to_string(trial.path("ready.json")).unwrap().contains("\"pid\":"));
    stop(&mut trial).await;
    assert!(!trial.path("ready.json").exists());
    for _ in 0..2 {
        trial.hub = Some(start(HubConfig::new(trial.data())).await.unwrap());
        assert_eq!((trial.root(), trial.operator_token()), (root.clone(), token.clone()));
        let request = wire::GetMemberRequest { name: "members/jinsuo-chem".to_owned() };
        trial.operator().await.get_member(request).await.unwrap();
        trial.hub.take().unwrap().crash();
    }
}

#[tokio::test]
async fn a_hub_that_must_not_start_says_why() {
    let mut trial = Trial::start().await;
    let config = || HubConfig::new(trial.data());
    assert!(problem(config()).await.contains("another hub process"));
    let mut config = config();
    stop(&mut trial).await;

    config.alliance = Some("another-park".parse().unwrap());
    assert!(problem(config.clone()).await.contains("cannot become `another-park`"));
    config.alliance = None;
    let authority = trial.path("keys/authority.pem");
    fs::set_permissions(&authority, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(problem(config.clone()).await.contains("chmod 600"));
    fs::rename(&authority, trial.path("elsewhere.pem")).unwrap();
    assert!(problem(config.clone()).await.contains("restore the keys"));
    fs::rename(trial.path("elsewhere.pem"), &authority).unwrap();
    fs::set_permissions(&authority, fs::Permissions::from_mode(0o600)).unwrap();
    config.database = Some("mysql://root:secret@host/hub".to_owned());
    let words = problem(config.clone()).await;
    assert!(words.contains("sqlite:PATH") && !words.contains("secret"), "{words}");
    config.database = None;
    start(config).await.unwrap().stop().await;
}
