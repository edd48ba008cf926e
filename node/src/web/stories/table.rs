//! Every route × every post × the status it gives, checked against the table; and the words of the pages.

use std::path::Path;

use axum::body::Body;
use http::StatusCode;
use shouwang_pages::{
    route::{Method, Who},
    wording,
};

use super::{House, request};
use crate::{
    people::account::Post,
    web::route::{Row, TABLE},
};

/// A path that leads somewhere or nowhere, but to the route.
fn path(row: &Row) -> String {
    row.path
        .replace("{kind}", "practice")
        .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{sha256}", &"0".repeat(64))
        .replace("{secret}", &"0".repeat(64))
}

async fn status(house: &House, row: &Row, cookie: &str) -> StatusCode {
    let method = match row.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let request = request(method, &path(row), cookie).header("sec-fetch-site", "same-origin");
    let answer = house.send(request, Body::empty()).await;
    let to_sign_in = answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/login");
    // Signing out leads there too, as it should.
    if to_sign_in && row.name != "SignOut" { StatusCode::UNAUTHORIZED } else { answer.status }
}

/// What the table promises to somebody without, and with, this post.
fn check(row: &Row, post: Option<Post>, status: StatusCode) {
    let may = match (row.who, post) {
        (Who::Everybody, _) => true,
        (Who::Roles(_), None) => false,
        (Who::Roles(posts), Some(post)) => posts.contains(&post),
    };
    // A wrong password is a no of another kind; an anonymous sign-out has nothing to end.
    let is_other = row.name == "SignIn" || row.name == "SignOut";
    if !is_other {
        let expected = if post.is_none() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        let said_no = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
        assert_eq!(said_no, !may, "{} for {post:?}: {status}", row.name);
        assert!(may || status == expected, "{} for {post:?}: {status}", row.name);
    }
    assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{} has no handler", row.name);
    assert!(!status.is_server_error(), "{} for {post:?}: {status}", row.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_for_every_post() {
    let house = House::open().await;
    let administrator = house.administrator().await;
    for post in [Post::Publisher, Post::SafetyManager] {
        house.invite(&administrator, post, post.as_str()).await;
    }
    let mut checked = 0;
    for row in TABLE {
        check(row, None, status(&house, row, "").await);
        for post in Post::ALL {
            let login = if post == Post::Administrator { "root" } else { post.as_str() };
            // A fresh session each, for some routes end it.
            let cookie = house.sign_in(login).await;
            check(row, Some(post), status(&house, row, &cookie).await);
            checked += 1;
        }
    }
    assert_eq!(checked, TABLE.len() * Post::ALL.len());
}

#[test]
fn every_word_is_a_message() {
    assert_eq!(wording::findings(Path::new(env!("CARGO_MANIFEST_DIR"))), Vec::<String>::new());
}
