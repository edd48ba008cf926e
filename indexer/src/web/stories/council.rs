//! What the council sees and does.

use http::StatusCode;
use shouwang_proto::{mutual_aid::term::Priority, wire};
use shouwang_serving::alerts::{AlertChannel, AlertOutcome, AlertRows as _};

use super::{Hub, board, joined, quarantine};
use crate::{
    council::permission::rpc, mutual_aid::council_duty::CouncilAlerts, people::account::Post, store,
};

#[tokio::test]
async fn a_member_is_invited_suspended_and_taken_back() {
    let hub = Hub::open().await;
    let (_, operator) = hub.signed_in(Post::Operator, "operator").await;
    let wrong =
        hub.post("/members", &operator, "member_id=Bad+Id&groups=hot-work,alliance&valid_hours=x").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text.contains("valid_hours-wrong") && wrong.text.contains("value=\"Bad Id\""),
        "{}",
        wrong.text
    );
    assert!(wrong.text.contains("member_id-wrong") && wrong.text.contains("第 2 项"), "{}", wrong.text);

    let form = "member_id=lianyi-dyes&display_name=%E8%81%94%E7%9B%8A%E6%9F%93%E6%96%99&groups=hot-work%EF%BC%8Cheights";
    let invited = hub.post("/members", &operator, form).await;
    assert_eq!(invited.status, StatusCode::OK);
    assert!(invited.text.contains("shouwang-invite:1:hub.example:8440:"), "{}", invited.text);
    let list = hub.get("/members", &operator).await;
    assert!(!list.text.contains("shouwang-invite:"), "it is shown once");
    assert!(list.text.contains("href=\"/members/lianyi-dyes\"") && list.text.contains("heights、hot-work"));

    let unreasoned = hub.post("/members/hengrui-foundry/suspend", &operator, "reason=").await;
    assert_eq!(unreasoned.status, StatusCode::BAD_REQUEST);
    assert!(unreasoned.text.contains("reason-wrong"));
    let suspended = hub.post("/members/hengrui-foundry/suspend", &operator, "reason=overdue").await;
    assert_eq!(suspended.status, StatusCode::OK);
    assert!(
        suspended.text.contains("/members/hengrui-foundry/reinstate") && suspended.text.contains("已暂停")
    );
    let back = hub.post("/members/hengrui-foundry/reinstate", &operator, "").await;
    assert!(back.text.contains("/members/hengrui-foundry/suspend"), "{}", back.text);
    let grouped = hub.post("/members/hengrui-foundry/groups", &operator, "groups=hot-work+hot-work").await;
    assert!(grouped.text.contains("value=\"hot-work hot-work\"") && grouped.text.contains("groups-wrong"));
    let grouped = hub.post("/members/hengrui-foundry/groups", &operator, "groups=hot-work").await;
    assert!(grouped.text.contains("value=\"hot-work\"") && grouped.text.contains("role=\"status\""));
    for nobody in ["/members/no-such", "/members/No%20Name"] {
        assert_eq!(hub.get(nobody, &operator).await.status, StatusCode::NOT_FOUND, "{nobody}");
    }
    let audit = hub.get("/audit?area=member", &operator).await;
    for done in ["member.invite", "member.suspend", "member.reinstate", "member.set-groups"] {
        assert!(audit.text.contains(done), "{done}: {}", audit.text);
    }
    assert!(!audit.text.contains("account.take-link"), "{}", audit.text);
}

