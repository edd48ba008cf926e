use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use shouwang_proto::wire::{self, NoticeKind};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::{
    NodeConfig, NodeHandle,
    config::DutyFile,
    trial::{Alliance, PATIENCE, inbox_caller, notice, start_node_with},
};

fn duty(name: &str, after_seconds: u32) -> DutyFile {
    DutyFile { name: name.to_owned(), phone: "0512-555 0100".to_owned(), after_seconds }
}

async fn node(alliance: &Alliance, alerts: AlertsFile) -> NodeHandle {
    start_node_with(NodeConfig { alerts, ..NodeConfig::new(&alliance.data) }).await
}

fn call(alliance: &Alliance) {
    let order = wire::NoticeDelivery { delivery_id: 7, notice: Some(notice(1, NoticeKind::Order, 3, 2)) };
    alliance.hub.change(|state| state.aid.outbox = vec![order]);
}

/// A pipe with a name: reading it waits for the program that writes into it.
struct Pipe(PathBuf);

impl Pipe {
    fn new(alliance: &Alliance) -> Self {
        let path = alliance.root.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    fn program(&self) -> Vec<String> {
        // One whole line at once, so that two programs do not mix theirs.
        let script = format!("line=$(cat); printf '%s\\n' \"$line\" > {}", self.0.display());
        ["/bin/sh", "-c", &script].map(str::to_owned).to_vec()
    }

    /// What the next programs write, until the condition holds.
    async fn read_until(&self, what: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        while !what(&heard) {
            let reading = tokio::fs::read_to_string(&self.0);
            let text = timeout(PATIENCE, reading).await.expect("a program writes").unwrap();
            heard.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        heard
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_of_the_member_really_runs_for_a_notice_and_for_each_call() {
    let alliance = Alliance::new().await;
    let pipe = Pipe::new(&alliance);
    let alerts = AlertsFile {
        command: pipe.program(),
        duty: vec![duty("值班室", 0), duty("安全总监 李", 1), duty("总经理", 86_400)],
        ..AlertsFile::default()
    };
    let node = node(&alliance, alerts).await;
    call(&alliance);
    let called = |heard: &[Value], step| heard.iter().any(|one| one["duty"]["step"] == step);
    let heard = pipe.read_until(|heard| called(heard, 0) && called(heard, 1)).await;
    let came = heard.iter().find(|one| one["event"] == "notice").expect("the notice itself");
    assert_eq!(came["notice"]["text_zh"], "请派泡沫消防车两辆");
    let second = heard.iter().find(|one| one["duty"]["step"] == 1).unwrap();
    assert_eq!((&second["event"], &second["duty"]["name"]), (&"duty".into(), &"安全总监 李".into()));
    let mut inbox = inbox_caller(&node, &alliance.data);
    let name = notice(1, NoticeKind::Order, 3, 2).name;
    let seen = wire::MarkSeenRequest { name, actor: "李".to_owned() };
    inbox.mark_seen(seen).await.unwrap();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_was_not_taken_is_tried_again_also_after_a_crash() {
    let alliance = Alliance::new().await;
    let broken = AlertsFile { command: vec!["/nowhere/at/all".to_owned()], ..AlertsFile::default() };
    let first = node(&alliance, broken).await;
    call(&alliance);
    alliance.hub.wait_for(|state| state.aid.acked == [7]).await;
    first.crash();
    let pipe = Pipe::new(&alliance);
    let whole = AlertsFile { command: pipe.program(), ..AlertsFile::default() };
    let _node = node(&alliance, whole).await;
    let heard = pipe.read_until(|heard| !heard.is_empty()).await;
    assert_eq!((heard.len(), &heard[0]["event"]), (1, &"notice".into()));
}

/// One request of a webhook, answered with this status.
async fn serve(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.expect("a request").unwrap();
    let request = read_request(&mut stream).await;
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    request
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "cut");
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if body.len() >= value(head, "content-length").parse::<usize>().unwrap() {
            return text;
        }
    }
}

fn value<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name));
    line.unwrap_or_else(|| panic!("no {name} in {head}")).1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_signed_and_repeated_under_one_id_until_it_is_taken() {
    let alliance = Alliance::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/alarm?site=1", listener.local_addr().unwrap());
    let alerts = AlertsFile { webhook: Some(webhook), ..AlertsFile::default() };
    let _node = node(&alliance, alerts).await;
    call(&alliance);
    let refused = serve(&listener, "500 Sorry").await;
    let taken = serve(&listener, "204 No Content").await;
    assert!(taken.starts_with("POST /alarm?site=1 HTTP/1.1\r\n"), "{taken}");
    let (head, body) = taken.split_once("\r\n\r\n").unwrap();
    assert_eq!(value(head, "webhook-id"), value(&refused, "webhook-id"));
    let secret = std::fs::read_to_string(alliance.data.join("webhook.secret")).unwrap();
    let secret = STANDARD.decode(secret.trim().strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    let (id, time) = (value(head, "webhook-id"), value(head, "webhook-timestamp"));
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(value(head, "webhook-signature"), expected);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["notice"]["name"], notice(1, NoticeKind::Order, 3, 2).name);
}

#[test]
fn what_cannot_be_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let open = |file: AlertsFile| Alerts::open(&file, folder.path(), &World::system());
    let good = AlertsFile { duty: vec![duty("甲", 0), duty("乙", 0)], ..AlertsFile::default() };
    assert_eq!(open(good.clone()).unwrap().plan().chain.len(), 2);
    for wrong in [
        AlertsFile { command: vec!["ring".to_owned()], ..good.clone() },
        AlertsFile { command: vec!["/bin/ring".to_owned()], command_seconds: Some(0), ..good.clone() },
        AlertsFile { webhook: Some("http://alarm.example/".to_owned()), ..good.clone() },
        AlertsFile { duty: vec![duty("甲", 60), duty("乙", 0)], ..good.clone() },
        AlertsFile { duty: vec![duty(" ", 0)], ..good.clone() },
        AlertsFile { duty: vec![DutyFile { phone: "call me".to_owned(), ..duty("甲", 0) }], ..good.clone() },
    ] {
        assert!(open(wrong.clone()).is_err(), "{wrong:?}");
    }
}
