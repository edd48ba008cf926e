use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shouwang_proto::clock::World;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{
    durable::Readers,
    tls::{ServerTls, trial::Authority},
};

const BODY: &str =
    r#"{"event":"page","text_zh":"苯罐泄漏，请接报","people":[{"name":"钱值班","phone":"0512-5550-0001"}]}"#;

fn file(port: u16) -> MailFile {
    MailFile {
        server: "localhost".to_owned(),
        port: Some(port),
        security: MailSecurity::None,
        from: "守望 <shouwang@park.example>".to_owned(),
        to: vec!["duty@park.example".to_owned(), "deputy@park.example".to_owned()],
        user: None,
        authorities: None,
    }
}

/// Speaks SMTP as a server does, with this answer to each address, and gives all that it was told.
async fn speak<S: AsyncRead + AsyncWrite + Unpin>(stream: S, answer: &str) -> std::io::Result<String> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example ESMTP\r\n").await?;
    stream.flush().await?;
    let (mut told, mut is_data) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(told);
        }
        told.push_str(&line);
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "." if is_data => {
                is_data = false;
                "250 taken\r\n".to_owned()
            }
            _ if is_data => continue,
            "EHLO" => "250-mail.example\r\n250 AUTH PLAIN\r\n".to_owned(),
            "AUTH" => "235 welcome\r\n".to_owned(),
            "RCPT" => format!("{answer}\r\n"),
            "DATA" => {
                is_data = true;
                "354 go on\r\n".to_owned()
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "250 ok\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        if answer.starts_with("221") {
            return Ok(told);
        }
    }
}

async fn server(answer: &'static str) -> (u16, JoinSet<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut told = JoinSet::new();
    told.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        speak(stream, answer).await.unwrap()
    });
    (port, told)
}

#[tokio::test]
async fn a_letter_says_what_has_happened_and_who_is_to_be_called() {
    let folder = tempfile::tempdir().unwrap();
    durable::write(&folder.path().join(SECRET_FILE), b"three word secret\n", Readers::Owner).unwrap();
    let (port, mut told) = server("250 ok").await;
    let with_account = MailFile { user: Some("shouwang".to_owned()), ..file(port) };
    let hook = MailHook::open(&with_account, folder.path()).unwrap();
    assert!(!format!("{hook:?}").contains("secret"));
    hook.send("page_1", BODY, World::system().now()).await.unwrap();
    let told = told.join_next().await.unwrap().unwrap();
    let login = STANDARD.encode("\0shouwang\0three word secret");
    for part in [
        &*format!("AUTH PLAIN {login}"),
        "MAIL FROM:<shouwang@park.example>",
        "RCPT TO:<duty@park.example>",
        "RCPT TO:<deputy@park.example>",
        "Message-ID: <page_1@park.example>",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (_, text) = told.split_once("\r\n\r\n").unwrap();
    let text: String = text.split("\r\n.\r\n").next().unwrap().split_whitespace().collect();
    let text = String::from_utf8(STANDARD.decode(&text).unwrap_or_else(|_| panic!("{text}"))).unwrap();
    assert!(text.contains("苯罐泄漏，请接报") && text.contains("钱值班 0512-5550-0001"), "{text}");
}

#[tokio::test]
async fn a_server_that_refuses_or_says_nothing_has_not_taken_it() {
    let folder = tempfile::tempdir().unwrap();
    let now = World::system().now();
    let (port, _told) = server("550 no such person here").await;
    let refused = MailHook::open(&file(port), folder.path()).unwrap().send("m", BODY, now).await.unwrap_err();
    assert!(refused.contains("no such person here"), "{refused}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let hook = MailHook::open(&file(port), folder.path()).unwrap();
    let hook = MailHook { limit: Duration::from_millis(50), ..hook };
    let late = hook.send("m", BODY, now).await.unwrap_err();
    assert!(late.contains("no answer"), "{late}");
    drop(silent);
    assert!(hook.send("m", BODY, now).await.is_err(), "nobody is there");
}

#[tokio::test]
async fn a_server_is_believed_by_its_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, roots) = (Authority::new("mail"), folder.path().join("roots.pem"));
    let mut config = (*ServerTls::for_people(&authority.server("localhost")).unwrap().config()).clone();
    config.alpn_protocols.clear();
    let tls = TlsAcceptor::from(Arc::new(config));
    for (pem, is_believed) in [(authority.ca_pem(), true), (Authority::new("mail").ca_pem(), false)] {
        std::fs::write(&roots, pem).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let over_tls =
            MailFile { security: MailSecurity::Tls, authorities: Some(roots.clone()), ..file(port) };
        let hook = MailHook::open(&over_tls, folder.path()).unwrap();
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            speak(tls.accept(stream).await?, "250 ok").await
        };
        let sending = async {
            let sent = hook.send("m", BODY, World::system().now()).await;
            drop(hook);
            sent
        };
        let (sent, served) = tokio::join!(sending, serving);
        assert_eq!((sent.is_ok(), served.is_ok()), (is_believed, is_believed), "{sent:?}");
    }
}

#[test]
fn what_cannot_be_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(25);
    let open = |file: MailFile| MailHook::open(&file, folder.path());
    open(good.clone()).unwrap();
    for bad in [
        MailFile { server: "smtp.park.example".to_owned(), ..good.clone() },
        MailFile { server: String::new(), ..good.clone() },
        MailFile { to: Vec::new(), ..good.clone() },
        MailFile { to: vec!["duty".to_owned()], ..good.clone() },
        MailFile { to: vec!["a@b.example, c@d.example".to_owned()], ..good.clone() },
        MailFile { from: "a@b\r\nBcc: c@d".to_owned(), ..good.clone() },
        MailFile { user: Some("shouwang".to_owned()), ..good.clone() },
        MailFile {
            security: MailSecurity::StartTls,
            authorities: Some(folder.path().join("none.pem")),
            ..good.clone()
        },
    ] {
        assert!(open(bad.clone()).is_err(), "{bad:?}");
    }
    let read: MailFile =
        toml_like(r#"{"server":"a","from":"a@b.example","to":["c@d.example"],"security":"starttls"}"#);
    assert_eq!((read.security, read.security.port()), (MailSecurity::StartTls, 587));
}

/// The same table in JSON.
fn toml_like(json: &str) -> MailFile {
    serde_json::from_str(json).unwrap()
}
