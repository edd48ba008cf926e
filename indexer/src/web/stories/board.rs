//! What dispatchers go through, on the real room of mutual aid and without a script.

use axum::body::Body;
use futures::StreamExt as _;
use http::{StatusCode, header};
use shouwang_pages::Fields;
use shouwang_proto::{clock::World, mutual_aid::term::Priority, publication::time_to_wire, wire};
use shouwang_serving::accept::PeerAddr;
use tower::ServiceExt as _;

use super::{Answer, Hub, operator, request};
use crate::{
    council::{
        caller::{Caller, Role},
        permission::{Authorized, rpc},
    },
    mutual_aid::{
        desk::{Desk, Drawer},
        shelf::Offered,
        trial,
    },
    people::account::Post,
};

pub(super) fn crane() -> Offered {
    Offered { published: World::system().now(), ..trial::offered("hengrui-crane", 1, 1.0, false) }
}

/// The last part of a name.
pub(super) fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

pub(super) fn context() -> Option<wire::ChangeContext> {
    let request_id = World::system().random_id().to_string();
    Some(wire::ChangeContext { request_id, ..wire::ChangeContext::default() })
}

impl Hub {
    /// Asks the desk as the operator does over gRPC.
    pub(super) async fn ask<R: Drawer>(&self, question: R::Question) -> R::Answer {
        self.ask_as::<R>(operator(), question).await
    }

    pub(super) async fn ask_as<R: Drawer>(&self, caller: Caller, question: R::Question) -> R::Answer {
        let desk = Desk::new(self.aid.clone(), self.gate.clone(), self.stopping.clone());
        desk.ask(Authorized::<R>::check(caller).unwrap(), question).await.unwrap()
    }

    /// A request for one crane with this urgency, in an incident of its own.
    pub(super) async fn call_for_help(&self, title: &str, priority: Priority) -> wire::MutualAidRequest {
        let place = wire::Location { latitude: 31.31, longitude: 120.71, address: "三号罐区".to_owned() };
        let incident = wire::Incident {
            mode: wire::IncidentMode::Actual.into(),
            title: format!("{title}：事件"),
            place: Some(place),
            accident_type: "leak".to_owned(),
            occurred_at: Some(time_to_wire(World::system().now())),
            ..wire::Incident::default()
        };
        let open = wire::OpenIncidentRequest { context: context(), incident: Some(incident) };
        let incident = self.ask::<rpc::OpenIncident>(open).await;
        let line = wire::NeedLine {
            resource_kind: "vehicle".to_owned(),
            what: "汽车吊".to_owned(),
            requested: 1,
            unit: "1".to_owned(),
            ..wire::NeedLine::default()
        };
        let contact = wire::DutyContact {
            name: "李工".to_owned(),
            phone: "13900000000".to_owned(),
            duty: String::new(),
        };
        let request = wire::MutualAidRequest {
            incident: incident.name,
            requester: "members/jinsuo-chem".to_owned(),
            priority: priority.to_wire().into(),
            title: title.to_owned(),
            contact: Some(contact),
            lines: vec![line],
            ..wire::MutualAidRequest::default()
        };
        let submit = wire::SubmitRequestRequest {
            context: context(),
            request: Some(request),
            draft: false,
            expected_version: 0,
        };
        let member = Some("jinsuo-chem".parse().unwrap());
        let people = Caller { role: Role::Member, member, label: "李工".to_owned(), ..operator() };
        self.ask_as::<rpc::SubmitRequest>(people, submit).await
    }

    pub(super) async fn assignments(&self, request: &str) -> Vec<wire::Assignment> {
        let question = wire::ListAssignmentsRequest {
            request: request.to_owned(),
            ..wire::ListAssignmentsRequest::default()
        };
        self.ask::<rpc::ListAssignments>(question).await.assignments
    }

    /// Fills in a form of a page and sends it.
    pub(super) async fn send_form(
        &self,
        page: &Answer,
        form: &str,
        cookie: &str,
        typed: &[(&str, &str)],
    ) -> Answer {
        let (action, fields) = form_of(&page.text, form);
        let fields = typed.iter().fold(fields, |fields, (name, value)| fields.without(name).and(name, value));
        self.post(&action, cookie, fields.query().trim_start_matches('?')).await
    }

    /// Fills in a form of the page behind an address, sends it, and gives the page to which that leads.
    pub(super) async fn does(&self, path: &str, form: &str, cookie: &str, typed: &[(&str, &str)]) -> Answer {
        let page = self.get(path, cookie).await;
        let sent = self.send_form(&page, form, cookie, typed).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{form}: {}", sent.text);
        self.get(sent.location(), cookie).await
    }
}

