//! Emergencies on the pages.

use http::StatusCode;
use shouwang_proto::wire;

use super::{Answer, House};
use crate::{
    people::account::Post,
    trial::{inbox_caller, notice},
};

/// An order to this member for its own resource.
fn order() -> wire::Notice {
    let mut order = notice(1, wire::NoticeKind::Order, 3, 2);
    let assignment = order.assignment.get_or_insert_default();
    assignment.set_state(wire::AssignmentState::Held);
    assignment.resource = "members/north/publications/01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    order.line = Some(wire::NeedLine {
        number: 1,
        what: "泡沫消防车".to_owned(),
        requested: 2,
        unit: "1".to_owned(),
        ..Default::default()
    });
    order.contact = Some(wire::DutyContact {
        name: "现场 赵".to_owned(),
        phone: "139 0000 0000".to_owned(),
        duty: String::new(),
    });
    order
}

/// A house whose member has got an order, and the safety manager's session.
async fn ordered() -> (House, String) {
    let house = House::open().await;
    let administrator = house.administrator().await;
    let manager = house.invite(&administrator, Post::SafetyManager, "manager").await;
    let delivery = wire::NoticeDelivery { delivery_id: 7, notice: Some(order()) };
    house.alliance.hub.change(|state| state.aid.outbox = vec![delivery]);
    house.alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    (house, manager)
}

