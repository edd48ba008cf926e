//! `shouwang publication fork`: a log that was written twice, by a copy of the node or after a restore.

use clap::Subcommand;
use shouwang_proto::wire::{GetForkRequest, ResolveForkRequest};

use crate::{exit::Exit, failure::Outcome, render::fork::ForkView, session::Session};

#[derive(Debug, Subcommand)]
pub(super) enum ForkVerb {
    /// Show what the hub has instead, and what would become of every own write; changes nothing （查看分叉）
    Show,
    /// End the fork that was shown: the hub's branch stands, own writes are published again on top of it （解决分叉）
    Resolve {
        /// `forks/{id}`, as `fork show` names it （分叉编号）
        name: String,
    },
}

pub(super) async fn run(session: &Session, verb: ForkVerb) -> Outcome<Exit> {
    let node = session.node().await?;
    let answer = match verb {
        ForkVerb::Show => node.publishing().get_fork(GetForkRequest {}).await,
        ForkVerb::Resolve { name } => node.publishing().resolve_fork(ResolveForkRequest { name }).await,
    };
    let fork = answer.map_err(|status| node.failure(&status))?.into_inner();
    session.output.answer(&ForkView::from(fork));
    Ok(Exit::Done)
}
