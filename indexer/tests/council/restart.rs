use std::{fs, os::unix::fs::PermissionsExt as _};

use shouwang_hub::{backup, config::HubConfig};
use shouwang_proto::{clock::World, wire};

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
    assert!(problem(config()).await.contains("in use by another process"));
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

#[tokio::test]
async fn a_backup_of_a_running_hub_restores_with_a_higher_epoch() {
    let mut trial = Trial::start().await;
    trial.invite("jinsuo-chem").await;
    let config = HubConfig::new(trial.data());
    let kept = trial.folder.path().join("kept");
    backup::backup(&config, &kept).await.unwrap();
    assert!(backup::backup(&config, &kept).await.unwrap_err().to_string().contains("exists already"));
    trial.invite("after-the-backup").await;
    let (root, token) = (trial.root(), trial.operator_token());
    let filled = backup::restore(&kept, &trial.data(), &World::system()).await.unwrap_err();
    assert!(filled.to_string().contains("not empty"), "{filled}");
    stop(&mut trial).await;

    fs::remove_dir_all(trial.data()).unwrap();
    backup::restore(&kept, &trial.data(), &World::system()).await.unwrap();
    trial.hub = Some(start(HubConfig::new(trial.data())).await.unwrap());
    assert_eq!((trial.root(), trial.operator_token()), (root, token));
    let members = trial.operator().await.list_members(wire::ListMembersRequest::default()).await.unwrap();
    let names: Vec<_> = members.into_inner().members.into_iter().map(|member| member.name).collect();
    assert_eq!(names, ["members/jinsuo-chem"]);
    assert_eq!(trial.hub.as_ref().unwrap().epoch(), 2);
    fs::remove_file(kept.join("keys/authority.pem")).unwrap();
    let half = backup::restore(&kept, &trial.folder.path().join("new"), &World::system()).await.unwrap_err();
    assert!(half.to_string().contains("no backup"), "{half}");
    assert!(!trial.folder.path().join("new").exists() && !trial.folder.path().join("new.part").exists());
}
