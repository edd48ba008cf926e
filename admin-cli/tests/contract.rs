//! The program as scripts see it: help, exit codes, errors, without any server.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]
use assert_cmd::Command;

fn shouwang(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shouwang"));
    command.args(arguments).env_remove("SHOUWANG_CONTEXTS").env_remove("SHOUWANG_CONTEXT");
    command.env_remove("SHOUWANG_LANG");
    command
}

/// Runs it; exit code, stdout, stderr.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A context whose hub and node nobody listens at.
fn dead_context(folder: &std::path::Path) -> String {
    let path = folder.join("contexts.toml");
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    drop(held);
    let authority = rcgen_root();
    std::fs::write(folder.join("root.pem"), authority).unwrap();
    std::fs::write(folder.join("token"), "0123\n").unwrap();
    let server = format!("address = \"{address}\"\nroot = \"root.pem\"\ntoken_file = \"token\"\n");
    std::fs::write(&path, format!("[contexts.dead.hub]\n{server}[contexts.dead.node]\n{server}")).unwrap();
    path.display().to_string()
}

/// Any certificate will do: nobody is there to show one.
fn rcgen_root() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec!["hub.shouwang".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
}

#[test]
fn help_names_the_verbs_and_the_exit_codes() {
    let (code, out, _) = run(&mut shouwang(&["--help"]));
    assert_eq!(code, 0);
    for word in [
        "demo",
        "publication",
        "search",
        "incident",
        "request",
        "assignment",
        "inbox",
        "member",
        "status",
        "doctor",
        "Exit codes",
        "7  partly done",
        "8  conflict",
        "检索",
    ] {
        assert!(out.contains(word), "{word}");
    }
    for verb in ["import", "template", "export", "publish", "list", "get", "withdraw"] {
        assert!(run(&mut shouwang(&["publication", "--help"])).1.contains(verb), "{verb}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    for line in [
        &["fly"][..],
        &["search", "x", "--kind", "recipe"],
        &["search", "x", "--limit", "0"],
        &["publication", "import"],
    ] {
        let (code, out, err) = run(&mut shouwang(line));
        assert_eq!((code, out.as_str()), (2, ""), "{line:?} {err}");
    }
}

#[test]
fn without_a_context_it_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.toml").display().to_string();
    let (code, out, err) = run(&mut shouwang(&["search", "动火", "--context-file", &file]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("shouwang demo") && err.contains("shouwang context add"), "{err}");
}

#[test]
fn a_hub_that_is_away_ends_with_6_and_says_what_was_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = dead_context(folder.path());
    let (code, out, err) = run(&mut shouwang(&["search", "动火", "--context-file", &file]));
    assert_eq!((code, out.as_str()), (6, ""), "{err}");
    assert!(err.contains("127.0.0.1:") && err.contains("doctor"), "{err}");
    let (code, _, err) = run(&mut shouwang(&["member", "list", "--context-file", &file, "--output", "json"]));
    assert_eq!(code, 6);
    let error: serde_json::Value = serde_json::from_str(&err).unwrap();
    assert_eq!((&error["error"]["exit"], &error["error"]["reason"]), (&6.into(), &"UNREACHABLE".into()));
}

#[test]
fn the_doctor_says_all_that_is_wrong_and_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = dead_context(folder.path());
    let (code, out, _) = run(&mut shouwang(&["doctor", "--context-file", &file, "--output", "json"]));
    assert_eq!(code, 1);
    let findings: serde_json::Value = serde_json::from_str(&out).unwrap();
    let wrong = |check: &str| {
        let all = findings["findings"].as_array().unwrap();
        all.iter().any(|one| one["check"] == check && one["level"] == "wrong" && one["advice"] != "")
    };
    assert!(wrong("hub.reach") && wrong("node.reach"), "{out}");
}

#[test]
fn a_publication_with_wrong_fields_is_refused_before_anything_is_dialled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.json");
    std::fs::write(&path, r#"{"kind":"course","title":"","seats":"many"}"#).unwrap();
    let file = dead_context(folder.path());
    let (code, _, err) =
        run(&mut shouwang(&["publication", "publish", &path.display().to_string(), "--context-file", &file]));
    assert_eq!(code, 3, "{err}");
    for field in ["title:", "course.seats:", "course.provider:"] {
        assert!(err.contains(field), "{field} {err}");
    }
}

#[test]
fn contexts_are_added_listed_and_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/contexts.toml").display().to_string();
    let at = |line: &[&str]| {
        let mut command = shouwang(line);
        command.args(["--context-file", &file, "--output", "json"]);
        run(&mut command)
    };
    let data = folder.path().join("hub");
    std::fs::create_dir(&data).unwrap();
    assert_eq!(
        at(&["context", "add", "north", "--hub-data", &data.display().to_string()]).0,
        1,
        "no ready.json"
    );
    std::fs::write(data.join("ready.json"), r#"{"people":"127.0.0.1:1","nodes":"127.0.0.1:2","pid":3}"#)
        .unwrap();
    assert_eq!(at(&["context", "add", "north", "--hub-data", &data.display().to_string()]).0, 0);
    let node = ["--node", "127.0.0.1:4", "--node-root", "r.pem", "--node-token-file", "t"];
    assert_eq!(at(&[&["context", "add", "south"], &node[..]].concat()).0, 0);
    assert_eq!(at(&["context", "use", "west"]).0, 2);
    assert_eq!(at(&["context", "use", "south"]).0, 0);
    let listed: serde_json::Value = serde_json::from_str(&at(&["context", "list"]).1).unwrap();
    assert_eq!(listed["current"], "south");
    assert_eq!(listed["contexts"]["north"]["hub"]["address"], "127.0.0.1:1");
    let shown: serde_json::Value = serde_json::from_str(&at(&["context", "show"]).1).unwrap();
    assert_eq!(shown["node"]["address"], "127.0.0.1:4");
}

#[test]
fn completions_are_printed() {
    let (code, out, _) = run(&mut shouwang(&["completions", "bash"]));
    assert_eq!(code, 0);
    assert!(out.contains("_shouwang"));
}
