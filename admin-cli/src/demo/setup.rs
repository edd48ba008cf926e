//! Fills a demo: members invited and joined, publications and synonyms imported, tokens and contexts written. Each step
//! is skipped when an earlier start has done it.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use shouwang_proto::wire::{
    ChangeContext, GetMemberRequest, GetNodeStatusRequest, InviteMemberRequest, IssueTokenRequest,
    MemberState, Role,
};
use tokio::time::{Instant, sleep};
use tonic::Code;

use super::{
    child::Server,
    park::{DemoMember, MEMBERS, ROADS, THESAURUS},
    ports,
    programs::Programs,
    state::{Folder, make_private},
};
use crate::{
    cli::{self, aid::road_file},
    connection::{Hub, Node},
    context::{self, Context, ContextFile, Contexts, write_whole},
    failure::{Failure, Outcome},
    import::stream::{Source, import},
    session::Session,
    words::words,
};

/// The same at every start, so that the roads are written down once.
const ROADS_ATTEMPT: &str = "0198d000-0000-7000-8000-000000000010";
/// Longest wait until everything imported is searchable.
const SEARCHABLE_LIMIT: Duration = Duration::from_secs(180);
/// The same when the demo goes on: what a user left unfinished must not keep it from starting.
const CONTINUED_LIMIT: Duration = Duration::from_secs(10);
/// Pause between two looks.
const SEARCHABLE_PAUSE: Duration = Duration::from_millis(50);

fn hub_server(folder: &Folder) -> context::Server {
    context::hub_of(&folder.hub(), ports::address(folder.remembered.people))
}

fn node_server(folder: &Folder, member: &str) -> context::Server {
    let port = folder.remembered.publishing.get(member).copied().unwrap_or_default();
    context::node_of(&folder.node(member), ports::address(port))
}

/// The hub as its operator.
pub(super) async fn council(folder: &Folder) -> Outcome<Hub> {
    Hub::connect(&hub_server(folder)).await
}

/// Invites a member and lets its node join.
pub(super) async fn join(
    session: &Session,
    folder: &Folder,
    hub: &Hub,
    programs: &Programs,
    member: &DemoMember,
) -> Outcome<()> {
    let data = folder.node(member.id);
    let known = is_active(hub, member.id).await?;
    let pending = folder.invite(member.id);
    if known && data.join("root.pem").exists() && !pending.exists() {
        return Ok(());
    }
    let name = member.display_name;
    session.output.talk(&words!("{name} 入网……", "{name} joins …"));
    // An invite is kept until its node has joined: asking again with the same one is harmless, a second one is not.
    let invite = match fs::read_to_string(&pending) {
        Ok(invite) => invite,
        Err(_) => {
            let invite = invite(hub, member, known).await?;
            write_whole(&pending, invite.as_bytes(), 0o600)?;
            invite
        }
    };
    make_private(&data).map_err(|error| Failure::file(&data, &error))?;
    let log_name = format!("node-{}", member.id);
    let joining = Server {
        name: log_name.clone(),
        program: programs.node.clone(),
        arguments: vec![
            "join".to_owned(),
            "--data".to_owned(),
            data.display().to_string(),
            invite.trim().to_owned(),
        ],
        data,
        log: folder.log(&log_name),
    };
    joining.finish().await?;
    fs::remove_file(&pending).map_err(|error| Failure::file(&pending, &error))
}

async fn is_active(hub: &Hub, member: &str) -> Outcome<bool> {
    let request = GetMemberRequest { name: format!("members/{member}") };
    match hub.council().get_member(request).await {
        Ok(found) => Ok(found.into_inner().state() != MemberState::Invited),
        Err(status) if status.code() == Code::NotFound => Ok(false),
        Err(status) => Err(hub.failure(&status)),
    }
}

async fn invite(hub: &Hub, member: &DemoMember, replace_node: bool) -> Outcome<String> {
    let request = InviteMemberRequest {
        member_id: member.id.to_owned(),
        display_name: member.display_name.to_owned(),
        groups: member.group_names(),
        valid_hours: 0,
        replace_node,
    };
    let answer = hub.council().invite_member(request).await.map_err(|status| hub.failure(&status))?;
    Ok(answer.into_inner().invite)
}

/// Imports what has not been imported, and waits until all of it is searchable.
pub(super) async fn fill(session: &Session, folder: &mut Folder, hub: &Hub) -> Outcome<()> {
    if !folder.remembered.thesaurus {
        cli::thesaurus::import(hub, THESAURUS).await?;
        folder.remembered.thesaurus = true;
        folder.save()?;
    }
    let missing: Vec<&DemoMember> =
        MEMBERS.iter().filter(|member| !folder.remembered.imported.contains(member.id)).collect();
    let count: usize = missing.iter().map(|member| member.size()).sum();
    if count > 0 {
        session.output.talk(&words!("导入 {count} 条发布物……", "importing {count} publications …"));
    }
    let imports = missing.iter().map(|member| publish(node_server(folder, member.id), member));
    futures::future::try_join_all(imports).await?;
    folder.remembered.imported.extend(missing.iter().map(|member| member.id.to_owned()));
    folder.save()?;
    session.output.talk(&words!("等待全部可检索……", "waiting until all is searchable …"));
    let limit = if count > 0 { SEARCHABLE_LIMIT } else { CONTINUED_LIMIT };
    let waits = MEMBERS.iter().map(|member| searchable(node_server(folder, member.id), member, limit));
    for waited in futures::future::join_all(waits).await {
        match waited {
            Err(failure) if count == 0 => session.output.failure(&failure),
            other => other?,
        }
    }
    Ok(())
}

