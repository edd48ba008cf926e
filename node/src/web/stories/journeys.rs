//! Accounts at the node, as a browser goes through them.

use axum::body::Body;
use http::{StatusCode, header};

use super::{House, PASSWORD, request, start_with_pages};
use crate::people::account::Post;

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_works_once_and_a_restart_gives_none_afterwards() {
    let mut house = House::open().await;
    let link = house.node.set_up.clone().unwrap();
    let path = link[link.find("/link/").unwrap()..].to_owned();
    let shown = house.get(&path, "").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("lang=\"zh-CN\"") && shown.text.contains("节点"), "{}", shown.text);
    let wrong = house.post(&path, "", "display_name=Gu&login=gu&password=short").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("aria-invalid=\"true\"") && wrong.text.contains("value=\"Gu\""));
    let administrator = house.administrator().await;
    assert!(house.get("/", &administrator).await.text.contains("href=\"/people\""));
    assert_eq!(house.get(&path, "").await.status, StatusCode::BAD_REQUEST, "it works once");
    let ready = std::fs::read_to_string(house.alliance.data.join("ready.json")).unwrap();
    assert!(ready.contains(&house.node.web), "{ready}");

    house.node.stop().await;
    house.node = start_with_pages(&house.alliance.data).await;
    assert_eq!(house.node.set_up, None, "somebody can sign in");
    assert_eq!(house.get("/", &administrator).await.status, StatusCode::OK, "the session outlives a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_taken_out_of_use_is_out_at_once_and_the_last_administrator_stays() {
    let house = House::open().await;
    let administrator = house.administrator().await;
    let publisher = house.invite(&administrator, Post::Publisher, "publisher").await;
    assert_eq!(house.get("/", &publisher).await.status, StatusCode::OK);
    let people = house.get("/people", &administrator).await.text;
    let ids: Vec<&str> =
        people.split("/disable\"").filter_map(|piece| piece.rsplit("/people/").next()).take(2).collect();
    let refused = house.post(&format!("/people/{}/disable", ids[0]), &administrator, "").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    house.post(&format!("/people/{}/disable", ids[1]), &administrator, "").await;
    assert!(house.get("/", &publisher).await.location().starts_with("/login"));
    let again = house.post("/login", "", &format!("login=publisher&password={PASSWORD}")).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_and_other_sessions_end() {
    let house = House::open().await;
    let here = house.administrator().await;
    let there = house.sign_in("root").await;
    let wrong = house.post("/account/password", &here, "old_password=no&password=short").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("old_password-wrong") && wrong.text.contains("password-wrong"));
    let form = format!("old_password={PASSWORD}&password=paper-lamp-orbit");
    assert_eq!(house.post("/account/password", &here, &form).await.status, StatusCode::OK);
    assert_eq!(house.get("/", &here).await.status, StatusCode::OK);
    assert!(house.get("/", &there).await.location().starts_with("/login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_and_a_form_without_end_are_refused() {
    let house = House::open().await;
    let administrator = house.administrator().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let foreign = request("POST", "/people", &administrator).header(name, value);
        let refused = house.send(foreign, Body::from("display_name=x&post=publisher")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}");
        let policy = refused.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(!policy.contains("unsafe"));
    }
    let long = house.post("/people", &administrator, &"x".repeat(100_000)).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    let nowhere = house.get("/nowhere", &administrator).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages() {
    let house = House::open().await;
    let administrator = house.administrator().await;
    for path in ["/", "/account", "/people", "/aid", "/aid/call", "/aid/offline", "/p/x"] {
        for lang in ["zh-CN", "en"] {
            let page = house.get(&format!("{path}?lang={lang}"), &administrator).await;
            assert!(page.text.contains(&format!("<html lang=\"{lang}\"")), "{path}: {}", page.text);
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        }
    }
}
