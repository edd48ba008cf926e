//! `shouwang roads`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use futures::stream;
use shouwang_proto::wire::{
    AddClosureRequest, Closure, ClosureKind, ListClosuresRequest, Location, RemoveClosureRequest,
};

use super::{content, refer, road_file, said::Said, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum RoadsVerb {
    /// Replace the park's road graph by a file with one JSON object a line （上传路网）
    Upload {
        /// File （文件）
        file: PathBuf,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// Close an area, or make it slow; in force at once （封闭区域）
    Close(Box<CloseArguments>),
    /// Remove a closure （解除封闭）
    Reopen {
        /// `closures/{uuid}` or the UUID alone （封闭编号）
        closure: String,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// List closures in force （封闭列表）
    Closures {
        /// Only of this incident （事件）
        #[arg(long)]
        incident: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct CloseArguments {
    /// What lies there （类型）
    #[arg(long, value_enum)]
    kind: KindName,
    /// A corner, LATITUDE,LONGITUDE; at least three, in order （顶点）
    #[arg(long = "corner", value_name = "LAT,LON", value_parser = content::degrees, allow_hyphen_values = true, required = true)]
    corners: Vec<(f64, f64)>,
    /// For slow: times as long as usual, 2 to 20 （慢多少倍）
    #[arg(long, value_name = "N", required_if_eq("kind", "slow"))]
    slowdown: Option<u32>,
    /// The incident it belongs to; it ends with it （事件）
    #[arg(long)]
    incident: Option<String>,
    /// When it ends: 18:00, +2h or RFC 3339 （截止时间）
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Why （原因）
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Nobody passes （封闭）
    Closed,
    /// Smoke or gas （烟气）
    Plume,
    /// Passable, slowly （缓行）
    Slow,
}

impl KindName {
    fn to_wire(self) -> ClosureKind {
        match self {
            Self::Closed => ClosureKind::Closed,
            Self::Plume => ClosureKind::Plume,
            Self::Slow => ClosureKind::Slow,
        }
    }
}

pub(super) async fn run(session: &Session, verb: RoadsVerb) -> Outcome<Exit> {
    match verb {
        RoadsVerb::Upload { file, said } => {
            let graph = road_file::load(&file)?;
            let hub = session.hub().await?;
            let (attempt, context) = said.at_hub(session)?;
            let answer = hub.aid().upload_road_graph(stream::iter(graph.messages(context))).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::roads::uploaded))
        }
        RoadsVerb::Close(arguments) => close(session, *arguments).await,
        RoadsVerb::Reopen { closure, said } => {
            let hub = session.hub().await?;
            let (attempt, context) = said.at_hub(session)?;
            let name = refer::named("closures", &closure);
            let answer =
                hub.aid().remove_closure(RemoveClosureRequest { context: Some(context), name }).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::roads::removed))
        }
        RoadsVerb::Closures { incident } => {
            let hub = session.hub().await?;
            let incident = match incident {
                Some(written) => refer::incident(&hub, &written).await?.name,
                None => String::new(),
            };
            let answer = told(&hub, hub.aid().list_closures(ListClosuresRequest { incident }).await)?;
            Ok(show(session, answer, aid::roads::list))
        }
    }
}

async fn close(session: &Session, arguments: CloseArguments) -> Outcome<Exit> {
    let CloseArguments { kind, corners, slowdown, incident, until, reason, said } = arguments;
    let hub = session.hub().await?;
    let incident = match incident {
        Some(written) => refer::incident(&hub, &written).await?.name,
        None => String::new(),
    };
    let corner = |(latitude, longitude)| Location { latitude, longitude, address: String::new() };
    let closure = Closure {
        name: String::new(),
        kind: kind.to_wire() as i32,
        polygon: corners.into_iter().map(corner).collect(),
        slowdown: slowdown.unwrap_or_default(),
        incident,
        expire_time: content::time(session, "--until", until.as_deref())?,
        reason,
    };
    let (attempt, context) = said.at_hub(session)?;
    let answer =
        hub.aid().add_closure(AddClosureRequest { context: Some(context), closure: Some(closure) }).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::roads::one))
}
