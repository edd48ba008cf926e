//! What else dispatchers do, without a script: change and merge requests, plan jointly, close areas, take from others, book
//! what is offered.

use http::StatusCode;
use shouwang_proto::{mutual_aid::term::Priority, wire};

use super::{
    Answer, Hub,
    board::{context, form_of, hub, id},
};
use crate::{council::permission::rpc, mutual_aid::trial, people::account::Post};

impl Hub {
    async fn dispatcher(&self) -> String {
        self.signed_in_as(Post::Dispatcher, "wang.min", "王调度").await.1
    }

    async fn request_now(&self, name: &str) -> wire::MutualAidRequest {
        self.ask::<rpc::GetRequest>(wire::GetRequestRequest { name: name.to_owned() }).await
    }

    /// Somebody else reports in the same incident, and asks for pumps.
    async fn reported_again(&self, first: &wire::MutualAidRequest, title: &str) -> wire::MutualAidRequest {
        let line = wire::NeedLine {
            resource_kind: "equipment".to_owned(),
            what: "防爆泵".to_owned(),
            requested: 2,
            unit: "1".to_owned(),
            ..wire::NeedLine::default()
        };
        let request = wire::MutualAidRequest {
            incident: first.incident.clone(),
            requester: first.requester.clone(),
            priority: first.priority,
            title: title.to_owned(),
            contact: first.contact.clone(),
            lines: vec![line],
            ..wire::MutualAidRequest::default()
        };
        let submit = wire::SubmitRequestRequest {
            context: context(),
            request: Some(request),
            draft: false,
            expected_version: 0,
        };
        self.ask::<rpc::SubmitRequest>(submit).await
    }

    /// Looks at a page that must be there.
    async fn look(&self, path: &str, cookie: &str) -> Answer {
        let page = self.get(path, cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        page
    }
}

#[tokio::test]
async fn a_request_is_changed_once_and_never_over_somebody_elses_change() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    let request = hub.call_for_help("需要吊车", Priority::P2).await;
    let path = format!("/board/{}", request.name);
    assert!(hub.look(&path, &cookie).await.text.contains(&format!("{path}/amend")));
    let page = hub.look(&format!("{path}/amend"), &cookie).await;
    let typed = [
        ("request.title", "吊车不用了，要泵"),
        ("request.lines[0].requested", "0"),
        ("request.lines[1].what", "防爆泵"),
        ("request.lines[1].requested", "2"),
        ("request.lines[1].needed_by", "2027-01-02 08:30"),
    ];
    let mut wrong = typed;
    wrong[3].1 = "两台";
    let refused = hub.send_form(&page, "new", &cookie, &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("new-request.lines[1].requested-wrong"), "{}", refused.text);
    assert!(refused.text.contains("value=\"两台\"") && refused.text.contains("value=\"吊车不用了，要泵\""));

    for _ in 0..2 {
        let sent = hub.send_form(&page, "new", &cookie, &typed).await;
        assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, &*format!("{path}?done=1")));
    }
    let now = hub.request_now(&request.name).await;
    assert_eq!(
        (now.version, now.lines.len(), now.title.as_str()),
        (request.version + 1, 2, "吊车不用了，要泵")
    );
    assert_eq!((now.lines[0].requested, now.lines[1].requested), (0, 2));
    assert!(now.lines[1].needed_by.is_some());

    let stale = [("request.title", "又改回吊车"), ("key", "01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a51")];
    let late = hub.send_form(&page, "new", &cookie, &stale).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert!(late.text.contains("已被他人更新") && late.text.contains("又改回吊车"), "{}", late.text);
    let (_, again) = form_of(&late.text, "new");
    assert_eq!(again.first("version"), request.version.to_string(), "what is old stays old");
    assert_eq!(hub.request_now(&request.name).await.version, now.version);
}

#[tokio::test]
async fn two_reports_of_the_same_become_one_and_no_need_is_lost() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    let first = hub.call_for_help("需要吊车", Priority::P2).await;
    let again = hub.reported_again(&first, "同一事故，要泵").await;
    let elsewhere = hub.call_for_help("别处的事", Priority::P2).await;
    let path = format!("/board/{}/merge", again.name);
    let page = hub.look(&path, &cookie).await;
    assert!(page.text.contains("需要吊车") && !page.text.contains("别处的事"), "{}", page.text);
    let form = format!("merge-{}", id(&first.name));
    let stale = [("into_version", "99"), ("key", "01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a52")];
    let refused = hub.send_form(&page, &form, &cookie, &stale).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("role=\"alert\""));
    let elsewhere = [("into", elsewhere.name.as_str()), ("key", "01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a53")];
    let refused = hub.send_form(&page, &form, &cookie, &elsewhere).await;
    assert!(refused.status.is_client_error() && refused.text.contains("role=\"alert\""), "{}", refused.text);

    assert!(page.text.contains("name=\"carry-1\" type=\"checkbox\" value=\"1\" checked"), "{}", page.text);
    for _ in 0..2 {
        let merged = hub.send_form(&page, &form, &cookie, &[("carry-1", "1")]).await;
        let goes_on = format!("/board/{}?done=1", first.name);
        assert_eq!((merged.status, merged.location()), (StatusCode::SEE_OTHER, &*goes_on), "{}", merged.text);
    }
    let (ended, goes_on) = (hub.request_now(&again.name).await, hub.request_now(&first.name).await);
    assert_eq!((ended.state(), &ended.merged_into), (wire::RequestState::Merged, &first.name));
    assert_eq!((goes_on.lines.len(), goes_on.lines[1].what.as_str()), (2, "防爆泵"));
    assert!(!hub.look(&format!("/board/{}", again.name), &cookie).await.text.contains("/merge\""));
}

