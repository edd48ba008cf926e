//! Lets deadlines come: one task that scans the rows. What it sleeps on is only a guess of when to look next; the rows
//! decide, so a restart, a clock that jumps or a second hub change nothing about what comes due.

use std::time::Duration;

use shouwang_serving::store::{StoreError, Tx};

use super::{
    load::load,
    machine::{
        case::{Case, Scope},
        escalation::Subject,
    },
    room::{MutualAid, Shared},
};
use crate::store::mutual_aid::{
    aid_lock,
    incident::incidents_going_on,
    outbox::{notices_expire, notices_stale},
    timer::{timer_next, timers_due, timers_put},
};

/// Longest sleep: another hub, or a jump of the clock, may have made something due.
const LONGEST: Duration = Duration::from_secs(1);
/// Deadlines that come in one round.
const ROUND: u32 = 100;

impl MutualAid {
    /// Lets deadlines come, for ever. First all of them are computed anew from what is stored, so that rules that were
    /// changed since the last start hold.
    pub async fn keep_time(self) {
        while let Err(error) = self.recompute().await {
            tracing::error!(%error, "the deadlines of mutual aid could not be computed anew; tried again");
            tokio::time::sleep(LONGEST).await;
        }
        let mut changes = self.shared.changes.subscribe();
        loop {
            changes.borrow_and_update();
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "the deadlines of mutual aid could not be looked through");
                    LONGEST
                }
            };
            tokio::select! {
                biased;
                () = tokio::time::sleep(pause) => {}
                more = changes.changed() => if more.is_err() { return },
            }
        }
    }

    /// Lets everything come that is due; gives how long to sleep.
    pub(super) async fn round(&self) -> Result<Duration, StoreError> {
        let Shared { parts, .. } = &*self.shared;
        let now = parts.world.now();
        let due = parts.store.read(async move |conn| timers_due(conn, now, ROUND).await).await?;
        for deadline in due {
            // One that cannot come must not hold up the others.
            if let Err(error) = self.come_due(deadline.clone()).await {
                tracing::error!(%error, ?deadline, "a deadline of mutual aid did not come");
            }
        }
        if parts.store.read(async move |conn| notices_stale(conn, now).await).await? {
            parts.store.write(async move |tx| notices_expire(tx, now).await).await?;
        }
        let next = parts.store.read(async |conn| timer_next(conn).await).await?;
        let left = next.map_or(LONGEST, |next| {
            Duration::try_from(next.duration_since(parts.world.now())).unwrap_or(Duration::ZERO)
        });
        // Not zero: one that cannot come is tried again, but not without a pause.
        Ok(left.clamp(Duration::from_millis(20), LONGEST))
    }

    /// Computes all deadlines anew.
    pub(super) async fn recompute(&self) -> Result<(), StoreError> {
        let Shared { parts, shelf, .. } = &*self.shared;
        let (shelf, now, policy) = (shelf.clone(), parts.world.now(), parts.policy.clone());
        let work = async move |tx: &mut Tx| {
            aid_lock(tx).await?;
            for incident in incidents_going_on(tx).await? {
                let mut scope = Scope::default();
                scope.incidents.insert(incident.id);
                let case = load(tx, &scope, &shelf, now).await?;
                let incidents = case.incidents.keys().map(|id| Subject::Incident(*id));
                let requests = case.requests.keys().map(|id| Subject::Request(*id));
                let assignments = case.assignments.values();
                // Those of other incidents come with the ledgers, without all that their standing needs.
                let own = assignments.filter(|assignment| assignment.incident == incident.id);
                let own = own.map(|assignment| Subject::Assignment(assignment.id));
                let subjects: Vec<_> = incidents.chain(requests).chain(own).collect();
                for subject in subjects {
                    if is_of(&case, &subject, incident.id)
                        && let Some(standing) = case.standing(&subject, &policy)
                    {
                        timers_put(tx, &subject, &standing.deadlines).await?;
                    }
                }
            }
            Ok(())
        };
        parts.store.write_urgent(work).await
    }
}

fn is_of(case: &Case, subject: &Subject, incident: shouwang_proto::mutual_aid::id::IncidentId) -> bool {
    match subject {
        Subject::Incident(id) => *id == incident,
        Subject::Request(id) => case.requests.get(id).is_some_and(|request| request.incident == incident),
        Subject::Assignment(_) => true,
        Subject::Ledger(_) => false,
    }
}
