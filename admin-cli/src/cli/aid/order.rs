//! `shouwang assignment order`: the decision that holds a resource.

use clap::Args;
use shouwang_proto::wire::OrderRequest;

use super::{action::BasisName, moment, refer, said::Said, show};
use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
    words::words,
};

#[derive(Args, Debug)]
pub(crate) struct OrderArguments {
    /// The request: its name, UUID, or `last` （请求）
    request: String,
    /// Number of the line （行号）
    line: u32,
    /// The resource: full name, UUID, or words that only one candidate's title or owner has （资源）
    resource: String,
    /// How much; without it what the candidate suggests （数量）
    #[arg(long, value_name = "N")]
    quantity: Option<u64>,
    /// On what ground （依据）
    #[arg(long, value_enum)]
    basis: BasisName,
    /// Let more be sent than is asked for （允许超派）
    #[arg(long)]
    overcommit: bool,
    /// Time until it can be on the scene; without it as the candidate says （预计多久到场）
    #[arg(long, value_name = "LENGTH", value_parser = moment::seconds)]
    eta: Option<u32>,
    /// For a P1 request: take it from this assignment of a lower one; may be repeated （让出的调派）
    #[arg(long, value_name = "ASSIGNMENT", requires = "preempt_reason")]
    preempt: Vec<String>,
    /// Why it is taken; everybody concerned is told （让出的原因）
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    preempt_reason: String,
    #[command(flatten)]
    said: Said,
}

/// A resource, with what the hub says of it as a candidate.
pub(crate) struct Chosen {
    /// `members/{member}/publications/{uuid}`.
    pub(super) name: String,
    quantity: u64,
    eta_seconds: u32,
    ledger_version: u64,
}

/// The resource that is meant. A full name is taken as it is; everything else is looked up among the candidates.
pub(super) async fn resource(hub: &Hub, request: &str, line: u32, written: String) -> Outcome<Chosen> {
    if written.starts_with("members/") {
        return Ok(Chosen { name: written, quantity: 0, eta_seconds: 0, ledger_version: 0 });
    }
    let candidates = refer::candidates(hub, request, line).await?;
    let found = refer::choose(&candidates, &written)?;
    Ok(Chosen {
        name: found.resource.clone(),
        quantity: found.quantity,
        eta_seconds: found.eta_seconds,
        ledger_version: found.ledger_version,
    })
}

pub(super) async fn run(session: &Session, arguments: OrderArguments) -> Outcome<Exit> {
    let OrderArguments {
        request,
        line,
        resource,
        quantity,
        basis,
        overcommit,
        eta,
        preempt,
        preempt_reason,
        said,
    } = arguments;
    let hub = session.hub().await?;
    let request = refer::request(&hub, &request).await?;
    let chosen = self::resource(&hub, &request.name, line, resource).await?;
    let quantity = quantity
        .or(Some(chosen.quantity).filter(|quantity| *quantity > 0))
        .ok_or_else(|| Failure::usage(words!("请用 --quantity 指明数量", "say how much with --quantity")))?;
    let (attempt, context) = said.at_hub(session)?;
    let order = OrderRequest {
        context: Some(context),
        expected_version: said.version(request.version),
        request: request.name,
        line,
        resource: chosen.name,
        quantity,
        basis: basis.to_wire() as i32,
        expected_ledger_version: chosen.ledger_version,
        overcommit,
        eta_seconds: eta.unwrap_or(chosen.eta_seconds),
        preempt: preempt.iter().map(|written| refer::named("assignments", written)).collect(),
        preempt_reason,
    };
    let answer = hub.aid().order(order).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::assignment::ordered))
}