#[tokio::test]
async fn the_council_looks_and_the_operator_changes() {
    let hub = Hub::open().await;
    let (_, council) = hub.signed_in(Post::Council, "council").await;
    let list = hub.get("/members", &council).await;
    assert!(list.text.contains("/members/hengrui-foundry") && !list.text.contains("action=\"/members\""));
    assert!(list.text.contains("href=\"/members\" aria-current=\"page\""), "{}", list.text);
    let member = hub.get("/members/hengrui-foundry", &council).await;
    assert_eq!(member.status, StatusCode::OK);
    assert!(!member.text.contains("/suspend\"") && !member.text.contains("/groups\""));
    let refused = hub.post("/members/hengrui-foundry/suspend", &council, "reason=x").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_in_quarantine_is_shown_with_its_reason_and_tried_again() {
    let trial = joined().await;
    quarantine(&trial).await;
    let hub = Hub::on(trial).await;
    let (_, operator) = hub.signed_in(Post::Operator, "operator").await;
    let list = hub.get("/members", &operator).await;
    assert!(list.text.contains("/members/hengrui-foundry#quarantine"), "{}", list.text);
    let member = hub.get("/members/hengrui-foundry", &operator).await;
    assert!(member.text.contains("CONTENT_INVALID") && member.text.contains("/retry\""), "{}", member.text);
    let tried = hub.post("/members/hengrui-foundry/retry", &operator, "").await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
    assert!(tried.text.contains("仍隔离 1 条"), "{}", tried.text);
}

#[tokio::test]
async fn synonyms_are_added_changed_and_deleted() {
    let hub = Hub::open().await;
    let (_, council) = hub.signed_in(Post::Council, "council").await;
    let one = hub.post("/thesaurus", &council, "terms=%E5%8A%A8%E7%81%AB").await;
    assert_eq!(one.status, StatusCode::BAD_REQUEST);
    assert!(one.text.contains("terms-wrong") && one.text.contains(">动火</textarea>"), "{}", one.text);
    let doubled = hub.post("/thesaurus", &council, "terms=LOTO%0D%0Aloto").await;
    assert!(doubled.text.contains("第 2 项"), "{}", doubled.text);
    let put = hub.post("/thesaurus", &council, "terms=%E5%8A%A8%E7%81%AB%0D%0Ahot+work").await;
    assert_eq!(put.status, StatusCode::OK);
    assert!(put.text.contains("动火、hot work"));
    let id = put.text.split("/thesaurus?edit=").nth(1).unwrap()[..36].to_owned();
    let edit = hub.get(&format!("/thesaurus?edit={id}"), &council).await;
    assert!(edit.text.contains(">动火\nhot work</textarea>"), "{}", edit.text);
    hub.post("/thesaurus", &council, &format!("id={id}&terms=%E5%8A%A8%E7%81%AB%0Awelding")).await;
    let found = hub.get("/thesaurus?q=dh", &council).await;
    assert!(found.text.contains("动火、welding") && !found.text.contains("hot work"), "{}", found.text);
    assert!(!hub.get("/thesaurus?q=yxkj", &council).await.text.contains("动火、"));

    let (_, reader) = hub.signed_in(Post::SafetyManager, "wang.min").await;
    let looked = hub.get("/thesaurus", &reader).await;
    assert!(looked.text.contains("动火、welding") && !looked.text.contains("<textarea"));
    assert!(!looked.text.contains("href=\"/audit\""), "the council's other pages are not for everybody");
    assert_eq!(hub.post(&format!("/thesaurus/{id}/delete"), &council, "").await.status, StatusCode::OK);
    assert_eq!(
        hub.post(&format!("/thesaurus/{id}/delete"), &council, "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_audit_log_is_searched_paged_and_checked() {
    let hub = Hub::open().await;
    let (_, council) = hub.signed_in(Post::Council, "council").await;
    for number in 0..60 {
        let put = hub.post("/thesaurus", &council, &format!("terms=a{number}%0Ab{number}")).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    }
    let first = hub.get("/audit?area=thesaurus&actor=%E7%8E%8B%E6%95%8F", &council).await;
    assert_eq!(first.text.matches("thesaurus.put").count(), 50);
    let next = first.text.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let rest = hub.get(&next.replace("&#38;", "&"), &council).await;
    assert_eq!(rest.text.matches("thesaurus.put").count(), 10, "{next}");
    let percent = hub.get("/audit?actor=100%25", &council).await;
    assert!(!percent.text.contains("thesaurus.put"), "% is a percent sign and nothing else");
    let none = hub.get("/audit?area=thesaurus&until=2020-01-01", &council).await;
    assert!(!none.text.contains("thesaurus.put"));
    assert_eq!(hub.get("/audit?from=soon", &council).await.status, StatusCode::BAD_REQUEST);

    let whole = hub.post("/audit/check", &council, "").await;
    assert!(whole.text.contains("链条完整"), "{}", whole.text);
    hub.trial.store.write(async |tx| store::audit::audit_spoil(tx, 3).await).await.unwrap();
    let broken = hub.post("/audit/check", &council, "").await;
    assert!(broken.text.contains("第 3 行缺失或被改动"), "{}", broken.text);
}

#[tokio::test]
async fn charts_are_drawings_with_their_numbers_beside_them() {
    let hub = Hub::open().await;
    let (_, council) = hub.signed_in(Post::Council, "council").await;
    let asked = hub.call_for_help("需要汽车吊", Priority::P1).await;
    let accept = wire::AcceptRequestRequest {
        context: board::context(),
        name: asked.name,
        expected_version: asked.version,
    };
    assert!(hub.ask::<rpc::AcceptRequest>(accept).await.acknowledge_time.is_some());
    let page = hub.get("/charts", &council).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.text.matches("<td>需要汽车吊</td>").count(), 3, "one row for each of three times");
    assert!(page.text.contains("1 次中有 1 次在 3 分钟内"), "{}", page.text);
    assert!(page.text.contains("class=\"bar p1\""), "{}", page.text);
    assert_eq!(page.text.matches("role=\"img\"").count(), 6);
    assert!(page.text.matches("<table>").count() >= 3, "weeks have rows also when there is nothing");
    assert!(page.text.contains("北方化工"), "{}", page.text);
}

#[tokio::test]
async fn programs_read_members_and_what_there_is_to_read() {
    let hub = Hub::open().await;
    let document = hub.get("/api/v1/openapi.json", "").await;
    assert_eq!(document.status, StatusCode::OK);
    let document: serde_json::Value = serde_json::from_str(&document.text).unwrap();
    assert_eq!(
        (&document["openapi"], &document["servers"][0]["url"]),
        (&"3.1.0".into(), &"https://hub.example".into())
    );
    let (_, council) = hub.signed_in(Post::Council, "council").await;
    let members = hub.get("/api/v1/members", &council).await;
    let members: serde_json::Value = serde_json::from_str(&members.text).unwrap();
    let listed = members["members"].as_array().unwrap();
    let one = listed.iter().find(|member| member["name"] == "members/hengrui-foundry").unwrap();
    assert_eq!(one["link"]["connected"], false);
    assert_eq!(hub.get("/api/v1/members/no-such", &council).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn feeds_are_for_those_who_may_see_them() {
    let hub = Hub::open().await;
    let (account, _) = hub.signed_in(Post::SafetyManager, "wang.min").await;
    let token = hub.token(&account).await;
    for (path, media, begins) in [
        ("/api/v1/publications.atom?kind=course", "application/atom+xml", "<?xml"),
        ("/api/v1/courses.ics", "text/calendar", "BEGIN:VCALENDAR"),
    ] {
        let asked = |secret: &str| {
            let request = super::request("GET", path).header("authorization", format!("Bearer {secret}"));
            hub.send(request.body(axum::body::Body::empty()).unwrap())
        };
        let feed = asked(&token).await;
        assert_eq!(feed.status, StatusCode::OK, "{}", feed.text);
        assert!(feed.headers["content-type"].to_str().unwrap().starts_with(media));
        assert!(feed.text.starts_with(begins), "{}", feed.text);
        assert_eq!(asked("0").await.status, StatusCode::UNAUTHORIZED);
        let sep = if path.contains('?') { '&' } else { '?' };
        let in_address = hub.get(&format!("{path}{sep}token={token}"), "").await;
        assert_eq!(in_address.status, StatusCode::UNAUTHORIZED, "a token in the address is not looked at");
    }
}

#[tokio::test]
async fn a_test_alert_waits_in_a_row_until_its_hook_has_taken_it() {
    let hub = Hub::open().await;
    let (_, operator) = hub.signed_in(Post::Operator, "operator").await;
    let page = hub.get("/alerts", &operator).await;
    assert!(page.text.contains("钱值班") && page.text.contains("action=\"/alerts/test\""), "{}", page.text);
    let sent = hub.post("/alerts/test", &operator, "").await;
    assert_eq!(sent.status, StatusCode::OK);
    assert!(sent.text.contains("等待发送") && sent.text.contains("这是一次测试"), "{}", sent.text);

    let (now, channel) = (hub.world.now(), AlertChannel::Command);
    let alerts = CouncilAlerts::new(hub.aid.clone());
    let (due, _) = alerts.due(channel, now, 9).await.unwrap();
    let [alert] = &due[..] else { panic!("{due:?}") };
    let body: serde_json::Value = serde_json::from_str(&alert.body).unwrap();
    assert_eq!((&body["event"], &body["by"]), (&"test".into(), &"王敏".into()));
    let later = now + jiff::SignedDuration::from_secs(60);
    alerts.put_off(alert, "exit code 7".to_owned(), later).await.unwrap();
    let again = hub.get("/alerts", &operator).await;
    assert!(again.text.contains("稍后重试") && again.text.contains("exit code 7"), "{}", again.text);
    alerts.settle(alert, channel, AlertOutcome::Delivered, now).await.unwrap();
    assert!(hub.get("/alerts", &operator).await.text.contains("已送达"));
    assert!(hub.get("/audit?area=alert", &operator).await.text.contains("alert.test"));

    let (_, council) = hub.signed_in(Post::Council, "council").await;
    let looked = hub.get("/alerts", &council).await;
    assert!(looked.text.contains("已送达") && !looked.text.contains("action=\"/alerts/test\""));
}

#[tokio::test]
async fn incidents_are_read_as_json_as_cap_and_as_a_feed() {
    let hub = Hub::open().await;
    let (_, dispatcher) = hub.signed_in(Post::Dispatcher, "dispatcher").await;
    let asked = hub.call_for_help("泄漏", Priority::P1).await;
    let path = asked.incident;
    let id = path.rsplit('/').next().unwrap();
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let list = json(&hub.get("/api/v1/incidents?state=open&mode=actual", &dispatcher).await.text);
    assert_eq!(list["incidents"][0]["name"], path.as_str());
    assert_eq!(
        json(&hub.get(&format!("/api/v1/incidents/{id}"), &dispatcher).await.text)["title"],
        "泄漏：事件"
    );
    let none = hub.get("/api/v1/incidents?state=closed", &dispatcher).await;
    assert_eq!(json(&none.text)["incidents"], serde_json::json!([]));
    let wrong = hub.get("/api/v1/incidents?state=nonsense&mode=x", &dispatcher).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(json(&wrong.text)["error"]["fields"].as_array().unwrap().len(), 2, "{}", wrong.text);
    let requests = hub.get(&format!("/api/v1/requests?incident={path}&state=open"), &dispatcher).await;
    assert_eq!(json(&requests.text)["requests"][0]["name"], asked.name.as_str());
    let (_, number) = asked.name.split_once('/').unwrap();
    let one = hub.get(&format!("/api/v1/requests/{number}"), &dispatcher).await;
    assert_eq!(json(&one.text)["title"], "泄漏");

    let cap = hub.get(&format!("/api/v1/incidents/{id}/cap"), &dispatcher).await;
    assert_eq!(cap.headers["content-type"], "application/cap+xml; charset=utf-8");
    let alert = shouwang_proto::interchange::cap::Alert::parse(&cap.text).unwrap();
    assert_eq!(alert.infos[0].headline, "泄漏：事件");
    let feed = hub.get("/api/v1/incidents.atom", &dispatcher).await;
    assert!(feed.text.contains(&format!("https://hub.example/api/v1/incidents/{id}/cap")), "{}", feed.text);

    let (_, stranger) = hub.signed_in(Post::SafetyManager, "wang.min").await;
    let feed = hub.get("/api/v1/incidents.atom", &stranger).await;
    assert!(feed.status == StatusCode::OK && !feed.text.contains(id), "it does not concern this member");
    let hidden = hub.get(&format!("/api/v1/incidents/{id}/cap"), &stranger).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_is_signed_in_reads_the_vocabularies() {
    let hub = Hub::open().await;
    let (_, council) = hub.signed_in(Post::Council, "qian.wu").await;
    let page = hub.get("/vocabulary", &council).await;
    assert_eq!(page.status, StatusCode::OK);
    for list in shouwang_proto::vocabulary::lists() {
        assert!(page.text.contains(&list.zh) && page.text.contains(&list.edition), "{}", list.list);
        assert!(list.terms.iter().all(|term| page.text.contains(&term.zh)), "{}", list.list);
    }
    assert!(
        page.text.contains("href=\"/members\"")
            && !page.text.contains("<form method=\"post\" action=\"/vocab")
    );
    let (_, reader) = hub.signed_in(Post::SafetyManager, "li.gong").await;
    let looked = hub.get("/vocabulary?lang=en", &reader).await;
    assert!(
        looked.text.contains("GB 6441-2025") && !looked.text.contains("href=\"/members\""),
        "{}",
        looked.text
    );
}

#[tokio::test]
async fn a_page_leads_to_its_feeds_and_they_are_there() {
    let hub = Hub::open().await;
    let (_, cookie) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    for (path, feeds) in [
        (
            "/?q=%E6%B3%84%E6%BC%8F&page=1",
            ["/api/v1/publications.atom?q=%E6%B3%84%E6%BC%8F", "/api/v1/courses.ics?q=%E6%B3%84%E6%BC%8F"]
                .as_slice(),
        ),
        ("/board", &["/api/v1/incidents.atom"]),
        ("/account", &["/api/v1/publications.atom", "/api/v1/courses.ics", "/api/v1/incidents.atom"]),
    ] {
        let page = hub.get(path, &cookie).await;
        let head = page.text.split("</head>").next().unwrap();
        assert_eq!(head.matches("rel=\"alternate\"").count(), feeds.len(), "{path}: {head}");
        for feed in feeds {
            assert!(head.contains(&format!("href=\"{feed}\"")), "{path}: {head}");
            assert_eq!(hub.get(feed, &cookie).await.status, StatusCode::OK, "{feed}");
        }
    }
    let nobody = hub.get("/login", "").await;
    assert!(!nobody.text.contains("rel=\"alternate\""));
}
