//! `shouwang context`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    connection::split_address,
    context::{Context, Contexts, Ready, Server, hub_of, node_of},
    exit::Exit,
    failure::{Failure, Outcome},
    output::{Answer, Style},
    render::{facts, table},
    session::Session,
    words::{Lang, words},
};

#[derive(Debug, Subcommand)]
pub(super) enum ContextVerb {
    /// Add a context, or change one （新增或修改上下文）
    Add(Box<AddArguments>),
    /// List contexts （上下文列表）
    List,
    /// Make a context the current one （切换上下文）
    Use {
        /// Its name （名称）
        name: String,
    },
    /// Show a context; without a name, the current one （查看上下文）
    Show {
        /// Its name （名称）
        name: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(super) struct AddArguments {
    /// Its name （名称）
    name: String,
    /// Data folder of a hub that runs on this machine: fills in address, root and operator token （本机中心数据目录）
    #[arg(long, value_name = "DIR", conflicts_with_all = ["hub", "hub_root", "hub_token_file"])]
    hub_data: Option<PathBuf>,
    /// The hub's port for people （中心地址）
    #[arg(long, value_name = "HOST:PORT", requires_all = ["hub_root", "hub_token_file"])]
    hub: Option<String>,
    /// The hub's root certificate, PEM （中心根证书）
    #[arg(long, value_name = "FILE", requires = "hub")]
    hub_root: Option<PathBuf>,
    /// File with the token for the hub （中心令牌文件）
    #[arg(long, value_name = "FILE", requires = "hub")]
    hub_token_file: Option<PathBuf>,
    /// Data folder of a node that runs on this machine: fills in address, root and publisher token （本机节点数据目录）
    #[arg(long, value_name = "DIR", conflicts_with_all = ["node", "node_root", "node_token_file"])]
    node_data: Option<PathBuf>,
    /// The node's publishing port （节点地址）
    #[arg(long, value_name = "HOST:PORT", requires_all = ["node_root", "node_token_file"])]
    node: Option<String>,
    /// The node's own root certificate, PEM （节点根证书）
    #[arg(long, value_name = "FILE", requires = "node")]
    node_root: Option<PathBuf>,
    /// File with the publisher token （节点令牌文件）
    #[arg(long, value_name = "FILE", requires = "node")]
    node_token_file: Option<PathBuf>,
}

pub(super) fn run(session: &Session, verb: ContextVerb) -> Outcome<Exit> {
    match verb {
        ContextVerb::Add(arguments) => add(session, *arguments)?,
        ContextVerb::List => {
            session.output.answer(&ContextList(session.contexts()?.contexts));
        }
        ContextVerb::Use { name } => {
            let mut file = session.contexts()?;
            file.contexts.choose(Some(&name))?;
            file.contexts.current = Some(name.clone());
            file.save()?;
            session.output.talk(&words!("当前上下文：{name}", "the current context is {name}"));
        }
        ContextVerb::Show { name } => {
            let file = session.contexts()?;
            let (name, context) = file.choose(name.as_deref().or(session.context_name.as_deref()))?;
            session.output.answer(&ContextView { name, file: file.path, context });
        }
    }
    Ok(Exit::Done)
}

fn add(session: &Session, arguments: AddArguments) -> Outcome<()> {
    let AddArguments {
        name,
        hub_data,
        hub,
        hub_root,
        hub_token_file,
        node_data,
        node,
        node_root,
        node_token_file,
    } = arguments;
    let missing = |data: &Path| Failure::file(&data.join("ready.json"), &"没有监听地址 （names no address）");
    let hub = match hub_data {
        Some(data) => {
            let data = absolute(&data)?;
            let address = Ready::read(&data)?.people.ok_or_else(|| missing(&data))?;
            Some(hub_of(&data, address))
        }
        None => server(hub, hub_root, hub_token_file)?,
    };
    let node = match node_data {
        Some(data) => {
            let data = absolute(&data)?;
            let address = Ready::read(&data)?.publishing.ok_or_else(|| missing(&data))?;
            Some(node_of(&data, address))
        }
        None => server(node, node_root, node_token_file)?,
    };
    if hub.is_none() && node.is_none() {
        return Err(Failure::usage(words!(
            "请指定 --hub、--hub-data、--node 或 --node-data",
            "say which: --hub, --hub-data, --node or --node-data"
        )));
    }
    let mut file = session.contexts()?;
    let context = file.contexts.contexts.entry(name.clone()).or_default();
    *context = Context { hub: hub.or(context.hub.take()), node: node.or(context.node.take()) };
    file.contexts.current.get_or_insert_with(|| name.clone());
    file.save()?;
    let path = file.path.display();
    session.output.talk(&words!("上下文 {name} 已写入 {path}", "context {name} is in {path}"));
    Ok(())
}

fn server(
    address: Option<String>,
    root: Option<PathBuf>,
    token_file: Option<PathBuf>,
) -> Outcome<Option<Server>> {
    // clap requires the three together.
    let (Some(address), Some(root), Some(token_file)) = (address, root, token_file) else { return Ok(None) };
    split_address(&address)?;
    Ok(Some(Server { address, root: absolute(&root)?, token_file: absolute(&token_file)? }))
}

/// The path from the root: a context is used from any folder.
pub(crate) fn absolute(path: &Path) -> Outcome<PathBuf> {
    std::path::absolute(path).map_err(|error| Failure::file(path, &error))
}

#[derive(Serialize)]
#[serde(transparent)]
struct ContextList(Contexts);

impl Answer for ContextList {
    fn text(&self, style: Style) -> String {
        let headings = match style.lang {
            Lang::Zh => ["", "名称", "中心", "节点"],
            Lang::En => ["", "NAME", "HUB", "NODE"],
        };
        let address = |server: &Option<Server>| {
            server.as_ref().map(|server| server.address.clone()).unwrap_or_default()
        };
        let rows = self.0.contexts.iter().map(|(name, context)| {
            let mark = if self.0.current.as_ref() == Some(name) { "*" } else { "" };
            vec![mark.to_owned(), name.clone(), address(&context.hub), address(&context.node)]
        });
        table(&headings, rows.collect())
    }
}

#[derive(Serialize)]
struct ContextView {
    name: String,
    file: PathBuf,
    #[serde(flatten)]
    context: Context,
}

impl Answer for ContextView {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        let show = |server: &Option<Server>, part: fn(&Server) -> String| {
            server.as_ref().map(part).unwrap_or_default()
        };
        let (hub, node) = (&self.context.hub, &self.context.node);
        let root = |server: &Server| server.root.display().to_string();
        let token = |server: &Server| server.token_file.display().to_string();
        facts(&[
            (name("上下文", "context"), self.name.clone()),
            (name("文件", "file"), self.file.display().to_string()),
            (name("中心", "hub"), show(hub, |server| server.address.clone())),
            (name("中心根证书", "hub root"), show(hub, root)),
            (name("中心令牌文件", "hub token file"), show(hub, token)),
            (name("节点", "node"), show(node, |server| server.address.clone())),
            (name("节点根证书", "node root"), show(node, root)),
            (name("节点令牌文件", "node token file"), show(node, token)),
        ])
    }
}
