//! `shouwang plan`.

use clap::{Args, Subcommand};
use shouwang_proto::wire::{ApplyPlanRequest, ProposePlanRequest};

use super::{action::BasisName, content::ModeName, refer, said::Said, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum PlanVerb {
    /// Propose orders for several requests together; holds nothing （提出方案）
    Propose {
        /// Requests; none: all open ones with unmet lines （请求）
        requests: Vec<String>,
        /// Of which mode, without requests （性质）
        #[arg(long, value_enum, default_value = "actual")]
        mode: ModeName,
        /// On what ground; `agreement` leaves out owners without one in force （依据）
        #[arg(long, value_enum)]
        basis: Option<BasisName>,
    },
    /// Order what a plan proposes, all of it or some lines （执行方案）
    Apply(ApplyArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ApplyArguments {
    /// `plans/{uuid}` or the UUID alone （方案编号）
    plan: String,
    /// Only these lines of the plan （只执行这些行）
    #[arg(long = "line", value_name = "N")]
    lines: Vec<u32>,
    /// On what ground （依据）
    #[arg(long, value_enum)]
    basis: BasisName,
    #[command(flatten)]
    said: Said,
}

pub(super) async fn run(session: &Session, verb: PlanVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    match verb {
        PlanVerb::Propose { requests, mode, basis } => {
            let mut names = Vec::with_capacity(requests.len());
            for written in requests {
                names.push(match written.as_str() {
                    refer::LAST => refer::request(&hub, refer::LAST).await?.name,
                    written => refer::named("requests", written),
                });
            }
            let question = ProposePlanRequest {
                requests: names,
                mode: mode.to_wire() as i32,
                basis: basis.map_or(0, |basis| basis.to_wire() as i32),
            };
            let plan = told(&hub, hub.aid().propose_plan(question).await)?;
            Ok(show(session, plan, aid::plan::proposal))
        }
        PlanVerb::Apply(arguments) => {
            let ApplyArguments { plan, lines, basis, said } = arguments;
            let (attempt, context) = said.at_hub(session)?;
            let request = ApplyPlanRequest {
                context: Some(context),
                name: refer::named("plans", &plan),
                lines,
                basis: basis.to_wire() as i32,
            };
            let answer = hub.aid().apply_plan(request).await;
            let answer = attempt.by_hub(&hub, answer)?;
            let refused = answer.results.iter().any(|result| result.assignment.is_none());
            show(session, answer, aid::plan::applied);
            Ok(if refused { Exit::Partly } else { Exit::Done })
        }
    }
}
