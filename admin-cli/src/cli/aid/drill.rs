//! `shouwang drill`: an incident with mode EXERCISE.

use clap::Subcommand;
use shouwang_proto::wire::{HaltDrillRequest, IncidentMode, ListIncidentsRequest};

use super::{
    PageArguments,
    content::ModeName,
    incident::{self, OpenArguments},
    refer,
    said::Said,
    show, told,
};
use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
    words::words,
};

#[derive(Debug, Subcommand)]
pub(crate) enum DrillVerb {
    /// Open a drill: the same as an incident, on a copy of the ledgers （开始演练）
    Open(Box<OpenArguments>),
    /// Halt a drill by hand; a real P1 request does it by itself （中止演练）
    Halt {
        /// The drill: its name, UUID, or `last` （演练编号）
        drill: String,
        /// Why （原因）
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        said: Box<Said>,
    },
    /// List drills, newest first （演练列表）
    List {
        #[command(flatten)]
        page: PageArguments,
    },
}

pub(super) async fn run(session: &Session, verb: DrillVerb) -> Outcome<Exit> {
    match verb {
        DrillVerb::Open(arguments) => {
            // A drill that alarmed the park for real, or the other way round, is the mistake this verb is there to prevent.
            if arguments.mode().is_some_and(|mode| mode != ModeName::Exercise) {
                return Err(Failure::usage(words!(
                    "drill open 只开演练；实战用 shouwang incident open",
                    "`drill open` opens drills only; for a real one use `shouwang incident open`"
                )));
            }
            incident::open(session, *arguments, ModeName::Exercise).await
        }
        DrillVerb::Halt { drill, reason, said } => {
            let hub = session.hub().await?;
            let name = match drill.as_str() {
                refer::LAST => last(&hub).await?,
                written => refer::named("incidents", written),
            };
            let (attempt, context) = said.at_hub(session)?;
            let request = HaltDrillRequest { context: Some(context), name, reason };
            let answer = hub.aid().halt_drill(request).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::incident::one))
        }
        DrillVerb::List { page } => {
            let hub = session.hub().await?;
            let question = drills(page.limit, page.page_token);
            let answer = told(&hub, hub.aid().list_incidents(question).await)?;
            Ok(show(session, answer, aid::incident::list))
        }
    }
}

fn drills(page_size: u32, page_token: String) -> ListIncidentsRequest {
    let modes = vec![IncidentMode::Exercise as i32];
    ListIncidentsRequest { page_size, page_token, states: Vec::new(), modes }
}

/// The newest drill; a real incident that is newer must not be taken for it.
async fn last(hub: &Hub) -> Outcome<String> {
    let page = told(hub, hub.aid().list_incidents(drills(1, String::new())).await)?;
    page.incidents
        .into_iter()
        .next()
        .map(|drill| drill.name)
        .ok_or_else(|| Failure::usage(words!("还没有演练", "there is no drill yet")))
}
