//! Publishing by form.

use axum::body::Body;
use http::{StatusCode, header};

use super::{House, request};
use crate::{people::account::Post, trial::wait_for};

const KEY: &str = "7d4f4d3e-5d8b-4a3c-9f6e-0d1c2b3a4f01";
const RESOURCE: &str = "title=Foam+truck&resource.resource_kind=vehicle&resource.resource_type=Foam+truck\
                        &resource.quantity=2&resource.muster_minutes=5&resource.duty_contacts[0].name=Desk\
                        &resource.duty_contacts[0].phone=0512-555+0110";

async fn publisher(house: &House) -> String {
    let administrator = house.administrator().await;
    house.invite(&administrator, Post::Publisher, "publisher").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_beside_its_field_and_what_was_typed_stays() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let blank = house.get("/new/resource", &cookie).await;
    assert_eq!(blank.status, StatusCode::OK);
    assert!(blank.text.contains("name=\"resource.duty_contacts[0].phone\""), "{}", blank.text);
    let wrong = "title=&resource.resource_type=Foam+truck&resource.quantity=many\
                 &resource.duty_contacts[1].name=Desk&resource.duty_contacts[1].phone=call+me";
    let refused = house.post("/new/resource", &cookie, wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    for field in ["title", "resource.resource_kind", "resource.quantity", "resource.duty_contacts[0].phone"] {
        assert!(refused.text.contains(&format!("id=\"{field}-wrong\"")), "{field}: {}", refused.text);
    }
    for typed in ["value=\"Foam truck\"", "value=\"many\"", "value=\"call me\""] {
        assert!(refused.text.contains(typed), "{typed}");
    }
    assert!(house.get("/", &cookie).await.text.contains("class=\"empty\""), "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_lives_from_draft_to_withdrawn_and_a_form_sent_twice_is_taken_once() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let form = format!("{RESOURCE}&do=draft&key={KEY}");
    let made = house.post("/new/resource", &cookie, &form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let again = house.post("/new/resource", &cookie, &form).await;
    assert_eq!(again.location(), made.location(), "it is taken once");
    let address = made.location().split('?').next().unwrap().to_owned();
    let page = house.get(&address, &cookie).await;
    assert!(page.text.contains("草稿") && page.text.contains("tel:05125550110"), "{}", page.text);

    let published = house.post(&format!("{address}/publish"), &cookie, "").await;
    assert_eq!(published.status, StatusCode::SEE_OTHER);
    wait_for(&house.node, |status| status.durable.seq == 1).await;
    let shelf = house.get("/", &cookie).await.text;
    assert!(shelf.contains("已送达中心") || shelf.contains("已可检索"), "{shelf}");

    let edit = house.get(&format!("{address}/edit"), &cookie).await;
    assert!(
        edit.text.contains("value=\"Foam truck\"") && edit.text.contains("name=\"revision\" value=\"1\"")
    );
    let stale = format!("{RESOURCE}&do=publish&revision=7");
    let refused = house.post(&format!("{address}/edit"), &cookie, &stale).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let revised = house.post(&format!("{address}/edit"), &cookie, &format!("{RESOURCE}&revision=1")).await;
    assert_eq!(revised.status, StatusCode::SEE_OTHER, "{}", revised.text);

    let sure = house.get(&format!("{address}/withdraw"), &cookie).await;
    assert!(sure.status == StatusCode::OK && sure.text.contains("Foam truck"));
    house.post(&format!("{address}/withdraw"), &cookie, "reason=broken").await;
    assert!(house.get("/?state=withdrawn", &cookie).await.text.contains(&address));
    assert!(!house.get("/?state=published", &cookie).await.text.contains(&address));
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_goes_on_while_the_hub_is_away() {
    let mut house = House::open().await;
    let cookie = publisher(&house).await;
    house.alliance.hub.crash().await;
    wait_for(&house.node, |status| status.sync != crate::hub_link::status::LinkState::Connected).await;
    let made = house.post("/new/resource", &cookie, &format!("{RESOURCE}&do=publish")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let shelf = house.get("/", &cookie).await.text;
    assert!(shelf.contains("待送达") && shelf.contains("联系不上"), "{shelf}");
    house.alliance.hub.run();
    wait_for(&house.node, |status| status.durable.seq == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_added_looked_at_and_removed() {
    let house = House::open().await;
    let cookie = publisher(&house).await;
    let made = house.post("/new/resource", &cookie, &format!("{RESOURCE}&do=draft")).await;
    let address = made.location().split('?').next().unwrap().to_owned();
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/照片.txt\"\r\n\
                Content-Type: text/plain\r\n\r\n<script>\r\n--x--\r\n";
    let upload = || {
        request("POST", &format!("{address}/files"), &cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
    };
    for _ in 0..2 {
        let added = house.send(upload(), Body::from(body)).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    }
    let page = house.get(&address, &cookie).await.text;
    assert_eq!(page.matches("照片.txt").count(), 2, "once to look at, once to remove: {page}");
    let (_, rest) = page.split_once("/files/").unwrap();
    let file = format!("{address}/files/{}", rest.split(['"', '/']).next().unwrap());
    let got = house.get(&file, &cookie).await;
    assert_eq!((got.status, got.text.as_str()), (StatusCode::OK, "<script>"));
    assert_eq!(got.headers[header::CONTENT_TYPE], "application/octet-stream");
    house.post(&format!("{file}/drop"), &cookie, "").await;
    assert!(!house.get(&address, &cookie).await.text.contains("照片.txt"));
    let nothing = house.send(upload(), Body::from("--x--\r\n")).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST, "{}", nothing.text);
}