async fn publish(server: context::Server, member: &DemoMember) -> Outcome<()> {
    let node = Node::connect(&server).await?;
    let report = import(&node, Source::text(member.corpus), false, &mut |_, _| ()).await?;
    match report.refused.first() {
        None => Ok(()),
        Some(refused) => {
            let (id, text) = (member.id, refused.text(crate::words::Lang::En));
            Err(Failure::failed(words!(
                "{id} 的演示数据被拒绝：{text}",
                "demo data of {id} were refused: {text}"
            )))
        }
    }
}

async fn searchable(server: context::Server, member: &DemoMember, limit: Duration) -> Outcome<()> {
    let node = Node::connect(&server).await?;
    let begun = Instant::now();
    loop {
        let status = node.publishing().get_node_status(GetNodeStatusRequest {}).await;
        let status = status.map_err(|status| node.failure(&status))?.into_inner();
        let seq =
            |position: &Option<shouwang_proto::wire::LogPosition>| position.as_ref().map_or(0, |at| at.seq);
        let (head, there) = (seq(&status.head), seq(&status.searchable));
        if head > 0 && there >= head {
            return Ok(());
        }
        if begun.elapsed() > limit {
            let (id, problem) = (member.id, status.link_problem);
            return Err(Failure::failed(words!(
                "{id} 的发布物迟迟不可检索（{there}/{head}）：{problem}",
                "publications of {id} do not become searchable ({there} of {head}): {problem}"
            )));
        }
        sleep(SEARCHABLE_PAUSE).await;
    }
}

/// Name of the dispatcher's context and token.
const DISPATCHER: &str = "dispatcher";

/// Issues a token to the people of each member, and one to the dispatcher.
pub(super) async fn tokens(folder: &Folder, hub: &Hub) -> Outcome<()> {
    for member in &MEMBERS {
        token(folder, hub, member.id, Role::Member, member.id).await?;
    }
    token(folder, hub, DISPATCHER, Role::Dispatcher, "").await
}

async fn token(folder: &Folder, hub: &Hub, name: &str, role: Role, member_id: &str) -> Outcome<()> {
    let path = folder.token(name);
    if path.exists() {
        return Ok(());
    }
    let request = IssueTokenRequest {
        label: format!("demo {name}"),
        role: role as i32,
        member_id: member_id.to_owned(),
        valid_days: 0,
    };
    let answer = hub.council().issue_token(request).await.map_err(|status| hub.failure(&status))?;
    write_token(&path, &answer.into_inner().secret)
}

/// Gives the park's road graph to the hub, once, and leaves it where a newcomer finds it.
pub(super) async fn roads(folder: &Folder, hub: &Hub) -> Outcome<()> {
    write_whole(&folder.path.join("roads.jsonl"), ROADS.as_bytes(), 0o644)?;
    let graph = road_file::read(ROADS).map_err(Failure::fields)?;
    let context = ChangeContext { request_id: ROADS_ATTEMPT.to_owned(), ..ChangeContext::default() };
    let messages = futures::stream::iter(graph.messages(context));
    hub.aid().upload_road_graph(messages).await.map_err(|status| hub.failure(&status))?;
    Ok(())
}

fn write_token(path: &Path, secret: &str) -> Outcome<()> {
    write_whole(path, format!("{secret}\n").as_bytes(), 0o600)
}

/// Writes the contexts: `demo` is the hub's operator with the first node, `dispatcher` dispatches mutual aid at the hub,
/// the others are each member's people.
pub(super) fn contexts(folder: &Folder) -> Outcome<()> {
    let hub = hub_server(folder);
    let first = MEMBERS.first().map(|member| node_server(folder, member.id));
    let mut contexts = BTreeMap::from([("demo".to_owned(), Context { hub: Some(hub.clone()), node: first })]);
    let dispatching = context::Server { token_file: folder.token(DISPATCHER), ..hub.clone() };
    contexts.insert(DISPATCHER.to_owned(), Context { hub: Some(dispatching), node: None });
    for member in &MEMBERS {
        let hub = context::Server { token_file: folder.token(member.id), ..hub.clone() };
        let context = Context { hub: Some(hub), node: Some(node_server(folder, member.id)) };
        contexts.insert(member.id.to_owned(), context);
    }
    let path = folder.contexts();
    // Which context is current is the user's choice from the second start on.
    let kept = ContextFile::load(Some(path.clone())).ok().and_then(|file| file.contexts.current);
    let current = kept.filter(|name| contexts.contains_key(name)).or_else(|| Some("demo".to_owned()));
    ContextFile { path, contexts: Contexts { current, contexts } }.save()
}
