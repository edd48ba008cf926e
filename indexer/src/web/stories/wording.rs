//! No template says a word of its own, no message is missing, and none is left over.

use std::path::Path;

use shouwang_pages::wording::{findings, texts};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_word_is_a_message() {
    assert_eq!(findings(&folder("")), Vec::<String>::new());
}

/// Keys that are handed on instead of said at once: `"search.title"` anywhere in the source of the pages. The words of both
/// servers are in the same two files.
#[test]
fn every_message_is_used() {
    let mut sources = String::new();
    for (name, extension) in [
        ("templates", "html"),
        ("src/web", "rs"),
        ("../proto/pages/templates", "html"),
        ("../proto/pages/src", "rs"),
        ("../node/templates", "html"),
        ("../node/src/web", "rs"),
    ] {
        let found = texts(&folder(name), extension);
        assert!(!found.is_empty(), "{name}");
        found.iter().for_each(|(_, text)| sources.push_str(text));
    }
    let messages = std::fs::read_to_string(folder("../proto/pages/messages/en.json")).unwrap();
    let messages: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&messages).unwrap();
    let unused: Vec<_> = messages.keys().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
