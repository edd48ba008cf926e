//! `shouwang candidates`.

use clap::Args;
use shouwang_proto::wire::ListCandidatesRequest;

use super::{action::BasisName, refer, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Args, Debug)]
pub(crate) struct CandidatesArguments {
    /// The request: its name, UUID, or `last` （请求）
    request: String,
    /// Number of the line （行号）
    line: u32,
    /// Also say who is excluded and why （列出未列入者及原因）
    #[arg(long)]
    excluded: bool,
    /// Most candidates, at most 200 （最多条数）
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// On what ground; `agreement` leaves out owners without one in force （依据）
    #[arg(long, value_enum)]
    basis: Option<BasisName>,
}

pub(super) async fn run(session: &Session, arguments: CandidatesArguments) -> Outcome<Exit> {
    let CandidatesArguments { request, line, excluded, limit, basis } = arguments;
    let hub = session.hub().await?;
    let request = match request.as_str() {
        refer::LAST => refer::request(&hub, refer::LAST).await?.name,
        written => refer::named("requests", written),
    };
    let question = ListCandidatesRequest {
        request,
        line,
        page_size: limit,
        with_excluded: excluded,
        basis: basis.map_or(0, |basis| basis.to_wire() as i32),
    };
    let answer = told(&hub, hub.aid().list_candidates(question).await)?;
    Ok(show(session, answer, aid::candidates::list))
}
