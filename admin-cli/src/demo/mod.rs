//! `shouwang demo`: a hub and six members' nodes as processes of their own, with everything a newcomer needs.

mod agreements;
mod child;
mod node_people;
pub(crate) mod park;
mod people;
mod ports;
mod programs;
mod setup;
mod state;

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Serialize;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep},
};

use self::{
    child::{Keeper, Server},
    park::MEMBERS,
    people::DemoAccount,
    programs::Programs,
    state::{Folder, Remembered},
};
use crate::{
    exit::Exit,
    failure::{Failure, Outcome},
    output::{Answer, Style},
    session::Session,
    words::{Lang, words},
};

/// How long ports may stay taken by the servers of a demo that was just killed.
const PORTS_LIMIT: Duration = Duration::from_secs(10);
/// Pause between two looks at the ports.
const PORTS_PAUSE: Duration = Duration::from_millis(50);

/// What a ready demo says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ReadyDemo {
    /// The hub's port for people.
    hub: String,
    /// Where a browser opens the hub's pages.
    web: String,
    /// Who can sign in there.
    accounts: Vec<DemoAccount>,
    /// The demo's folder.
    data: String,
    /// The file with contexts for every role.
    contexts: String,
    /// The nodes.
    nodes: Vec<ReadyNode>,
}

/// A node of a ready demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ReadyNode {
    /// Member id.
    member: String,
    /// Publishing port.
    address: String,
    /// Data folder.
    data: String,
    /// Where a browser opens the node's pages.
    node_web: String,
    /// Who can sign in there.
    accounts: Vec<DemoAccount>,
}

impl Answer for ReadyDemo {
    fn text(&self, style: Style) -> String {
        let Self { hub, web, contexts, nodes, .. } = self;
        let count = nodes.len();
        match style.lang {
            Lang::Zh => format!("就绪 ready: 网页 {web}，中心 {hub}，{count} 个成员节点，上下文 {contexts}"),
            Lang::En => format!("ready: pages {web}, hub {hub}, {count} nodes, contexts {contexts}"),
        }
    }
}

/// Runs a demo on a folder until somebody ends it.
pub(crate) async fn run(session: &Session, data: &Path) -> Outcome<Exit> {
    let stop = stop_asked()?;
    tokio::pin!(stop);
    let mut keeper = Keeper::new(session.output);
    let begun = tokio::select! {
        begun = Box::pin(begin(session, data, &mut keeper)) => begun,
        () = &mut stop => {
            keeper.end().await;
            return Ok(Exit::Done);
        }
    };
    let (folder, ready) = match begun {
        Ok(begun) => begun,
        Err(failure) => {
            keeper.end().await;
            return Err(failure);
        }
    };
    session.output.line(&ready);
    invite_to_try(session, &folder, &ready);
    stop.await;
    session.output.talk(&words!("正在结束……", "ending …"));
    keeper.end().await;
    session
        .output
        .talk(&words!("已结束；同一命令可从原处继续", "ended; the same command goes on where it was"));
    Ok(Exit::Done)
}

/// Ends at Ctrl-C, at a request to terminate, or with the terminal.
fn stop_asked() -> Outcome<impl Future<Output = ()>> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::failed(words!("无法接收信号：{error}", "no signals: {error}")))
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

async fn begin(session: &Session, data: &Path, keeper: &mut Keeper) -> Outcome<(Folder, ReadyDemo)> {
    let programs = programs::find(&session.output).await?;
    let ids: Vec<&str> = MEMBERS.iter().map(|member| member.id).collect();
    let mut folder = Folder::open(data, &ids)?;
    if folder.continued {
        let shown = folder.path.display();
        session.output.talk(&words!("继续 {shown} 中的演示", "going on with the demo in {shown}"));
    }
    if folder.remembered.web == 0 || !ports::is_free(folder.remembered.web) {
        // Nobody has to remember this one.
        folder.remembered.web = ports::free(1)?.into_iter().next().unwrap_or_default();
    }
    for member in &MEMBERS {
        let port = folder.remembered.node_web.get(member.id).copied().unwrap_or_default();
        if port == 0 || !ports::is_free(port) {
            let port = ports::free(1)?.into_iter().next().unwrap_or_default();
            folder.remembered.node_web.insert(member.id.to_owned(), port);
        }
    }
    take_ports(session, &mut folder).await?;
    session.output.talk(&words!("启动中心……", "starting the hub …"));
    keeper.start(vec![hub(&folder, &programs)]).await?;
    setup::contexts(&folder)?;
    let council = setup::council(&folder).await?;
    for member in &MEMBERS {
        setup::join(session, &folder, &council, &programs, member).await?;
    }
    let count = MEMBERS.len();
    session.output.talk(&words!("启动 {count} 个成员节点……", "starting {count} members' nodes …"));
    keeper.start(MEMBERS.iter().map(|member| node(&folder, &programs, member.id)).collect()).await?;
    setup::fill(session, &mut folder, &council).await?;
    setup::tokens(&folder, &council).await?;
    agreements::put(&council).await?;
    setup::roads(&folder, &council).await?;
    setup::contexts(&folder)?;
    let accounts = people::accounts(&folder, &council, &session.world).await?;
    let node_accounts = node_people::accounts(&folder, &session.world).await?;
    let ready = ready(&folder, accounts, &node_accounts);
    Ok((folder, ready))
}