async fn words(house: &House) -> Vec<wire::OwnCommand> {
    let mut inbox = inbox_caller(&house.node, &house.alliance.data);
    inbox.list_commands(wire::ListCommandsRequest::default()).await.unwrap().into_inner().commands
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_sent_twice_is_taken_once_also_while_the_hub_is_away() {
    let (mut house, manager) = ordered().await;
    let shelf = house.get("/", &manager).await.text;
    assert!(shelf.contains("href=\"/aid\">1 条险情通知"), "{shelf}");
    let page = house.get("/aid", &manager).await;
    assert!(
        page.text.contains("请派泡沫消防车两辆") && page.text.contains("tel:13900000000"),
        "{}",
        page.text
    );
    house.alliance.hub.crash().await;
    let mark = "name=\"act\" value=\"confirm\"";
    let key = page.hidden_before(mark, "key");
    let assignment = order().assignment.unwrap().name;
    let form = format!("key={key}&act=confirm&assignment={assignment}&epoch=2");
    for _ in 0..2 {
        let said = house.post("/aid/answer", &manager, &form).await;
        assert_eq!(
            (said.status, said.location()),
            (StatusCode::SEE_OTHER, "/aid?done=said"),
            "{}",
            said.text
        );
    }
    assert_eq!(words(&house).await.len(), 1);
    let after = house.get("/aid", &manager).await.text;
    assert!(after.contains("待中心处理") && after.contains("Wang"), "{after}");
    house.alliance.hub.run();
    let state = house.alliance.hub.wait_for(|state| !state.aid.words.is_empty()).await;
    assert_eq!((state.aid.words.len(), state.aid.words[0].actor.as_str()), (1, "Wang"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_needs_its_reason_and_keeps_what_was_typed() {
    let (house, manager) = ordered().await;
    let page = house.get("/aid", &manager).await;
    let key = page.hidden_before("name=\"act\" value=\"refuse\"", "key");
    let assignment = order().assignment.unwrap().name;
    let form = |reason: &str| {
        format!(
            "key={key}&act=refuse&assignment={assignment}&epoch=2&action.refuse.note=night+shift\
             &action.refuse.reason={reason}"
        )
    };
    let refused = house.post("/aid/answer", &manager, &form("")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let wrong = format!("id=\"{assignment}-refuse-action.refuse.reason-wrong\"");
    assert!(
        refused.text.contains(&wrong) && refused.text.contains("value=\"night shift\""),
        "{}",
        refused.text
    );
    assert!(words(&house).await.is_empty(), "nothing was said");
    let said = house.post("/aid/answer", &manager, &form("no-staff")).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.text);
    assert_eq!(words(&house).await.len(), 1);
}

/// Where the page asks for what is new.
fn renewal(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("hx-get=\"").unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_seen_it_is_said_and_the_page_renews_itself_only_when_something_changed() {
    let (house, manager) = ordered().await;
    let mut now = renewal(&house.get("/aid", &manager).await);
    let mut again = house.get(&now, &manager).await;
    if again.status == StatusCode::OK {
        // A minute has begun since.
        now = renewal(&again);
        again = house.get(&now, &manager).await;
    }
    assert_eq!(again.status, StatusCode::NO_CONTENT, "{}", again.text);
    let aged = house.get(&now.replace("&minute=", "&minute=1"), &manager).await;
    assert_eq!(aged.status, StatusCode::OK, "ages are said anew");
    let seen = house.post("/aid/seen", &manager, &format!("notice={}", order().name)).await;
    assert_eq!(seen.location(), "/aid");
    let changed = house.get(&now, &manager).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert!(changed.text.contains("Wang 于") && !changed.text.contains("<html"), "{}", changed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_call_for_help_and_only_the_duty_answers() {
    let (mut house, _) = ordered().await;
    let administrator = house.sign_in("root").await;
    let publisher = house.invite(&administrator, Post::Publisher, "publisher").await;
    let aid = house.get("/aid", &publisher).await.text;
    assert!(!aid.contains("action=\"/aid/answer\"") && !aid.contains("action=\"/aid/seen\""));
    let page = house.get("/aid/call", &publisher).await;
    let key = page.hidden_before("name=\"occurred\"", "key");
    assert_eq!(
        page.text.matches("<details class=\"block fold\">").count(),
        2,
        "one need is open: {}",
        page.text
    );
    let wrong =
        house.post("/aid/call", &publisher, &format!("key={key}&submission.request.title=Fire")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("id=\"submission.new_incident.place.address-wrong\""), "{}", wrong.text);
    assert!(wrong.text.contains("value=\"Fire\""));
    house.alliance.hub.crash().await;
    let form = format!(
        "key={key}&occurred=1780000000000&submission.request.title=Fire&submission.request.priority=1\
         &submission.new_incident.mode=1&submission.new_incident.accident_type=fire\
         &submission.new_incident.place.latitude=31.2&submission.new_incident.place.longitude=121.5\
         &submission.request.contact.name=Wang&submission.request.contact.phone=13900000000\
         &submission.request.lines[0].resource_kind=vehicle&submission.request.lines[0].what=Foam+truck\
         &submission.request.lines[0].requested=2"
    );
    for _ in 0..2 {
        let called = house.post("/aid/call", &publisher, &form).await;
        assert_eq!(called.location(), "/aid?done=call", "{}", called.text);
    }
    let words = words(&house).await;
    assert_eq!(words.len(), 1, "it is taken once");
    assert!(house.get("/aid", &publisher).await.text.contains("求援：Fire"));
    house.alliance.hub.run();
    house.alliance.hub.wait_for(|state| !state.aid.words.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_went_without_an_order_says_so_once() {
    let (mut house, manager) = ordered().await;
    let page = house.get("/aid/went", &manager).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("请先发布"), "there is nothing yet that could have gone: {}", page.text);
    let aid = house.get("/aid", &manager).await.text;
    assert!(aid.contains("href=\"/aid/went\""), "{aid}");
    let request = order().request;
    let need = format!("{request}%23{}", order().line.unwrap().number);
    let form = |quantity: &str| {
        format!(
            "key=01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a01&deployment.request={need}&deployment.on_scene=1\
             &deployment.resource=members/north/publications/01890a5d-ac96-774b-bcce-b302099a8057\
             &deployment.quantity={quantity}&deployment.note=by+chance"
        )
    };
    let wrong = house.post("/aid/went", &manager, &form("many")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);
    house.alliance.hub.crash().await;
    for _ in 0..2 {
        let told = house.post("/aid/went", &manager, &form("2")).await;
        assert_eq!(
            (told.status, told.location()),
            (StatusCode::SEE_OTHER, "/aid?done=said"),
            "{}",
            told.text
        );
    }
    let said = words(&house).await;
    let [one] = said.as_slice() else { panic!("{said:?}") };
    let word = one.command.clone().unwrap().word.unwrap();
    let wire::member_command::Word::SelfDeployment(deployment) = word else { panic!("{word:?}") };
    assert_eq!((deployment.request, deployment.quantity, deployment.on_scene), (request, 2, true));
    let administrator = house.sign_in("root").await;
    let publisher = house.invite(&administrator, Post::Publisher, "publisher").await;
    assert_eq!(house.get("/aid/went", &publisher).await.status, StatusCode::FORBIDDEN);
}
