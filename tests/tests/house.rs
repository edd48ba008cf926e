//! The tree keeps the rules of the house.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use shouwang_tests::house::{PURE, Source, findings};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

fn tree() -> Vec<(String, String)> {
    let root = root();
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            (relative, fs::read_to_string(&path).unwrap())
        })
        // The rules' own text names what it forbids.
        .filter(|(path, _)| path != "tests/src/house.rs")
        .collect()
}

#[test]
fn the_tree_keeps_the_rules() {
    let tree = tree();
    assert!(tree.len() > 20, "the walk found only {} files", tree.len());
    let sources: Vec<_> = tree.iter().map(|(path, text)| Source { path, text }).collect();
    let found = findings(&sources);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_pure_place_exists() {
    let tree = tree();
    for pure in PURE {
        assert!(tree.iter().any(|(path, _)| path.starts_with(pure)), "{pure} names no file");
    }
}

#[test]
fn the_top_level_is_as_agreed() {
    let allowed = [
        ".ci",
        ".git",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "admin-cli",
        "clippy.toml",
        "indexer",
        "node",
        "proto",
        "rustfmt.toml",
        "tests",
    ];
    let output = std::process::Command::new("git").args(["ls-files"]).current_dir(root()).output().unwrap();
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    let strangers: Vec<_> = listed
        .lines()
        .filter_map(|path| path.split('/').next())
        .filter(|top| !allowed.contains(top))
        .collect();
    assert!(strangers.is_empty(), "not agreed on the top level: {strangers:?}");
}
