//! Looks after the nodes of the members when the weather is good again: where publishing is held because the log was
//! written twice, looks at the fork and ends it, until the hub agrees.

use std::time::Duration;

use shouwang_proto::wire::{self, ForkOutcome, publishing_service_client::PublishingServiceClient};

use super::{
    auditor::node_line,
    calls::{Ended, Line, ended},
    letters::status,
};
use crate::{plan::Host, stage::Stage};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(700);
/// Longest wait for an answer; a look fetches what the hub has.
const PATIENCE: Duration = Duration::from_secs(20);

/// Goes from node to node for ever; the run ends without it.
///
/// # Errors
/// When a node's files cannot be used.
pub async fn mend(stage: Stage) -> anyhow::Result<()> {
    let lines = (0..stage.plan().members).map(|member| Ok((member, node_line(&stage, member)?)));
    let lines = lines.collect::<anyhow::Result<Vec<(usize, Line)>>>()?;
    loop {
        for (member, line) in &lines {
            let mut client = PublishingServiceClient::new(line.clone());
            if status(&mut client).await.is_some_and(|status| status.publishing_held) {
                stage.hold(*member);
                end_fork(&stage, *member, &mut client).await;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn end_fork(stage: &Stage, member: usize, client: &mut PublishingServiceClient<Line>) {
    let name = Host::Node(member).name();
    let fork = match ended(PATIENCE, client.get_fork(wire::GetForkRequest {})).await {
        Ended::Answered(fork) => fork.into_inner(),
        Ended::Refused(refusal) => {
            stage.note(format!("{name}: no fork is shown: {}", refusal.reason));
            stage.hit(format!("fork: not shown: {}", refusal.reason));
            return;
        }
        Ended::Unknown(why) => return stage.note(format!("{name}: no fork is shown: {why}")),
    };
    let at = |position: &Option<wire::LogPosition>| position.as_ref().map_or(0, |position| position.seq);
    stage.note(format!(
        "{name} has forked after {}: {} here, {} at the hub, {} own writes",
        at(&fork.common),
        at(&fork.own_head),
        at(&fork.hub_head),
        fork.total
    ));
    let request = wire::ResolveForkRequest { name: fork.name.clone() };
    // Before the answer, which may not come.
    stage.ledger(|ledger| ledger.mending(&name));
    match ended(PATIENCE, client.resolve_fork(request.clone())).await {
        Ended::Answered(resolved) => {
            let resolved = resolved.into_inner();
            stage.note(format!("{name}: the fork is resolved, the log is at {}", at(&resolved.new_head)));
            stage.hit("fork: resolved by a person");
            for write in &resolved.writes {
                stage.hit(format!("fork: own write {:?}", write.outcome()));
            }
            if resolved.writes.iter().any(|write| write.outcome() == ForkOutcome::PublishedAgain) {
                stage.hit("fork: own writes come again");
            }
            compare(stage, &resolved, ended(PATIENCE, client.resolve_fork(request)).await);
        }
        Ended::Refused(refusal) => stage.note(format!("{name}: not resolved: {}", refusal.reason)),
        Ended::Unknown(why) => stage.note(format!("{name}: not resolved: {why}")),
    }
}

/// A fork is ended once, however often somebody asks.
fn compare(stage: &Stage, first: &wire::Fork, again: Ended<tonic::Response<wire::Fork>>) {
    let Ended::Answered(again) = again else { return };
    let (first, again) = (&first.new_head, again.into_inner().new_head);
    if *first != again {
        stage.broken("P2", format!("a fork was resolved twice: {first:?} and {again:?}"));
    }
}
