//! Who can sign in at the pages of the demo's nodes: one administrator each, with a password of this demo alone.

use std::{collections::BTreeMap, path::Path};

use http::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use shouwang_proto::clock::World;
use tokio::{net::TcpStream, task::JoinSet};

use super::{
    park::MEMBERS,
    people::{DemoAccount, password, read, ready, write},
    state::Folder,
};
use crate::{
    failure::{Failure, Outcome},
    words::words,
};

/// Login name of every node's administrator.
const LOGIN: &str = "admin";

/// Makes the accounts that are missing, and tells by member how to sign in.
pub(super) async fn accounts(folder: &Folder, world: &World) -> Outcome<BTreeMap<String, DemoAccount>> {
    let file = folder.node_accounts();
    let mut passwords = read(&file)?;
    for member in &MEMBERS {
        passwords.entry(member.id.to_owned()).or_insert_with(|| password(world.random()));
    }
    // First the file: an account whose password nobody has is of no use.
    write(&file, &passwords)?;
    for member in &MEMBERS {
        if let Some(password) = passwords.get(member.id) {
            take(&folder.node(member.id), member.display_name, password).await?;
        }
    }
    let account = |(member, password)| (member, DemoAccount { login: LOGIN.to_owned(), password });
    Ok(passwords.into_iter().map(account).collect())
}

/// Takes the link that a node gives while nobody can sign in, as a browser would; nothing to do once somebody can.
async fn take(data: &Path, member: &str, password: &str) -> Outcome<()> {
    let said = ready(data)?;
    let (Some(web), Some(link)) = (said["web"].as_str(), said["set_up"].as_str()) else { return Ok(()) };
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("display_name", &format!("{member} 管理员"))
        .append_pair("login", LOGIN)
        .append_pair("password", password)
        .finish();
    let failed = |why: &dyn std::fmt::Display| {
        Failure::failed(words!("无法在 {web} 建立账号：{why}", "no account could be made at {web}: {why}"))
    };
    let address = web.trim_start_matches("http://");
    let request = Request::post(link.trim_start_matches(web))
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(form)
        .map_err(|error| failed(&error))?;
    let stream = TcpStream::connect(address).await.map_err(|error| failed(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
    // Dropped at the end, and the connection with it.
    let mut serving = JoinSet::new();
    serving.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| failed(&error))?;
    if answer.status() == StatusCode::SEE_OTHER { Ok(()) } else { Err(failed(&answer.status())) }
}
