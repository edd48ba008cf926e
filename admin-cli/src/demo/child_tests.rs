use super::*;
use crate::{output::Format, words::Lang};

/// A server made of a shell: writes its `ready.json`, counts its starts, ends when its standard input does.
fn server(folder: &Path, script: &str) -> Server {
    let data = folder.join("data");
    fs::create_dir_all(&data).unwrap();
    let ready = data.join("ready.json");
    let script =
        script.replace("READY", &ready.to_string_lossy()).replace("FOLDER", &folder.to_string_lossy());
    Server {
        name: "test".to_owned(),
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script],
        data,
        log: folder.join("logs").join("test.log"),
    }
}

fn keeper() -> Keeper {
    Keeper::new(Output::new(Format::Table, Lang::En))
}

const SERVES: &str =
    r#"echo start >> FOLDER/starts; echo "{\"pid\":$$}" > READY; read line; echo clean >> FOLDER/ends"#;

async fn lines(path: &Path, count: usize) {
    let count_now = || fs::read_to_string(path).unwrap_or_default().lines().count();
    let wait = async {
        while count_now() < count {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), wait)
        .await
        .unwrap_or_else(|_| panic!("{path:?} has {} lines", count_now()));
}

#[tokio::test]
async fn a_server_that_is_killed_is_started_again_and_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    // `trap` keeps the shell alive at SIGTERM, so that the closed pipe ends it.
    let server = server(folder.path(), &format!("trap '' TERM; {SERVES}"));
    let data = server.data.clone();
    let mut keeper = keeper();
    keeper.start(vec![server]).await.unwrap();
    let first = ready_pid(&data).unwrap();
    let pid = Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    lines(&folder.path().join("starts"), 2).await;
    let wait = async {
        while ready_pid(&data) == Some(first) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), wait).await.unwrap();
    keeper.end().await;
    let count = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    assert_eq!(
        (count("starts"), count("ends")),
        (2, 1),
        "it was started again once, and ended once by itself"
    );
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let failure =
        keeper().start(vec![server(folder.path(), "echo port taken >&2; exit 3")]).await.unwrap_err();
    let text = failure.text(Lang::En);
    assert!(text.contains("did not start") && text.contains("port taken"), "{text}");
}
