//! Every route × every role × the status it gives, checked against the table.

use axum::body::Body;
use http::{StatusCode, header};
use shouwang_pages::route::{Manner, Method, Who};

use super::{Hub, request};
use crate::{
    council::caller::Role,
    people::account::Post,
    web::route::{Row, TABLE},
};

/// A path that leads somewhere or nowhere, but to the route.
fn path(row: &Row) -> String {
    row.path
        .replace("{member}", "hengrui-foundry")
        .replace("{record}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{sha256}", &"0".repeat(64))
        .replace("{secret}", &"0".repeat(64))
        .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{assignment}", "01890a5d-ac96-774b-bcce-b302099a8057")
}

fn method(row: &Row) -> &'static str {
    match row.method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

async fn status(hub: &Hub, row: &Row, cookie: &str) -> StatusCode {
    let request = request(method(row), &path(row)).header("sec-fetch-site", "same-origin");
    let answer = hub.send(request.header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await;
    let to_sign_in = answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/login");
    // Signing out leads there too, as it should.
    if to_sign_in && row.name != "SignOut" { StatusCode::UNAUTHORIZED } else { answer.status }
}

/// What the table promises to somebody without, and with, this role.
fn check(row: &Row, role: Option<Role>, status: StatusCode) {
    let may = match (row.who, role) {
        (Who::Everybody, _) => true,
        (Who::Roles(_), None) => false,
        (Who::Roles(roles), Some(role)) => roles.contains(&role),
    };
    let said_no = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
    // A wrong password is a no of another kind.
    let is_sign_in = row.name == "SignIn";
    assert_eq!(said_no && !is_sign_in, !may, "{} for {role:?}: {status}", row.name);
    if !may {
        let expected = if role.is_none() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        // An anonymous sign-out has nothing to end.
        assert!(status == expected || row.name == "SignOut", "{} for {role:?}: {status}", row.name);
    }
    assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{} has no handler", row.name);
    assert!(!status.is_server_error(), "{} for {role:?}: {status}", row.name);
}

#[tokio::test]
async fn every_route_for_every_role() {
    let hub = Hub::open().await;
    let mut checked = 0;
    let posts = [Post::SafetyManager, Post::Regulator, Post::Dispatcher, Post::Council, Post::Operator];
    for row in TABLE {
        let nobody = status(&hub, row, "").await;
        if row.name != "SignOut" {
            check(row, None, nobody);
        }
        for post in posts {
            // A fresh session each, for some routes end it.
            let login = format!("{}-{}", row.name, post.as_str()).to_lowercase();
            let (_, cookie) = hub.signed_in(post, &login).await;
            let status = status(&hub, row, &cookie).await;
            check(row, Some(post.role()), status);
            checked += 1;
        }
    }
    assert_eq!(checked, TABLE.len() * posts.len());
}

#[tokio::test]
async fn programs_come_with_a_token_to_the_api_and_nowhere_else() {
    let hub = Hub::open().await;
    let (account, _) = hub.signed_in(Post::Regulator, "program").await;
    let token = hub.token(&account).await;
    for row in TABLE.iter().filter(|row| row.who != Who::Everybody && row.name != "SignOut") {
        let request = request(method(row), &path(row))
            .header("sec-fetch-site", "same-origin")
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let answer = hub.send(request.body(Body::empty()).unwrap()).await;
        let said_no = answer.status == StatusCode::UNAUTHORIZED || answer.location().starts_with("/login");
        assert_eq!(said_no, row.manner != Manner::Api, "{}: {}", row.name, answer.status);
    }
    for wrong in ["Bearer 00", "Basic YTpi", "Bearer"] {
        let request = request("GET", "/api/v1/search").header(header::AUTHORIZATION, wrong);
        let answer = hub.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert!(answer.text.contains("\"reason\""), "{}", answer.text);
    }
}