/// The attribute's value in the tag that begins the text.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let tag = tag.split('>').next().unwrap();
    tag.split_once(&format!(" {name}=\"")).map(|(_, rest)| rest.split('"').next().unwrap())
}

/// Where the form whose id begins so leads, and what it says as it is.
pub(super) fn form_of(page: &str, id: &str) -> (String, Fields) {
    let start = page.find(&format!("id=\"form-{id}")).unwrap_or_else(|| panic!("no form {id} in {page}"));
    let form = &page[start..];
    let form = &form[form.find("<form").unwrap()..form.find("</form>").unwrap()];
    let action = attribute(form, "action").unwrap().to_owned();
    let mut fields = Fields::default();
    for input in form.split("<input").skip(1).filter(|input| attribute(input, "type") != Some("checkbox")) {
        fields = fields.and(attribute(input, "name").unwrap(), attribute(input, "value").unwrap());
    }
    for select in form.split("<select").skip(1) {
        let options = select.split("</select>").next().unwrap();
        let chosen = options
            .split("<option")
            .skip(1)
            .find(|option| option.split('>').next().unwrap().ends_with(" selected"));
        let first = options.split("<option").nth(1).unwrap();
        fields = fields
            .and(attribute(select, "name").unwrap(), attribute(chosen.unwrap_or(first), "value").unwrap());
    }
    (action, fields)
}

pub(super) async fn hub() -> Hub {
    let hub = Hub::open().await;
    trial::put(&hub.aid, crane());
    hub
}

