//! A park of real processes with many records in it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use shouwang_proto::wire::{
    GetHubStatusRequest, HubStatus, ImportOutcome, ImportPublicationsRequest, Publication,
};
use tokio::{task::JoinSet, time::sleep};
use tokio_stream::{StreamExt as _, iter};

use super::process::Usage;
use crate::{
    corpus::Corpus,
    processes::{Council, Park, Publishing},
};

/// A benchmark asks faster than any person, and holds more links than any address should.
const HUB_FILE: &str = "calls_per_second = 1000000\nconnections_per_address = 10000\n";
/// Between two looks at the hub.
const LOOK: Duration = Duration::from_millis(10);
/// Longest time without any progress.
const STANDSTILL: Duration = Duration::from_secs(120);

/// Starts a hub without limits that would disturb a measurement, and these members' nodes.
///
/// # Errors
/// As [`Park::start`].
pub async fn start(members: &[&str]) -> anyhow::Result<Park> {
    Park::start_with(members, HUB_FILE).await
}

/// Imports records of the corpus into all members' nodes at the same time, the same share into each. Gives records a
/// second over all nodes.
///
/// # Errors
/// When a record is refused or a node does not answer.
pub async fn import(park: &Park, members: &[&str], corpus: &Arc<Corpus>, total: u64) -> anyhow::Result<f64> {
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for (number, member) in (0..).zip(members) {
        let (node, corpus) = (park.publishing(member)?, Arc::clone(corpus));
        let numbers = share(total, members.len() as u64, number);
        tasks.spawn(import_all(node, numbers.map(move |number| corpus.record(1, number))));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = total as f64 / started.elapsed().as_secs_f64();
    Ok(rate)
}

/// The numbers of one of `shares` equal parts of the numbers below `total`.
fn share(total: u64, shares: u64, number: u64) -> std::ops::Range<u64> {
    total * number / shares..total * (number + 1) / shares
}

/// Imports records into one node.
///
/// # Errors
/// When a record is refused or the node does not answer.
pub async fn import_all(
    mut node: Publishing,
    records: impl Iterator<Item = Publication> + Send + 'static,
) -> anyhow::Result<()> {
    let requests = (1..).zip(records).map(|(line, publication)| ImportPublicationsRequest {
        line,
        publication: Some(publication),
        draft: false,
    });
    let mut answers = node.import_publications(iter(requests)).await?.into_inner();
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        let outcome = answer.outcome();
        anyhow::ensure!(
            outcome == ImportOutcome::Created,
            "line {}: {outcome:?} {:?}",
            answer.line,
            answer.violations
        );
    }
    Ok(())
}

/// How the hub is.
///
/// # Errors
/// When it does not answer.
pub async fn status(council: &mut Council) -> anyhow::Result<HubStatus> {
    Ok(council.get_hub_status(GetHubStatusRequest {}).await?.into_inner())
}

/// What a wait for the index saw.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Changes indexed between the first look at which there was progress and the last look.
    pub indexed: u64,
    /// Time between the two.
    pub took: Duration,
    /// Time from the call to the end.
    pub since_call: Duration,
    /// The hub's cost at the end.
    pub usage: Usage,
}

impl Progress {
    /// Changes a second while there was progress.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = self.indexed as f64 / self.took.as_secs_f64().max(1e-9);
        rate
    }
}

/// Waits until the index holds `total` changes. The clock of the rate starts with the first progress, so that the time
/// until the nodes have dialled again does not count.
///
/// # Errors
/// When the hub does not answer, or nothing moves for two minutes.
pub async fn until_searchable(park: &mut Park, total: u64) -> anyhow::Result<Progress> {
    let called = Instant::now();
    let mut council = park.council()?;
    let mut first: Option<(u64, Instant)> = None;
    let (mut seen, mut moved) = ((0, 0), Instant::now());
    loop {
        let HubStatus { index_position, hub_log_head, .. } = status(&mut council).await?;
        let now = Instant::now();
        if seen != (index_position, hub_log_head) {
            (seen, moved) = ((index_position, hub_log_head), now);
        }
        if hub_log_head > 0 && first.is_none() {
            first = Some((index_position, now));
        }
        if let Some((from, at)) = first
            && index_position >= total
        {
            let pid = park.hub().context("the hub runs")?.pid();
            return Ok(Progress {
                indexed: index_position - from,
                took: now - at,
                since_call: now - called,
                usage: Usage::of(pid)?,
            });
        }
        anyhow::ensure!(
            now - moved < STANDSTILL,
            "nothing moves: index {index_position}, log {hub_log_head} of {total}"
        );
        sleep(LOOK).await;
    }
}

/// Waits until every member's node has sent all it has.
///
/// # Errors
/// As [`until_searchable`].
pub async fn load(
    park: &mut Park,
    members: &[&str],
    corpus: &Arc<Corpus>,
    total: u64,
) -> anyhow::Result<Progress> {
    import(park, members, corpus, total).await?;
    until_searchable(park, total).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_equal_and_leave_nothing_out() {
        let shares: Vec<_> = (0..3).map(|number| share(100, 3, number)).collect();
        assert_eq!(shares, [0..33, 33..66, 66..100]);
    }
}