fn ready(
    folder: &Folder,
    accounts: Vec<DemoAccount>,
    node_accounts: &BTreeMap<String, DemoAccount>,
) -> ReadyDemo {
    let show = |path: &Path| path.display().to_string();
    let node = |(member, port): (&String, &u16)| ReadyNode {
        member: member.clone(),
        address: ports::address(*port),
        data: show(&folder.node(member)),
        node_web: format!("http://{}", ports::address(web_port(folder, member))),
        accounts: node_accounts.get(member).cloned().into_iter().collect(),
    };
    ReadyDemo {
        hub: ports::address(folder.remembered.people),
        web: format!("http://{}", ports::address(folder.remembered.web)),
        accounts,
        data: show(&folder.path),
        contexts: show(&folder.contexts()),
        nodes: folder.remembered.publishing.iter().map(node).collect(),
    }
}

fn invite_to_try(session: &Session, folder: &Folder, ready: &ReadyDemo) {
    let web = &ready.web;
    session.output.talk(&words!("在浏览器中打开 {web} 并登录：", "open {web} in a browser and sign in:"));
    for DemoAccount { login, password } in &ready.accounts {
        session.output.talk_text(&format!("  {login:<12}{password}"));
    }
    session.output.talk(&words!("各成员节点的网页：", "the pages of the members' nodes:"));
    for ReadyNode { node_web, accounts, member, .. } in &ready.nodes {
        for DemoAccount { login, password } in accounts {
            session.output.talk_text(&format!("  {node_web}  {login}  {password}  {member}"));
        }
    }
    let contexts = folder.contexts();
    let contexts = contexts.display();
    let own = std::env::current_exe().unwrap_or_else(|_| "shouwang".into());
    let own = own.display();
    session.output.talk_text(&format!(
        "\n  export SHOUWANG_CONTEXTS={contexts}\n  {own} search 有限空间 通风\n  \
         echo 门口装红外光幕 | {own} --context beichuan-cold publication publish --title 冷库门防夹 --body-file -\n  \
         {own} doctor\n"
    ));
    session.output.talk(&words!(
        "在另一个终端试试上面的命令；按 Ctrl-C 结束。",
        "try these in another terminal; Ctrl-C ends the demo."
    ));
}

fn hub(folder: &Folder, programs: &Programs) -> Server {
    let Remembered { people, nodes, web, .. } = &folder.remembered;
    let data = folder.hub();
    let arguments = [
        ("--data", data.display().to_string()),
        ("--people-listen", ports::address(*people)),
        ("--nodes-listen", ports::address(*nodes)),
        ("--web-listen", ports::address(*web)),
        ("--alliance", park::ALLIANCE.to_owned()),
    ];
    server(folder, "shouwang-hub", &programs.hub, data, &arguments)
}

fn node(folder: &Folder, programs: &Programs, member: &str) -> Server {
    let port = folder.remembered.publishing.get(member).copied().unwrap_or_default();
    let data = folder.node(member);
    let arguments = [
        ("--data", data.display().to_string()),
        ("--listen", ports::address(port)),
        ("--web-listen", ports::address(web_port(folder, member))),
    ];
    server(folder, &format!("node-{member}"), &programs.node, data, &arguments)
}

/// Where a browser opens the pages of a member's node.
fn web_port(folder: &Folder, member: &str) -> u16 {
    folder.remembered.node_web.get(member).copied().unwrap_or_default()
}

fn server(
    folder: &Folder,
    name: &str,
    program: &Path,
    data: std::path::PathBuf,
    arguments: &[(&str, String)],
) -> Server {
    let mut words = vec!["serve".to_owned(), "--until-stdin-closes".to_owned()];
    for (option, value) in arguments {
        words.extend([(*option).to_owned(), value.clone()]);
    }
    Server {
        name: name.to_owned(),
        program: program.to_owned(),
        arguments: words,
        data,
        log: folder.log(name),
    }
}

/// Makes sure that the remembered ports are free. Servers of a demo that was just killed get a moment to end. A node may
/// move to another port; the hub may not, because the nodes have its ports from joining on.
async fn take_ports(session: &Session, folder: &mut Folder) -> Outcome<()> {
    let begun = Instant::now();
    let mut taken = taken(folder);
    while !taken.is_empty() && begun.elapsed() < PORTS_LIMIT {
        sleep(PORTS_PAUSE).await;
        taken = self::taken(folder);
    }
    for (owner, port) in taken {
        let Some(member) = owner else {
            return Err(Failure::failed(words!(
                "端口 {port} 被别的程序占用，而各节点入网时记下了它",
                "port {port} is taken by another program, and the nodes have joined at it"
            ))
            .hint(words!(
                "结束那个程序，或用 --data 指定别的目录",
                "end that program, or name another folder with --data"
            )));
        };
        let free = ports::free(1)?.into_iter().next().unwrap_or_default();
        session.output.talk(&words!(
            "{member} 的端口 {port} 被占用，改用 {free}",
            "{member}'s port {port} is taken; it moves to {free}"
        ));
        folder.remembered.publishing.insert(member, free);
    }
    folder.save()
}

/// Ports that somebody else has: the member's (`None`: the hub's) and the number.
fn taken(folder: &Folder) -> Vec<(Option<String>, u16)> {
    let remembered = &folder.remembered;
    let hub = [remembered.people, remembered.nodes].map(|port| (None, port));
    let nodes = remembered.publishing.iter().map(|(member, port)| (Some(member.clone()), *port));
    hub.into_iter().chain(nodes).filter(|(_, port)| !ports::is_free(*port)).collect()
}
