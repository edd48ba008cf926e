//! The park's plan: who comes which way, who could help, and what is closed.

use shouwang_proto::{clock::World, mutual_aid::term::Priority, wire};

use super::{
    Hub,
    board::{context, hub, id},
};
use crate::{council::permission::rpc, people::account::Post, store::mutual_aid::roads::road_graph_put};

impl Hub {
    /// Two roads: from the crane's gate to a corner, and from there to where it happens.
    async fn has_roads(&self) {
        let node =
            |id, latitude, longitude| wire::RoadNode { id, latitude, longitude, ..wire::RoadNode::default() };
        let edge =
            |from, to| wire::RoadEdge { from, to, length_metres: 1_200, speed_kmh: 36, one_way: false };
        let graph = wire::UploadRoadGraphRequest {
            nodes: vec![node(1, 31.30, 120.70), node(2, 31.30, 120.71), node(3, 31.31, 120.71)],
            edges: vec![edge(1, 2), edge(2, 3)],
            ..wire::UploadRoadGraphRequest::default()
        };
        let now = World::system().now();
        self.trial.store.write(async move |tx| road_graph_put(tx, &graph, now).await).await.unwrap();
    }
}

#[tokio::test]
async fn the_plan_shows_which_way_aid_comes_and_who_could_help() {
    let hub = hub().await;
    hub.has_roads().await;
    let (_, cookie) = hub.signed_in(Post::Dispatcher, "wang.min").await;
    let request = hub.call_for_help("三号罐区需要吊车", Priority::P1).await;
    let line = format!("{}:1", id(&request.name));
    let plain = hub.get("/board/map", &cookie).await.text;
    assert!(
        plain.contains(&format!("value=\"{line}\"")) && !plain.contains("class=\"mark candidate\""),
        "{plain}"
    );
    let chosen = hub.get(&format!("/board/map?line={line}"), &cookie).await.text;
    assert!(chosen.contains("class=\"mark candidate\"") && chosen.contains("候选 1"), "{chosen}");
    assert!(chosen.contains("class=\"way offered\"") && chosen.contains("2.4 公里"), "{chosen}");
    assert!(
        chosen.contains(&format!("hx-get=\"/board/map?line={}", id(&request.name))),
        "it stays chosen: {chosen}"
    );
    let (_, regulator) = hub.signed_in(Post::Regulator, "ju.wei").await;
    let looked = hub.get(&format!("/board/map?line={line}"), &regulator).await.text;
    assert!(!looked.contains("candidate") && !looked.contains("name=\"line\""), "{looked}");

    let path = format!("/board/{}", request.name);
    hub.does(&path, "order-1-", &cookie, &[]).await;
    let of = hub.assignments(&request.name).await.pop().unwrap();
    hub.does(&path, &format!("confirm-{}", id(&of.name)), &cookie, &[("eta_seconds", "15")]).await;
    hub.does(&path, &format!("depart-{}", id(&of.name)), &cookie, &[]).await;
    for path in ["/board/map", "/board/wall"] {
        let moving = hub.get(path, &cookie).await.text;
        assert!(
            moving.contains("class=\"mark moving\"") && moving.contains("class=\"way ordered\""),
            "{moving}"
        );
        assert!(!moving.contains("class=\"blocked\""), "{path}");
    }

    let corner = |latitude, longitude| wire::Location { latitude, longitude, ..wire::Location::default() };
    let closure = wire::Closure {
        kind: wire::ClosureKind::Closed.into(),
        reason: "管架倒塌".to_owned(),
        polygon: vec![corner(31.304, 120.709), corner(31.304, 120.711), corner(31.306, 120.710)],
        ..wire::Closure::default()
    };
    let add = wire::AddClosureRequest { context: context(), closure: Some(closure) };
    hub.ask::<rpc::AddClosure>(add).await;
    let closed = hub.get("/board/map", &cookie).await.text;
    assert!(closed.contains("class=\"blocked\"") && closed.contains("道路封闭，无路可达"), "{closed}");
    assert!(
        !closed.contains("class=\"way ordered\"") && closed.contains("<polygon class=\"closed\""),
        "{closed}"
    );

    hub.does(&path, &format!("arrive-{}", id(&of.name)), &cookie, &[]).await;
    let there = hub.get("/board/map", &cookie).await.text;
    assert!(there.contains("class=\"mark there\"") && !there.contains("无路可达"), "{there}");
}
