//! For tests: templates that say words themselves, and keys that no catalogue has.

use std::{fs, path::Path};

use crate::{Lang, baseline};

/// What no template may hold: the policy of our pages forbids it.
const FORBIDDEN: &[&str] =
    &["<style", " style=\"", "<script", " onclick", "javascript:", "http://", "https://"];
/// Attributes whose text people see or hear.
const SPOKEN: &[&str] = &["title=\"", "aria-label=\"", "placeholder=\"", "alt=\"", "aria-description=\""];

/// Words in a template that do not come from the messages.
#[must_use]
pub fn own_words(template: &str) -> Vec<String> {
    let text = without_code(template);
    let mut found: Vec<String> = outside_tags(&text);
    for attribute in SPOKEN {
        for (start, _) in text.match_indices(attribute) {
            let value = text[start + attribute.len()..].split('"').next().unwrap_or_default();
            if has_letters(value) {
                found.push(format!("{attribute}{value}\""));
            }
        }
    }
    found
}

/// Keys that a template or source file says: `say("key")`, `with("key"`, `fill("key"`, `count("key"`.
#[must_use]
pub fn keys(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in [".say(\"", ".with(\"", ".fill(\"", ".count(\"", "key: \""] {
        for (start, _) in source.match_indices(call) {
            let key = source[start + call.len()..].split('"').next().unwrap_or_default();
            // Made of parts elsewhere, or not a key of ours.
            if !key.contains(' ') && !key.is_empty() {
                found.push(key.to_owned());
            }
        }
    }
    found
}

/// Files with this ending of a folder and of those in it, without the stories: path and text. A folder that is not there
/// has none.
#[must_use]
pub fn texts(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() && !path.ends_with("stories") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    found
}

/// What is wrong with the words of a server's pages, in its folders `templates` and `src/web`: words of its own, code that
/// the policy of our pages forbids or that an old browser does not know, messages that are nowhere.
#[must_use]
pub fn findings(server: &Path) -> Vec<String> {
    let templates = texts(&server.join("templates"), "html");
    let mut found = Vec::new();
    for (path, text) in &templates {
        found.extend(own_words(text).into_iter().map(|words| format!("{path} says {words}")));
        let forbidden = FORBIDDEN.iter().filter(|forbidden| text.contains(**forbidden));
        found.extend(forbidden.map(|forbidden| format!("{path} has {forbidden}")));
        found.extend(baseline::findings(path, text));
    }
    let sources = texts(&server.join("src/web"), "rs");
    let mut said = 0;
    for (path, text) in templates.iter().chain(&sources) {
        let keys = keys(text);
        said += keys.len();
        let missing = keys.into_iter().filter(|key| Lang::En.find(key).is_none());
        found.extend(missing.map(|key| format!("{path}: no message {key}")));
    }
    if templates.len() < 10 || said < 50 {
        found.push(format!("{} has hardly any pages", server.display()));
    }
    found
}

/// The template without `{{ … }}`, `{% … %}` and `{# … #}`.
fn without_code(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let end = match rest[start..].get(..2) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            Some("{#") => "#}",
            _ => {
                text.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            }
        };
        text.push_str(&rest[..start]);
        // A space, so that words around it do not grow together.
        text.push(' ');
        rest = rest[start..].split_once(end).map_or("", |(_, after)| after);
    }
    text + rest
}

fn outside_tags(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in text.split('<').skip(1) {
        let outside = piece.split_once('>').map_or("", |(_, after)| after);
        let outside = outside.replace("&nbsp;", " ");
        if has_letters(&outside) {
            found.push(outside.trim().to_owned());
        }
    }
    found
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_words_are_found() {
        assert_eq!(own_words("<p>{{ lang.say(\"a\") }} · </p>"), Vec::<String>::new());
        assert_eq!(own_words("<p>保存</p>"), ["保存"]);
        assert_eq!(own_words("<a title=\"More\" href=\"/x\">{{ y }}</a>"), ["title=\"More\""]);
        assert_eq!(keys("{{ lang.say(\"a.b\") }} lang.with(\"c\", x)"), ["a.b", "c"]);
    }

    #[test]
    fn our_templates_take_all_words_from_the_messages() {
        for template in [
            include_str!("../templates/frame.html"),
            include_str!("../templates/link.html"),
            include_str!("../templates/login.html"),
            include_str!("../templates/password.html"),
            include_str!("../templates/people.html"),
            include_str!("../templates/trouble.html"),
        ] {
            assert_eq!(own_words(template), Vec::<String>::new());
            for key in keys(template) {
                assert!(Lang::En.find(&key).is_some(), "no message {key}");
            }
        }
    }
}
