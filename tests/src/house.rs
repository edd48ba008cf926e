//! The rules of the house that no compiler checks: who may import whom, which files are pure, how long a file may be.
//!
//! Text in, findings out; `tests/tests/house.rs` feeds it the tree, the unit tests feed it planted mistakes.

/// Longest file in lines.
pub const FILE_LINES: usize = 400;

/// A source file: its path from the project's root, with `/`, and its text.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// Path from the root.
    pub path: &'a str,
    /// Text.
    pub text: &'a str,
}

/// Files and folders that decide and do no I/O: no async, no runtime, no store, no network, no index, no clock.
pub const PURE: &[&str] = &[
    "proto/src/id.rs",
    "proto/src/interchange/",
    "proto/src/log/",
    "proto/src/mutual_aid/",
    "proto/src/page.rs",
    "proto/src/publication/",
    "proto/src/schema.rs",
    "proto/src/vocabulary.rs",
    "proto/serving/src/backoff.rs",
    "proto/serving/src/store/pace.rs",
    "proto/pages/src/age.rs",
    "proto/pages/src/browser.rs",
    "proto/pages/src/choice.rs",
    "proto/pages/src/cookie.rs",
    "proto/pages/src/fields.rs",
    "proto/pages/src/language.rs",
    "proto/pages/src/messages.rs",
    "proto/pages/src/people/account.rs",
    "proto/pages/src/people/lockout.rs",
    "proto/pages/src/people/password.rs",
    "proto/pages/src/people/secret.rs",
    "proto/pages/src/people/session.rs",
    "proto/pages/src/people/taking.rs",
    "proto/pages/src/people/ticket.rs",
    "proto/pages/src/people_view.rs",
    "proto/pages/src/route.rs",
    "proto/pages/src/wrong.rs",
    "node/src/inbox/",
    "node/src/intake/",
    "node/src/shelf",
    "node/src/hub_link/machine",
    "node/src/join/invite.rs",
    "node/src/people/account.rs",
    "node/src/web/act.rs",
    "node/src/web/aid_view.rs",
    "node/src/web/form.rs",
    "node/src/web/form_view.rs",
    "node/src/web/import_view.rs",
    "node/src/web/route.rs",
    "indexer/src/link/apply",
    "indexer/src/link/believed.rs",
    "indexer/src/link/handshake",
    "indexer/src/mutual_aid/machine/",
    "indexer/src/council/membership",
    "indexer/src/people/account.rs",
    "indexer/src/web/board/amend_view.rs",
    "indexer/src/web/board/arrived_form.rs",
    "indexer/src/web/board/closure_view.rs",
    "indexer/src/web/board/form",
    "indexer/src/web/board/line_forms.rs",
    "indexer/src/web/board/map_marks.rs",
    "indexer/src/web/board/map_spots.rs",
    "indexer/src/web/board/map_view.rs",
    "indexer/src/web/board/merge_view.rs",
    "indexer/src/web/board/new_view.rs",
    "indexer/src/web/board/plan_view.rs",
    "indexer/src/web/board/request_view.rs",
    "indexer/src/web/board/sent.rs",
    "indexer/src/web/board/task_view.rs",
    "indexer/src/web/board/verb.rs",
    "indexer/src/web/board/view.rs",
    "indexer/src/web/board/words.rs",
    "indexer/src/web/calendar.rs",
    "indexer/src/web/charts/drawing.rs",
    "indexer/src/web/charts/figures.rs",
    "indexer/src/web/council_nav.rs",
    "indexer/src/web/openapi.rs",
    "indexer/src/web/publication_view.rs",
    "indexer/src/web/route.rs",
    "indexer/src/web/search_view.rs",
    "indexer/src/mutual_aid/matching/",
    "indexer/src/search/analysis/",
    "indexer/src/search/query/",
    "indexer/src/search/thesaurus.rs",
    "admin-cli/src/import/fields.rs",
    "admin-cli/src/import/line",
    "admin-cli/src/render/",
    "tests/src/linearizable/",
];

/// What pure files must not name.
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "tokio",
    "sqlx",
    "tantivy",
    "axum",
    "hyper",
    "std::fs",
    "std::net",
    "std::thread",
    "Instant",
    "SystemTime",
    "object_store",
];

/// A word and the only places that may name it.
struct Confined {
    word: &'static str,
    within: &'static [&'static str],
}

