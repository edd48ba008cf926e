//! The program of the hub.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use shouwang_hub::{
    Hub, Surroundings, backup,
    config::{HubConfig, HubFile},
    founding,
};
use shouwang_proto::{clock::World, id::AllianceId};
use shouwang_serving::{
    accept::bind,
    program::{self, Program},
};

const PEOPLE_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8440);
const NODES_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8441);

/// The hub of a safety alliance （安全生产联盟中心）.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs the hub until it is told to stop （运行中心）.
    Serve(ServeArguments),
    /// Copies a hub, running or not, into a new folder: database (checked), keys, attachments （备份）.
    Backup(BackupArguments),
    /// Makes another operator's token, in the hub's folder, for an operator who lost the last one （补发操作员令牌）.
    OperatorToken(OperatorTokenArguments),
    /// Makes a hub's folder from a backup; nodes then refuse the hub that was backed up （恢复）.
    Restore(RestoreArguments),
}

#[derive(Debug, clap::Args)]
struct BackupArguments {
    /// The hub's folder.
    #[arg(long)]
    data: PathBuf,
    /// sqlite:PATH, when the database is not in the folder. PostgreSQL has its own tools.
    #[arg(long, env = "SHOUWANG_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Folder to make. Keep it as private as the hub's own: the alliance's keys are in it.
    #[arg(long)]
    to: PathBuf,
}

#[derive(Debug, clap::Args)]
struct OperatorTokenArguments {
    /// The hub's folder.
    #[arg(long)]
    data: PathBuf,
    /// sqlite:PATH or postgres://…, when the database is not in the folder.
    #[arg(long, env = "SHOUWANG_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

#[derive(Debug, clap::Args)]
struct RestoreArguments {
    /// The backup.
    #[arg(long)]
    from: PathBuf,
    /// Folder to make; it must not exist, or be empty.
    #[arg(long)]
    data: PathBuf,
}

#[derive(Debug, clap::Args)]
struct ServeArguments {
    /// Folder of keys, database, index and attachments; made at the first start.
    #[arg(long)]
    data: PathBuf,
    /// Configuration file (TOML). What is given here wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where people and programs connect. Default 127.0.0.1:8440.
    #[arg(long)]
    people_listen: Option<SocketAddr>,
    /// Where nodes connect. Default 127.0.0.1:8441.
    #[arg(long)]
    nodes_listen: Option<SocketAddr>,
    /// host:port by which nodes reach the node port. Default: where it listens.
    #[arg(long)]
    advertise: Option<String>,
    /// host:port by which nodes and people reach the people port: what invites lead to. Default: where it listens.
    #[arg(long)]
    advertise_people: Option<String>,
    /// Where the pages are served without TLS, for a proxy or a browser on this machine, such as 127.0.0.1:8442. Default:
    /// only with TLS, at the people port.
    #[arg(long)]
    web_listen: Option<SocketAddr>,
    /// https://host by which people reach the pages: what links for them begin with. Default: where they are served.
    #[arg(long)]
    web_address: Option<String>,
    /// sqlite:PATH or postgres://… Default: hub.db in the folder.
    #[arg(long, env = "SHOUWANG_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The alliance's id, decided at the first start. Default: alliance.
    #[arg(long)]
    alliance: Option<AllianceId>,
    /// Logs as one JSON object per line.
    #[arg(long)]
    log_json: bool,
    /// End when standard input is closed: with the program that started this one.
    #[arg(long)]
    until_stdin_closes: bool,
}

fn main() -> ExitCode {
    let Arguments { verb } = Arguments::parse();
    let log_json = matches!(&verb, Verb::Serve(arguments) if arguments.log_json);
    program::main(log_json, run(verb))
}

async fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Serve(arguments) => Box::pin(serve(arguments)).await,
        Verb::Backup(BackupArguments { data, database, to }) => {
            let mut config = HubConfig::new(data);
            config.database = database;
            backup::backup(&config, &to).await?;
            tracing::info!(to = %to.display(), "backed up");
            Ok(())
        }
        Verb::OperatorToken(OperatorTokenArguments { data, database }) => {
            let mut config = HubConfig::new(data);
            config.database = database;
            let file = founding::renew_operator_token(&config, &World::system()).await?;
            tracing::info!(file = %file.display(), "the new operator's token is there");
            Ok(())
        }
        Verb::Restore(RestoreArguments { from, data }) => {
            backup::restore(&from, &data, &World::system()).await
        }
    }
}

async fn serve(arguments: ServeArguments) -> anyhow::Result<()> {
    let file = arguments.config.as_deref().map(HubFile::read).transpose()?.unwrap_or_default();
    let mut config = HubConfig::new(arguments.data);
    file.apply(&mut config);
    config.alliance = arguments.alliance.or(config.alliance);
    config.database = arguments.database.or(config.database);
    config.advertise = arguments.advertise.or(config.advertise);
    config.advertise_people = arguments.advertise_people.or(config.advertise_people);
    config.web_listen = arguments.web_listen.or(config.web_listen);
    config.web_address = arguments.web_address.or(config.web_address);
    let program = Program::begin(arguments.until_stdin_closes)?;
    config.figures = Some(program.figures());
    let surroundings = Surroundings {
        world: World::system(),
        people: bind(arguments.people_listen.or(file.people_listen).unwrap_or(PEOPLE_LISTEN))?,
        nodes: bind(arguments.nodes_listen.or(file.nodes_listen).unwrap_or(NODES_LISTEN))?,
    };
    let mut hub = Hub::start(config, surroundings).await?;
    if let Some(link) = &hub.set_up {
        program::show_set_up(link, "operator");
    }
    let outcome = program.run(hub.failed()).await;
    hub.stop().await;
    outcome
}
