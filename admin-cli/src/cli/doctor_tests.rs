use super::*;
use crate::render::doctor::Level;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn clocks_that_are_apart_are_noticed() {
    let here = at("2026-11-21T10:00:00Z");
    for (there, level) in [
        ("2026-11-21T10:00:04Z", Level::Ok),
        ("2026-11-21T09:59:50Z", Level::Warning),
        ("2026-11-21T10:06:00Z", Level::Wrong),
    ] {
        assert_eq!(clock(Some(at(there)), here).level, level, "{there}");
    }
}

#[test]
fn certificates_near_their_end_are_noticed() {
    let now = at("2026-11-21T10:00:00Z");
    for (ends, level) in [
        ("2026-12-20T10:00:00Z", Level::Ok),
        ("2026-11-24T10:00:00Z", Level::Warning),
        ("2026-11-21T09:00:00Z", Level::Wrong),
    ] {
        assert_eq!(certificate("hub.certificate", Some(at(ends)), now).level, level, "{ends}");
    }
}

#[test]
fn a_token_that_others_can_read_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    assert_eq!(token("hub.files", &path).level, Level::Wrong);
    crate::context::write_whole(&path, b"x\n", 0o600).unwrap();
    assert_eq!(token("hub.files", &path).level, Level::Ok);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(token("hub.files", &path).level, Level::Warning);
}
