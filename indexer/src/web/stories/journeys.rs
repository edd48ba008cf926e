//! What a browser goes through.

use axum::body::Body;
use http::{StatusCode, header};

use super::{Hub, PASSWORD, answer, request};
use crate::people::account::Post;

fn session_of(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

#[tokio::test]
async fn the_set_up_link_leads_to_the_search_page() {
    let hub = Hub::open().await;
    let linked = hub.people.set_up().await.unwrap().unwrap();
    let shown = hub.get(&linked.path(), "").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("name=\"login\"") && shown.text.contains("lang=\"zh-CN\""), "{}", shown.text);

    let wrong = hub.post(&linked.path(), "", "display_name=Gu&login=gu&password=short").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("aria-invalid=\"true\"") && wrong.text.contains("value=\"Gu\""));
    assert!(!wrong.text.contains("value=\"short\""), "a password is never sent back");

    let form = format!("display_name=Gu&login=gu.siyuan&password={PASSWORD}");
    let taken = hub.post(&linked.path(), "", &form).await;
    assert_eq!((taken.status, taken.location()), (StatusCode::SEE_OTHER, "/"), "{}", taken.text);
    let cookie = taken.cookie("__Host-shouwang-session=").unwrap();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let home = hub.get("/", session_of(&cookie)).await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("href=\"/people\""), "the operator sees the people");
    assert_eq!(hub.get(&linked.path(), "").await.status, StatusCode::BAD_REQUEST, "it works once");
}

#[tokio::test]
async fn signing_in_leads_back_to_where_one_wanted_to_go() {
    let hub = Hub::open().await;
    hub.signed_in(Post::SafetyManager, "wang.min").await;
    let anonymous = hub.get("/?q=%E5%8A%A8%E7%81%AB", "").await;
    assert_eq!(anonymous.location(), "/login?next=%2F%3Fq%3D%25E5%258A%25A8%25E7%2581%25AB");
    let form = hub.get(anonymous.location(), "").await;
    assert!(form.text.contains("value=\"/?q=%E5%8A%A8%E7%81%AB\""), "{}", form.text);
    let next = "next=%2F%3Fq%3D%25E5%258A%25A8%25E7%2581%25AB";
    let wrong = hub.post("/login", "", &format!("login=wang.min&password=nonsense&{next}")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text.contains("role=\"alert\"") && wrong.text.contains("value=\"wang.min\""));
    let right = hub.post("/login", "", &format!("login=wang.min&password={PASSWORD}&{next}")).await;
    assert_eq!(right.location(), "/?q=%E5%8A%A8%E7%81%AB");
    let elsewhere =
        hub.post("/login", "", &format!("login=wang.min&password={PASSWORD}&next=//evil.example")).await;
    assert_eq!(elsewhere.location(), "/");

    let cookie = right.cookie("__Host-shouwang-session=").unwrap();
    let session = session_of(&cookie);
    assert_eq!(hub.post("/logout", session, "").await.location(), "/login");
    assert!(
        hub.get("/", session).await.location().starts_with("/login"),
        "the session is gone at the hub too"
    );
}

#[tokio::test]
async fn a_script_whose_session_has_ended_leads_to_the_sign_in() {
    let hub = Hub::open().await;
    let asked = request("GET", "/?kind=course").header("hx-request", "true");
    let sent = hub.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(sent.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sent.headers["hx-redirect"], "/login?next=%2F%3Fkind%3Dcourse");
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let hub = Hub::open().await;
    let (_, cookie) = hub.signed_in(Post::Operator, "operator").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let request = request("POST", "/people").header(header::COOKIE, &cookie).header(name, value);
        let refused = hub.send(request.body(Body::from("display_name=x&post=operator")).unwrap()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}");
        assert!(refused.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    }
    let own =
        request("POST", "/people").header(header::COOKIE, &cookie).header("origin", "https://hub.example");
    let allowed = hub.send(own.body(Body::from("display_name=x&post=operator")).unwrap()).await;
    assert_eq!(allowed.status, StatusCode::OK);
    assert!(allowed.text.contains("https://hub.example/link/"), "{}", allowed.text);
}

