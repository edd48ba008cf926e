//! What every verb has at hand: output, context, connections.

use std::path::PathBuf;

use shouwang_proto::clock::World;

use crate::{
    connection::{Hub, Node},
    context::{Context, ContextFile, Server},
    failure::{Failure, Outcome},
    output::Output,
    words::words,
};

/// One run of the program.
pub(crate) struct Session {
    /// Prints.
    pub(crate) output: Output,
    /// Time and randomness.
    pub(crate) world: World,
    /// `--context`.
    pub(crate) context_name: Option<String>,
    /// `--context-file`.
    pub(crate) context_file: Option<PathBuf>,
}

impl Session {
    /// The file of contexts.
    pub(crate) fn contexts(&self) -> Outcome<ContextFile> {
        ContextFile::load(self.context_file.clone())
    }

    /// The context in use.
    pub(crate) fn context(&self) -> Outcome<(String, Context)> {
        self.contexts()?.choose(self.context_name.as_deref())
    }

    /// The hub of the context, connected.
    pub(crate) async fn hub(&self) -> Outcome<Hub> {
        Hub::connect(&self.hub_address()?).await
    }

    fn hub_address(&self) -> Outcome<Server> {
        let (name, context) = self.context()?;
        context.hub.ok_or_else(|| {
            Failure::usage(words!("上下文 {name} 没有中心", "the context {name} has no hub")).hint(words!(
                "shouwang context add {name} --hub HOST:PORT --hub-root root.pem --hub-token-file FILE",
                "shouwang context add {name} --hub HOST:PORT --hub-root root.pem --hub-token-file FILE"
            ))
        })
    }

    /// The node of the context, connected.
    pub(crate) async fn node(&self) -> Outcome<Node> {
        let (name, context) = self.context()?;
        let node = context.node.ok_or_else(|| {
            Failure::usage(words!("上下文 {name} 没有节点", "the context {name} has no node")).hint(words!(
                "shouwang context add {name} --node-data 数据目录",
                "shouwang context add {name} --node-data NODE-DATA"
            ))
        })?;
        Node::connect(&node).await
    }
}