const CONFINED: &[Confined] = &[
    Confined {
        word: "sqlx::query",
        within: &[
            "node/src/store/",
            "indexer/src/store/",
            "proto/serving/src/store/",
            "proto/pages/src/store/",
            "tests/",
        ],
    },
    Confined {
        word: "sqlx",
        within: &[
            "node/src/store/",
            "indexer/src/store/",
            "proto/serving/src/",
            "proto/pages/src/store/",
            "tests/",
        ],
    },
    Confined { word: "tantivy", within: &["indexer/src/search/", "tests/"] },
    Confined { word: "jiff::Timestamp::now", within: &["proto/src/clock.rs"] },
    Confined { word: "shouwang_node", within: &["node/", "tests/"] },
    Confined { word: "shouwang_hub", within: &["indexer/", "tests/"] },
    Confined { word: "unsafe ", within: &[] },
];

/// Imports inside a crate that go upwards or sideways: from, to.
const WRONG_WAYS: &[(&str, &[&str])] = &[
    ("proto/src/", &["shouwang_serving", "shouwang_node", "shouwang_hub"]),
    ("proto/serving/src/", &["shouwang_node", "shouwang_hub"]),
    ("node/src/store/", &["crate::publishing_service", "crate::hub_link::sync", "crate::hub_link::control"]),
    ("node/src/shelf", &["crate::store", "crate::publishing_service", "crate::hub_link"]),
    (
        "indexer/src/store/",
        &["crate::port", "crate::web", "crate::link::service", "crate::council::service", "crate::search"],
    ),
    ("indexer/src/search/", &["crate::port", "crate::web", "crate::link::service", "crate::link::session"]),
    ("indexer/src/people/", &["crate::port", "crate::web", "crate::link", "crate::search"]),
    ("proto/pages/src/", &["shouwang_node", "shouwang_hub"]),
    ("admin-cli/src/", &["sqlx", "tantivy", "shouwang_node", "shouwang_hub"]),
];

/// Everything in the tree that breaks a rule, as `path:line: words`.
#[must_use]
pub fn findings(sources: &[Source<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > FILE_LINES {
            found.push(format!("{}: {lines} lines, more than {FILE_LINES}", source.path));
        }
        for (number, line) in code_lines(source.text) {
            for words in line_findings(source.path, line) {
                found.push(format!("{}:{number}: {words}", source.path));
            }
        }
    }
    found
}

/// Lines with code in front of the unit tests, which may do what they like, numbered from 1; comments cut off.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
}

fn line_findings(path: &str, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    if PURE.iter().any(|pure| path.starts_with(pure)) {
        for word in IMPURE.iter().filter(|word| has_word(line, word)) {
            found.push(format!("a pure file names `{}`", word.trim()));
        }
    }
    for Confined { word, within } in CONFINED {
        if has_word(line, word) && !within.iter().any(|place| path.starts_with(place)) {
            found.push(format!("`{}` has no business here", word.trim()));
        }
    }
    for (from, to) in WRONG_WAYS {
        for word in to.iter().filter(|word| path.starts_with(from) && has_word(line, word)) {
            found.push(format!("imports `{word}`, which lies above or beside it"));
        }
    }
    found
}

/// True when the word stands there and does not merely begin or end a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let is_name = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    line.match_indices(word).any(|(start, _)| {
        let before = start.checked_sub(1).and_then(|index| line.as_bytes().get(index).copied());
        let after = line.as_bytes().get(start + word.len()).copied();
        let starts_as_name = is_name(word.bytes().next());
        let ends_as_name = is_name(word.bytes().last());
        !(starts_as_name && is_name(before) || ends_as_name && is_name(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        assert_eq!(findings(&[Source { path, text }]), expected, "{path}");
    }

    #[test]
    fn planted_mistakes_are_found() {
        check("node/src/shelf.rs", "use tokio::time;\n", &["node/src/shelf.rs:1: a pure file names `tokio`"]);
        check(
            "indexer/src/link/session.rs",
            "\nlet row = sqlx::query(\"select 1\");",
            &[
                "indexer/src/link/session.rs:2: `sqlx::query` has no business here",
                "indexer/src/link/session.rs:2: `sqlx` has no business here",
            ],
        );
        check(
            "node/src/lib.rs",
            "use shouwang_hub::Hub;",
            &["node/src/lib.rs:1: `shouwang_hub` has no business here"],
        );
        check(
            "indexer/src/store/log.rs",
            "use crate::search::index;",
            &["indexer/src/store/log.rs:1: imports `crate::search`, which lies above or beside it"],
        );
        let long = "\n".repeat(FILE_LINES + 1);
        check("node/src/long.rs", &long, &["node/src/long.rs: 401 lines, more than 400"]);
    }

    #[test]
    fn what_is_allowed_passes() {
        check(
            "node/src/shelf.rs",
            "// tokio is not used here\nlet tokioish = 1;\n#[cfg(test)]\nuse tokio::x;",
            &[],
        );
        check("indexer/src/store/log.rs", "sqlx::query(\"select 1\");", &[]);
    }
}