#[tokio::test]
async fn two_dispatchers_order_one_crane_and_one_hears_who_has_it() {
    let hub = hub().await;
    let (_, wang) = hub.signed_in_as(Post::Dispatcher, "wang.min", "王调度").await;
    let (_, li) = hub.signed_in_as(Post::Dispatcher, "li.ming", "李调度").await;
    let first = hub.call_for_help("一号罐区需要吊车", Priority::P1).await;
    let second = hub.call_for_help("二号码头需要吊车", Priority::P1).await;
    let (one, other) = (format!("/board/{}", first.name), format!("/board/{}", second.name));
    let seen_by_wang = hub.get(&one, &wang).await;
    let seen_by_li = hub.get(&other, &li).await;
    assert!(seen_by_li.text.contains("50 吨汽车吊"), "{}", seen_by_li.text);

    let won = hub.send_form(&seen_by_wang, "order-1-", &wang, &[]).await;
    assert_eq!((won.status, won.location()), (StatusCode::SEE_OTHER, &*format!("{one}?done=1")));
    let lost = hub.send_form(&seen_by_li, "order-1-", &li, &[("overcommit", "1")]).await;
    assert_eq!(lost.status, StatusCode::CONFLICT);
    assert!(lost.text.contains("已被占用：“一号罐区需要吊车”"), "{}", lost.text);
    assert!(lost.text.contains("role=\"alert\""));
    assert_eq!(hub.assignments(&second.name).await, []);
    assert_eq!(hub.assignments(&first.name).await.len(), 1);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_done_once() {
    let hub = hub().await;
    let (_, cookie) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    let request = hub.call_for_help("需要吊车", Priority::P1).await;
    let page = hub.get(&format!("/board/{}", request.name), &cookie).await;
    let once = hub.send_form(&page, "order-1-", &cookie, &[]).await;
    let twice = hub.send_form(&page, "order-1-", &cookie, &[]).await;
    assert_eq!((once.status, twice.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER), "{}", twice.text);
    assert_eq!(hub.assignments(&request.name).await.len(), 1);
    let question =
        wire::ListTimelineRequest { name: request.name.clone(), ..wire::ListTimelineRequest::default() };
    let entries = hub.ask::<rpc::ListTimeline>(question).await.entries;
    assert_eq!(entries.iter().filter(|entry| entry.event == "ORDERED").count(), 1, "{entries:?}");

    // Told twice, an authority is told once.
    let board = hub.get("/board", &cookie).await;
    for _ in 0..2 {
        let sent = hub.send_form(&board, "report-", &cookie, &[("authority", "119")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    let incident = hub.ask::<rpc::GetIncident>(wire::GetIncidentRequest { name: request.incident }).await;
    assert_eq!(incident.reports.len(), 1);
}

#[tokio::test]
async fn a_regulator_sees_everything_and_can_do_nothing() {
    let hub = hub().await;
    let (_, dispatcher) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    let (_, regulator) = hub.signed_in(Post::Regulator, "ju.wei").await;
    let request = hub.call_for_help("需要吊车", Priority::P1).await;
    let path = format!("/board/{}", request.name);
    for path in ["/board", "/board/wall", &path] {
        let page = hub.get(path, &regulator).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("需要吊车"), "{path}");
        assert!(!page.text.contains("id=\"form-"), "{path}: {}", page.text);
    }
    let page = hub.get(&path, &dispatcher).await;
    let refused = hub.send_form(&page, "order-1-", &regulator, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(hub.assignments(&request.name).await, []);
}

#[tokio::test]
async fn from_the_call_to_the_review_without_a_script() {
    let hub = hub().await;
    let (_, cookie) = hub.signed_in(Post::Council, "qian.wu").await;
    let request = hub.call_for_help("需要吊车", Priority::P2).await;
    let path = format!("/board/{}", request.name);
    let board = hub.get("/board", &cookie).await;
    assert!(board.text.contains(&path) && board.text.contains("缺 1"), "{}", board.text);
    hub.does(&path, "accept", &cookie, &[]).await;
    let ordered = hub.does(&path, "order-1-", &cookie, &[("quantity", "1")]).await;
    assert!(ordered.text.contains("已落实 1，缺 0"), "{}", ordered.text);
    let of = hub.assignments(&request.name).await.pop().unwrap();
    let of = id(&of.name);
    hub.does(&path, &format!("confirm-{of}"), &cookie, &[("eta_seconds", "15")]).await;
    let order = hub.get(&format!("/board/assignments/{of}/order"), &cookie).await;
    assert!(order.status == StatusCode::OK && order.text.contains("50 吨汽车吊"), "{}", order.text);
    for (verb, typed) in [
        ("depart", &[("head_count", "4")][..]),
        ("arrive", &[]),
        ("head-count", &[("people", "4")]),
        ("release", &[]),
        ("return", &[]),
        ("settle", &[("cost_fen", "1200.50")]),
    ] {
        hub.does(&path, &format!("{verb}-{of}"), &cookie, typed).await;
    }
    let settled = hub.assignments(&request.name).await.pop().unwrap();
    assert_eq!(settled.state(), wire::AssignmentState::Settled);
    assert_eq!(settled.settlement.unwrap().cost_fen, 120_050);
    hub.does(&path, "stand-down", &cookie, &[("reason", "险情已排除")]).await;
    hub.does(&path, "close", &cookie, &[]).await;
    let reviewed =
        hub.does(&path, "review", &cookie, &[("text", "吊车到得及时"), ("lessons", "备用道路")]).await;
    assert!(
        reviewed.text.contains("吊车到得及时") && reviewed.text.contains("（调度员，电话） · 代 "),
        "{}",
        reviewed.text
    );
    let closed = hub.does("/board", "close-", &cookie, &[]).await;
    assert!(closed.text.contains("class=\"empty\""), "the board is empty again: {}", closed.text);
}

#[tokio::test]
async fn what_is_wrong_stands_beside_what_was_typed() {
    let hub = hub().await;
    let (_, cookie) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    let request = hub.call_for_help("需要吊车", Priority::P1).await;
    let page = hub.get(&format!("/board/{}", request.name), &cookie).await;
    let wrong = hub.send_form(&page, "stand-down", &cookie, &[("reason", " ")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("stand-down-reason-wrong"), "{}", wrong.text);
    let wrong = hub.send_form(&page, "order-1-", &cookie, &[("quantity", "<两>")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("value=\"&#60;两&#62;\""), "{}", wrong.text);
    let (_, old) = form_of(&page.text, "order-1-");
    let (_, new) = form_of(&wrong.text, "order-1-");
    assert_ne!(old.first("key"), new.first("key"), "a refused key answers for ever as it did");
    let late = hub.send_form(&page, "accept", &cookie, &[("version", "99")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("已被他人更新"), "{}", late.text);
}

#[tokio::test]
async fn dispatchers_know_of_each_other() {
    let hub = hub().await;
    let (_, wang) = hub.signed_in_as(Post::Dispatcher, "wang.min", "王调度").await;
    let (_, li) = hub.signed_in_as(Post::Dispatcher, "li.ming", "李调度").await;
    let path = format!("/board/{}", hub.call_for_help("需要吊车", Priority::P1).await.name);
    let alone = hub.get(&path, &wang).await;
    assert!(!alone.text.contains("正在处理：王调度"), "not to oneself");
    let page = hub.get(&path, &li).await;
    assert!(page.text.contains("正在处理：王调度"), "{}", page.text);
}

#[tokio::test]
async fn a_call_by_telephone_becomes_an_incident_and_a_request_once() {
    let hub = hub().await;
    let (_, cookie) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    let page = hub.get("/board/new", &cookie).await;
    let (_, fields) = form_of(&page.text, "new");
    assert_eq!(fields.first("incident.place.latitude"), "31.30000", "the middle of what there is");
    let send = async |typed: &[(&str, &str)]| {
        let fields =
            typed.iter().fold(fields.clone(), |fields, (name, value)| fields.without(name).and(name, value));
        hub.post("/board/new", &cookie, fields.query().trim_start_matches('?')).await
    };
    let wrong = send(&[("incident.title", "<泄漏>")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("value=\"&#60;泄漏&#62;\""), "{}", wrong.text);
    assert!(wrong.text.contains("new-request.lines[0].what-wrong"), "{}", wrong.text);
    assert!(!wrong.text.contains("new-request.title-wrong"), "it may go by the incident's name");
    let told = [
        ("incident.title", "三号罐区泄漏"),
        ("incident.place.address", "三号罐区"),
        ("request.requester", "members/jinsuo-chem"),
        ("request.title", "需要吊车"),
        ("request.contact.name", "李工"),
        ("request.contact.phone", "13900000000"),
        ("request.lines[0].resource_kind", "vehicle"),
        ("request.lines[0].what", "汽车吊"),
    ];
    let (once, twice) = (send(&told).await, send(&told).await);
    assert_eq!(once.status, StatusCode::SEE_OTHER, "{}", once.text);
    assert_eq!(once.location(), twice.location(), "{}", twice.text);
    let board = hub.get("/board", &cookie).await;
    assert_eq!(board.text.matches("class=\"aid\"").count(), 1, "{}", board.text);
    let shown = hub.get(once.location(), &cookie).await;
    assert!(shown.text.contains("50 吨汽车吊"), "{}", shown.text);
    let request = &shown.text.split("/board/requests/").nth(1).unwrap()[..36];
    let edxl = hub.get(&format!("/board/requests/{request}/edxl-rm.xml"), &cookie).await;
    assert!(edxl.text.contains("RequestResource"), "{}", edxl.text);
    let plan = hub.get("/board/map", &cookie).await;
    assert!(plan.text.contains("class=\"scene\"") && plan.text.contains("三号罐区泄漏"), "{}", plan.text);
    let incident = board.text.split("/board/incidents/").nth(1).unwrap().split('/').next().unwrap();
    let cap = hub.get(&format!("/board/incidents/{incident}/cap.xml"), &cookie).await;
    assert!(cap.text.contains("urn:oasis:names:tc:emergency:cap:1.2"), "{}", cap.text);
    let more = hub.get(&format!("/board/new?incident={incident}"), &cookie).await;
    assert!(more.text.contains("三号罐区泄漏") && !more.text.contains("incident.title"), "{}", more.text);
}

#[tokio::test]
async fn an_empty_board_says_what_to_do() {
    let hub = Hub::open().await;
    let (_, cookie) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    let board = hub.get("/board", &cookie).await;
    assert!(board.text.contains("class=\"empty\"") && board.text.contains("href=\"/board/new\""));
    let unknown = hub.get("/board/requests/01890a5d-ac96-774b-bcce-b302099a8057", &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(hub.get("/board/requests/x", &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_that_follows_hears_of_changes_until_the_hub_stops() {
    let hub = hub().await;
    let (_, cookie) = hub.signed_in_as(Post::Dispatcher, "wang.min", "王调度").await;
    let asked = |last: &str| {
        let request = request("GET", "/board/events").header(header::COOKIE, &cookie);
        let mut request = request.header("last-event-id", last).body(Body::empty()).unwrap();
        request.extensions_mut().insert(PeerAddr("127.0.0.1:5000".parse().unwrap()));
        hub.router.clone().oneshot(request)
    };
    let mut events = asked("0").await.unwrap().into_body().into_data_stream();
    let mut next =
        async || events.next().await.map(|event| String::from_utf8(event.unwrap().to_vec()).unwrap());
    let first = next().await.unwrap();
    assert!(
        first.contains("event: beat") && first.contains("retry: ") && first.contains("王调度"),
        "{first}"
    );
    hub.call_for_help("需要吊车", Priority::P1).await;
    let change = next().await.unwrap();
    assert!(change.contains("event: change\n") && change.ends_with("\n\n"), "{change}");

    // Who was away hears at once that there is something, and who comes from another time begins anew.
    for (last, kind) in [("1", "event: change\n"), ("4000000", "event: reset\n")] {
        let mut events = asked(last).await.unwrap().into_body().into_data_stream();
        let first = events.next().await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&first).contains(kind), "{first:?}");
    }
    hub.stopping.cancel();
    while next().await.is_some() {}
}
