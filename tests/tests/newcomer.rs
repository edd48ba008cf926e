//! The README's tour with the three real binaries: a demo park, an own practice from a second node, a hub killed with
//! -9, the end and the next start.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise and tells what it measured"
)]

#[path = "support/demo.rs"]
mod demo;

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::Value;

use self::demo::{Demo, signal};

/// How soon an own practice must be found: what the README's reader is promised, with the time a loaded machine takes to
/// start a process on top.
const FOUND_WITHIN: Duration = Duration::from_secs(20);

/// Asks again until the first hit has this title; how long that took.
fn finds(demo: &Demo, title: &str) -> Duration {
    let begun = Instant::now();
    loop {
        let output = demo.run(&["search", title, "--limit", "1", "--output", "json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if output.status.success() && answer["hits"][0]["title"] == title {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < FOUND_WITHIN, "{title} is not found: {answer}");
    }
}

#[test]
fn a_newcomer_finds_publishes_kills_and_finds_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);

    let found = demo.json(&["search", "有限空间 通风 检测", "--kind", "practice", "--limit", "3"]);
    assert_eq!(found["hits"].as_array().unwrap().len(), 3);
    assert!(found["total"].as_u64().unwrap() > 3 && !found["facets"].is_null(), "{found}");
    assert!(found["hits"][0]["snippet"].as_str().unwrap().contains("通风"), "{found}");

    let text = folder.path().join("mine.md");
    fs::write(&text, "进罐前先停机、上锁、挂牌，再通风三十分钟，检测合格后由两人监护。").unwrap();
    let publish = [
        "--context",
        "hengrui-foundry",
        "publication",
        "publish",
        "--title",
        "我们的进罐五步法",
        "--body-file",
    ];
    let published = demo.run(&[&publish[..], &[text.to_str().unwrap()]].concat());
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    println!("found {:?} after it was published", finds(&demo, "我们的进罐五步法"));

    assert!(signal("-KILL", &demo.hub_pid()), "the hub could not be killed");
    println!("found again {:?} after the hub was killed", finds(&demo, "我们的进罐五步法"));
    let everything = demo.json(&["search", "", "--limit", "1"])["total"].clone();

    let hub = demo.hub_pid();
    assert!(demo.end(), "the demo did not end cleanly");
    assert!(!signal("-0", &hub), "the hub outlived the demo");
    let again = Demo::start(&data);
    assert_eq!(
        again.json(&["search", "", "--limit", "1"])["total"],
        everything,
        "the second start changed something"
    );
    finds(&again, "我们的进罐五步法");
}

#[test]
fn bad_lines_are_named_and_the_good_ones_imported() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let file = folder.path().join("lines.jsonl");
    let lines = [
        r#"{"kind":"practice","external_id":"N-1","title":"好的一条","body":"内容"}"#,
        r#"{"kind":"resource","external_id":"N-2","title":"","quantity":"many"}"#,
        "not json",
        r#"{"kind":"practice","external_id":"N-3","title":"藏\u202e字","body":"内容"}"#,
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let words =
        ["--context", "qihang-auto", "--output", "json", "publication", "import", file.to_str().unwrap()];
    let output = demo.run(&words);
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&summary["created"], summary["refused"].as_array().unwrap().len()),
        (&Value::from(1), 3),
        "{summary}"
    );
    let lines: Vec<_> = summary["refused"].as_array().unwrap().iter().map(|line| &line["line"]).collect();
    assert_eq!(lines, [2, 3, 4]);
    let repeated: Value = serde_json::from_slice(&demo.run(&words).stdout).unwrap();
    assert_eq!(
        (&repeated["created"], &repeated["unchanged"]),
        (&Value::from(0), &Value::from(1)),
        "{repeated}"
    );

    let long = "长".repeat(300);
    for (words, code) in [
        (&["search", long.as_str()][..], 3),
        (&["search", "kind:barbecue"], 3),
        (&["publication", "get", "no-such-thing"], 4),
        (&["--context", "qihang-auto", "member", "invite", "stranger", "--name", "陌生"], 5),
        (&["search", "--kind", "barbecue", "x"], 2),
    ] {
        assert_eq!(demo.run(words).status.code(), Some(code), "{words:?}");
    }
    let nested = format!("{}有限空间{}", "(".repeat(120), ")".repeat(120));
    assert!(demo.json(&["search", &nested, "--limit", "1"])["total"].as_u64().unwrap() > 0);
}
