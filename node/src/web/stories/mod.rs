//! Stories of the node's pages, told over its real port: the table of routes against every post, publishing, importing,
//! emergencies.

mod emergencies;
mod importing;
mod journeys;
mod publishing;
mod table;

use std::{net::SocketAddr, path::Path};

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    NodeConfig, NodeHandle,
    people::account::Post,
    trial::{Alliance, start_node_with},
};

const PASSWORD: &str = "kettle-otter-vivid";

/// A node that has joined, with pages on a port of its own.
struct House {
    alliance: Alliance,
    node: NodeHandle,
}

/// What a browser got.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
    text: String,
}

impl House {
    async fn open() -> Self {
        let alliance = Alliance::new().await;
        let node = start_with_pages(&alliance.data).await;
        Self { alliance, node }
    }

    fn address(&self) -> SocketAddr {
        self.node.web.trim_start_matches("http://").parse().unwrap()
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(request("GET", path, cookie), Body::empty()).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let request = request("POST", path, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form.to_owned())).await
    }

    async fn send(&self, request: http::request::Builder, body: Body) -> Answer {
        let stream = TcpStream::connect(self.address()).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(connection);
        let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(Body::new(body), 64 * 1024 * 1024).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, bytes: bytes.into(), text }
    }

    /// The first administrator's session.
    async fn administrator(&self) -> String {
        let link = self.node.set_up.clone().expect("nobody can sign in yet");
        self.take(&link, "root").await
    }

    /// Takes a link under a login name, and answers the session.
    async fn take(&self, link: &str, login: &str) -> String {
        let path = &link[link.find("/link/").unwrap()..];
        let form = format!("display_name=Wang&login={login}&password={PASSWORD}");
        let taken = self.post(path, "", &form).await;
        assert_eq!((taken.status, taken.location()), (StatusCode::SEE_OTHER, "/"), "{}", taken.text);
        taken.cookie("shouwang-node-session=").expect("a session")
    }

    /// Invites somebody and takes the link.
    async fn invite(&self, administrator: &str, post: Post, login: &str) -> String {
        let form = format!("display_name=Wang&post={}", post.as_str());
        let invited = self.post("/people", administrator, &form).await;
        assert_eq!(invited.status, StatusCode::OK, "{}", invited.text);
        let (_, rest) = invited.text.split_once("/link/").expect("a link");
        let secret = rest.split('"').next().unwrap();
        self.take(&format!("/link/{secret}"), login).await
    }

    /// A session of somebody who can sign in.
    async fn sign_in(&self, login: &str) -> String {
        let signed_in = self.post("/login", "", &format!("login={login}&password={PASSWORD}")).await;
        signed_in.cookie("shouwang-node-session=").expect("a session")
    }
}

async fn start_with_pages(data: &Path) -> NodeHandle {
    let mut config = NodeConfig::new(data);
    config.web_listen = Some("127.0.0.1:0".parse().unwrap());
    start_node_with(config).await
}

fn request(method: &str, path: &str, cookie: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "node.example")
        .header(header::COOKIE, cookie)
}

impl Answer {
    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// Name and value of a cookie that was set.
    fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
        let mut cookies = cookies.filter(|cookie| cookie.starts_with(name));
        cookies.next().map(|cookie| cookie.split(';').next().unwrap().to_owned())
    }

    /// The value of the last hidden field with this name before a mark.
    fn hidden_before(&self, mark: &str, name: &str) -> &str {
        let (before, _) = self.text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {}", self.text));
        let (_, value) = before.rsplit_once(&format!("name=\"{name}\" value=\"")).expect("a hidden field");
        value.split('"').next().unwrap()
    }
}