#[tokio::test]
async fn every_page_speaks_both_languages_and_keeps_the_choice() {
    let hub = Hub::open().await;
    let (_, cookie) = hub.signed_in(Post::Operator, "operator").await;
    for path in ["/", "/account", "/people", "/p/x/y"] {
        for lang in ["zh-CN", "en"] {
            let page = hub.get(&format!("{path}?lang={lang}"), &cookie).await;
            assert!(page.text.contains(&format!("<html lang=\"{lang}\"")), "{path}: {}", page.text);
            assert!(page.cookie("__Host-shouwang-language=").unwrap().contains(lang));
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        }
    }
    let kept = hub.get("/login", "__Host-shouwang-language=en").await;
    assert!(kept.text.contains("<html lang=\"en\""));
    let missing = hub.get("/p/x/y?lang=en", &cookie).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text.contains("There is no such page") || missing.text.contains("there is no such page"));
}

#[tokio::test]
async fn over_plain_http_cookies_have_other_names_unless_a_proxy_speaks_tls() {
    let hub = Hub::open().await;
    hub.signed_in(Post::SafetyManager, "wang.min").await;
    let form = format!("login=wang.min&password={PASSWORD}");
    for (proto, secure) in [("http", false), ("https", true)] {
        let request = request("POST", "/login")
            .header("x-forwarded-proto", proto)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(form.clone()));
        let signed_in = answer(hub.plain.clone(), request.unwrap()).await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
        assert_eq!(signed_in.cookie("__Host-shouwang-session=").is_some(), secure);
        assert_eq!(signed_in.cookie("shouwang-session=").is_some(), !secure);
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked() {
    let hub = Hub::open().await;
    let (account, cookie) = hub.signed_in(Post::Council, "council").await;
    let made = hub.post("/account/tokens", &cookie, "label=laptop&days=30").await;
    assert_eq!(made.status, StatusCode::OK);
    assert!(made.text.contains("id=\"secret\""), "{}", made.text);
    let page = hub.get("/account", &cookie).await;
    assert!(page.text.contains("laptop") && !page.text.contains("id=\"secret\""));
    let token = &hub.people.own_tokens(&account).await.unwrap()[0];
    hub.post(&format!("/account/tokens/{}/revoke", token.id), &cookie, "").await;
    assert!(!hub.get("/account", &cookie).await.text.contains("laptop"));
    let wrong = hub.post("/account/tokens", &cookie, "label=&days=3").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("label-wrong"));
}

#[tokio::test]
async fn a_question_that_is_too_long_is_answered_on_the_page() {
    let hub = Hub::open().await;
    let (_, cookie) = hub.signed_in(Post::SafetyManager, "wang.min").await;
    let long = hub.get(&format!("/?q={}", "a".repeat(300)), &cookie).await;
    assert_eq!(long.status, StatusCode::BAD_REQUEST);
    assert!(long.text.contains("id=\"q\"") && long.text.contains("role=\"alert\""));
    let kind = hub.get("/?kind=nonsense", &cookie).await;
    assert_eq!(kind.status, StatusCode::BAD_REQUEST);
    let empty = hub.get("/?q=%E5%8A%A8%E7%81%AB", &cookie).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text.contains("class=\"empty\""), "{}", empty.text);
    let hostile = hub.get("/?q=%3Cscript%3Ealert(1)%3C/script%3E", &cookie).await;
    assert!(!hostile.text.contains("<script>alert"));
}

#[tokio::test]
async fn a_form_that_can_never_fit_is_too_large_and_not_one_too_many() {
    let hub = Hub::open().await;
    let sent = hub.post("/login", "", &"x".repeat(shouwang_pages::asked::FORM_BYTES + 1)).await;
    assert_eq!(sent.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", sent.text);
    assert!(sent.text.contains("提交的内容过大"), "{}", sent.text);
}