#[tokio::test]
async fn a_joint_plan_is_looked_at_and_ordered_by_line_and_whole() {
    let hub = hub().await;
    trial::put(&hub.aid, trial::offered("north-steel", 2, 1.0, false));
    let cookie = hub.dispatcher().await;
    let one = hub.call_for_help("一号罐区需要吊车", Priority::P1).await;
    let two = hub.call_for_help("二号码头需要吊车", Priority::P1).await;
    assert!(hub.look("/board", &cookie).await.text.contains("href=\"/board/plans\""));
    let start = hub.look("/board/plans", &cookie).await;
    let wrong = hub.send_form(&start, "plan", &cookie, &[("basis", "whim")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("plan-basis-wrong"), "{}", wrong.text);
    let made = hub.send_form(&start, "plan", &cookie, &[]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let plan = made.location().to_owned();
    let page = hub.look(&plan, &cookie).await;
    for words in
        ["一号罐区需要吊车", "二号码头需要吊车", "50 吨汽车吊", "逐行取最优", "id=\"form-apply-all\""]
    {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!((hub.assignments(&one.name).await, hub.assignments(&two.name).await), (vec![], vec![]));

    for _ in 0..2 {
        let applied = hub.send_form(&page, "apply-1", &cookie, &[]).await;
        assert_eq!(applied.status, StatusCode::OK, "{}", applied.text);
        assert!(
            applied.text.contains("已下令待确认") && !applied.text.contains("form-apply-1\""),
            "{}",
            applied.text
        );
    }
    let sent = hub.assignments(&one.name).await.len() + hub.assignments(&two.name).await.len();
    assert_eq!(sent, 1, "one line alone, and once");
    let whole = hub.send_form(&page, "apply-all", &cookie, &[]).await;
    assert_eq!(whole.status, StatusCode::OK, "{}", whole.text);
    assert_eq!(hub.assignments(&one.name).await.len() + hub.assignments(&two.name).await.len(), 2);
    let now = hub.look(&plan, &cookie).await;
    assert!(!now.text.contains("id=\"form-apply"), "all of it is ordered: {}", now.text);
    let unknown = hub.get("/board/plans/01931e5c-8f4d-7cc3-9a0b-2f1d6e5b4a39", &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_line_of_a_plan_that_comes_too_late_is_refused_in_words() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    let planned = hub.call_for_help("一号罐区需要吊车", Priority::P1).await;
    let made = hub.send_form(&hub.look("/board/plans", &cookie).await, "plan", &cookie, &[]).await;
    let page = hub.look(made.location(), &cookie).await;
    let faster = hub.call_for_help("二号码头需要吊车", Priority::P1).await;
    hub.does(&format!("/board/{}", faster.name), "order-1-", &cookie, &[]).await;
    let late = hub.send_form(&page, "apply-1", &cookie, &[]).await;
    assert_eq!(late.status, StatusCode::OK);
    assert!(late.text.contains("role=\"alert\"") && late.text.contains("已被占用"), "{}", late.text);
    assert_eq!(hub.assignments(&planned.name).await, []);
}

#[tokio::test]
async fn an_area_is_closed_on_the_plan_once_and_opened_again() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    hub.call_for_help("苯罐泄漏", Priority::P1).await;
    let page = hub.look("/board/map", &cookie).await;
    let wrong = hub.send_form(&page, "closure", &cookie, &[("radius", "0"), ("reason", "苯")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text.contains("closure-radius-wrong") && wrong.text.contains("value=\"苯\""),
        "{}",
        wrong.text
    );
    let typed =
        [("kind", "plume"), ("wind", "n"), ("radius", "400"), ("minutes", "90"), ("reason", "苯蒸气<云>")];
    for _ in 0..2 {
        let sent = hub.send_form(&page, "closure", &cookie, &typed).await;
        assert_eq!(
            (sent.status, sent.location()),
            (StatusCode::SEE_OTHER, "/board/map?done=1"),
            "{}",
            sent.text
        );
    }
    let closed = hub.look("/board/map", &cookie).await;
    assert_eq!(closed.text.matches("<polygon class=\"plume\"").count(), 1, "{}", closed.text);
    assert!(closed.text.contains("苯蒸气&#60;云&#62;"), "{}", closed.text);
    let (_, regulator) = hub.signed_in(Post::Regulator, "ju.wei").await;
    let seen = hub.look("/board/map", &regulator).await;
    assert!(seen.text.contains("<polygon") && !seen.text.contains("id=\"form-"), "{}", seen.text);

    let opened = hub.does("/board/map", "open-", &cookie, &[]).await;
    assert!(!opened.text.contains("<polygon"), "{}", opened.text);
    let again = hub.send_form(&closed, "open-", &cookie, &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "it is open already: {}", again.text);
}

#[tokio::test]
async fn life_in_danger_takes_from_the_less_urgent_with_a_reason() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    let low = hub.call_for_help("清理现场用吊车", Priority::P3).await;
    let path = format!("/board/{}", low.name);
    hub.does(&path, "accept", &cookie, &[]).await;
    hub.does(&path, "order-1-", &cookie, &[]).await;
    let middle = hub.call_for_help("加固用吊车", Priority::P2).await;
    hub.does(&format!("/board/{}", middle.name), "accept", &cookie, &[]).await;
    let other = hub.look(&format!("/board/{}", middle.name), &cookie).await;
    assert!(!other.text.contains("form-preempt-"), "only where life is in danger");

    let urgent = hub.call_for_help("有人被压", Priority::P1).await;
    let page = hub.look(&format!("/board/{}", urgent.name), &cookie).await;
    assert!(page.text.contains("清理现场用吊车"), "{}", page.text);
    let wrong = hub.send_form(&page, "preempt-1-", &cookie, &[]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("preempt_reason-wrong"), "{}", wrong.text);
    let taken = hub.send_form(&page, "preempt-1-", &cookie, &[("preempt_reason", "压人，需立即起吊")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    assert_eq!(hub.assignments(&low.name).await[0].state(), wire::AssignmentState::StoodDown);
    assert_eq!(hub.assignments(&urgent.name).await[0].state(), wire::AssignmentState::Held);
    let told = hub.look(&path, &cookie).await;
    assert!(told.text.contains("压人，需立即起吊"), "{}", told.text);
}

#[tokio::test]
async fn what_an_owner_offers_unasked_is_booked_on_its_behalf() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    let request = hub.call_for_help("需要吊车", Priority::P1).await;
    let path = format!("/board/{}", request.name);
    let page = hub.look(&path, &cookie).await;
    let wrong = hub.send_form(&page, "unasked-1", &cookie, &[("eta_seconds", "soon")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("unasked-1-eta_seconds-wrong"), "{}", wrong.text);
    let typed = [("eta_seconds", "15"), ("conditions", "自带司机")];
    for _ in 0..2 {
        let sent = hub.send_form(&page, "unasked-1", &cookie, &typed).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    let booked = hub.assignments(&request.name).await;
    let [offer] = booked.as_slice() else { panic!("{booked:?}") };
    assert_eq!((offer.state(), offer.unsolicited), (wire::AssignmentState::Offered, true));
    let now = hub.look(&path, &cookie).await;
    assert!(now.text.contains("主动应援") || now.text.contains("自带司机"), "{}", now.text);
    assert!(now.text.contains(" · 代 "), "said on behalf of its owner: {}", now.text);
}

#[tokio::test]
async fn aid_that_came_by_itself_is_booked_also_when_nothing_is_missing() {
    let hub = hub().await;
    let cookie = hub.dispatcher().await;
    let request = hub.call_for_help("需要吊车", Priority::P1).await;
    let path = format!("/board/{}", request.name);
    let page = hub.look(&path, &cookie).await;
    assert!(page.text.contains("登记自行到达的支援"), "{}", page.text);
    let wrong = hub.send_form(&page, "arrived", &cookie, &[("quantity", "0")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("arrived-quantity-wrong"), "{}", wrong.text);
    for _ in 0..2 {
        let sent = hub.send_form(&page, "arrived", &cookie, &[("note", "自行赶到<现场>")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    let booked = hub.assignments(&request.name).await;
    let [one] = booked.as_slice() else { panic!("{booked:?}") };
    assert_eq!((one.state(), one.self_deployed), (wire::AssignmentState::OnScene, true));
    let met = hub.look(&path, &cookie).await;
    assert!(met.text.contains("自行赶到&#60;现场&#62;") && met.text.contains(" · 代 "), "{}", met.text);
    assert!(met.text.contains("id=\"form-arrived\""), "more may come than is needed: {}", met.text);
    let (_, regulator) = hub.signed_in(Post::Regulator, "ju.wei").await;
    let refused = hub.send_form(&met, "arrived", &regulator, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
