//! No template says a word of its own, and no message is missing.

use std::{fs, path::Path};

use shouwang_pages::{Lang, wording};

/// The files of a folder and of those in it, without the stories.
fn texts(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("stories") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn no_template_says_words_of_its_own() {
    let templates = texts("templates", "html");
    assert!(templates.len() >= 12);
    for (path, text) in templates {
        assert_eq!(wording::own_words(&text), Vec::<String>::new(), "{path}");
        for forbidden in ["<style", " style=\"", "<script", " onclick", "javascript:", "http://", "https://"]
        {
            assert!(!text.contains(forbidden), "{path} has {forbidden}");
        }
    }
}

#[test]
fn every_message_that_is_said_is_there() {
    let mut said = 0;
    for (path, text) in texts("templates", "html").into_iter().chain(texts("src/web", "rs")) {
        for key in wording::keys(&text) {
            assert!(Lang::En.find(&key).is_some(), "{path}: no message {key}");
            said += 1;
        }
    }
    assert!(said > 100, "{said}");
}

/// Keys that are handed on instead of said at once: `"search.title"` anywhere in the source of the pages.
#[test]
fn every_message_is_used() {
    let mut sources: String =
        texts("templates", "html").into_iter().chain(texts("src/web", "rs")).map(|(_, text)| text).collect();
    for (_, text) in texts("../proto/pages/templates", "html")
        .into_iter()
        .chain(texts("../proto/pages/src", "rs"))
        // The words of both servers are in the same two files.
        .chain(texts("../node/templates", "html"))
        .chain(texts("../node/src/web", "rs"))
    {
        sources.push_str(&text);
    }
    let messages =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/pages/messages/en.json"))
            .unwrap();
    let messages: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&messages).unwrap();
    let unused: Vec<_> = messages.keys().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
