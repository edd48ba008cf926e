//! The program of a member's node.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::{Parser, Subcommand};
use shouwang_node::{
    Node, NodeConfig, Surroundings,
    config::NodeFile,
    data_folder::DataFolder,
    join::{Invite, join},
};
use shouwang_proto::clock::World;
use shouwang_serving::{
    accept::bind,
    dial::TcpDialer,
    program::{self, Program},
};

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8450);

/// The node of one member of a safety alliance （安全生产联盟成员节点）.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Joins an alliance with an invite; repeat it if the answer was lost （凭邀请加入联盟）.
    Join {
        /// Folder of keys, database and attachments; made if there is none.
        #[arg(long)]
        data: PathBuf,
        /// The line that the hub's operator gave.
        invite: String,
    },
    /// Runs the node until it is told to stop （运行节点）.
    Serve {
        /// Folder of keys, database and attachments; made if there is none.
        #[arg(long)]
        data: PathBuf,
        /// Configuration file (TOML), also for alerts; see the README. What is given here wins over it.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Where the member's own programs connect. Default 127.0.0.1:8450.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Where the pages are served without TLS, such as 127.0.0.1:8451: for a browser or a proxy on this machine.
        #[arg(long)]
        web_listen: Option<SocketAddr>,
        /// Address by which people reach the pages, such as https://node.example.
        #[arg(long)]
        web_address: Option<String>,
        /// Logs as one JSON object per line.
        #[arg(long)]
        log_json: bool,
        /// End when standard input is closed: with the program that started this one.
        #[arg(long)]
        until_stdin_closes: bool,
    },
}

fn main() -> ExitCode {
    let Arguments { verb } = Arguments::parse();
    let log_json = matches!(verb, Verb::Serve { log_json: true, .. });
    program::main(log_json, run(verb))
}

async fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Join { data, invite } => {
            let invite: Invite = invite.parse()?;
            let folder = DataFolder::take(&data)?;
            let membership = join(folder.path(), &invite, &World::system(), Arc::new(TcpDialer)).await?;
            tracing::info!(
                member = %membership.member,
                alliance = %membership.alliance,
                "joined as {} （已加入联盟）",
                membership.display_name
            );
            Ok(())
        }
        Verb::Serve { data, config, listen, web_listen, web_address, log_json: _, until_stdin_closes } => {
            let file = config.as_deref().map(NodeFile::read).transpose()?.unwrap_or_default();
            let mut config = NodeConfig::new(data);
            file.apply(&mut config);
            config.web_listen = web_listen.or(config.web_listen);
            config.web_address = web_address.or(config.web_address.take());
            serve(config, listen.or(file.listen).unwrap_or(LISTEN), until_stdin_closes).await
        }
    }
}

async fn serve(mut config: NodeConfig, listen: SocketAddr, until_stdin_closes: bool) -> anyhow::Result<()> {
    let program = Program::begin(until_stdin_closes)?;
    config.figures = Some(program.figures());
    let surroundings =
        Surroundings { world: World::system(), listener: bind(listen)?, dialer: Arc::new(TcpDialer) };
    let mut node = Node::start(config, surroundings).await?;
    if let Some(link) = &node.set_up {
        program::show_set_up(link, "administrator");
    }
    let outcome = program.run(node.failed()).await;
    node.stop().await;
    outcome
}
