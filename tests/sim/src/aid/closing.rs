//! When the weather is good, one dispatcher brings everybody home and closes everything: from every state that is possible.

use std::time::Duration;

use shouwang_proto::wire::{self, AssignmentState, RequestState, assignment_action::Action};

use super::{
    asking::Hub,
    dispatcher::{Dispatcher, Picture, READING},
};
use crate::{
    people::calls::{Ended, ended},
    plan::Host,
};

/// Before anything is closed, everything that waits for time gets time.
const QUIET: Duration = Duration::from_secs(11);
/// A node that comes back to a hub whose files went back has come by then, in simulated milliseconds: back-off waits up to
/// 30 s, and a connection that was cut without a word is given up after 45 s.
const NOTICING: u64 = 90_000;
/// Pause between two rounds.
const PAUSE: Duration = Duration::from_millis(150);

impl Dispatcher {
    /// Returns when nothing goes on any more and nothing can come: a member's call for help waits at its node as long as
    /// the hub cannot be reached, and opens an incident when it arrives. If that cannot be reached, the auditor says so.
    pub(super) async fn close_everything(&mut self) {
        tokio::time::sleep(QUIET).await;
        let stage = self.asking.stage.clone();
        self.hear_of_what_was_lost().await;
        stage.note("everything is closed now");
        let mut was_closed = false;
        loop {
            // Asked before the hub is: a word that was decided by now is in the picture.
            let may_still_come = stage.words_wait();
            match self.read().await {
                Some(Picture { incidents, requests }) if incidents.is_empty() && requests.is_empty() => {
                    if !may_still_come {
                        stage.hit("aid: everything closed");
                        return;
                    }
                    was_closed = true;
                }
                Some(picture) => {
                    if std::mem::take(&mut was_closed) {
                        stage.hit("aid: a call came after everything was closed");
                    }
                    self.close_round(picture).await;
                }
                None => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What a hub on an older disk cannot know people have to find out, so it says so until they have. If only its files
    /// went back, it hears of it from a node that was told of more.
    async fn hear_of_what_was_lost(&mut self) {
        let stage = self.asking.stage.clone();
        let restored = stage.aid(|aid| aid.restores()) > 0;
        if !restored && !stage.aid(|aid| aid.ever_went_back()) {
            return;
        }
        let notices = |member: usize| {
            let name = Host::Node(member).name();
            !stage.has_forgotten(member) && !stage.ledger(|ledger| ledger.may_part(&name))
        };
        let certain = restored || stage.aid(|aid| aid.noticed_by().any(notices));
        let until = stage.now() + if restored { 0 } else { NOTICING };
        let kinds = vec![wire::AidTaskKind::Restored.into()];
        let found = loop {
            let wanted = wire::ListTasksRequest { kinds: kinds.clone(), ..wire::ListTasksRequest::default() };
            if let Ended::Answered(found) = ended(READING, self.asking.hub.list_tasks(wanted)).await {
                let found = found.into_inner().tasks;
                if !found.is_empty() || stage.now() >= until {
                    break found;
                }
            }
            tokio::time::sleep(PAUSE).await;
        };
        if found.is_empty() && !certain {
            return stage.hit("aid: files went back, and nobody could notice");
        }
        if !restored {
            stage.hit("aid: files went back, and a node noticed");
        }
        let [task] = found.as_slice() else {
            let seen = format!("the hub has lost something, and its dispatchers are told {found:?}");
            return self.asking.stage.broken("P7", seen);
        };
        self.asking.stage.hit("aid: people asked after a restore");
        let context = self.asking.context();
        let id = context.request_id.clone();
        let request = wire::CompleteTaskRequest {
            context: Some(context),
            name: task.name.clone(),
            who: "各单位".to_owned(),
            ..wire::CompleteTaskRequest::default()
        };
        let call = async |mut hub: Hub, request: wire::CompleteTaskRequest| hub.complete_task(request).await;
        self.asking.change("complete task", (id, request), call).await;
    }

    async fn close_round(&mut self, Picture { incidents, requests }: Picture) {
        for request in &requests {
            if request.state() != RequestState::StandingDown {
                self.stand_down(request).await;
                continue;
            }
            let Some(assignments) = self.assignments(&request.name).await else { continue };
            for found in assignments {
                self.bring_home(&found).await;
            }
            self.close(request).await;
        }
        for incident in &incidents {
            if !requests.iter().any(|request| request.incident == incident.name) {
                self.close_incident(incident).await;
            }
        }
    }

    async fn bring_home(&mut self, found: &wire::Assignment) {
        let out = matches!(
            found.state(),
            AssignmentState::EnRoute | AssignmentState::Staged | AssignmentState::OnScene
        );
        if out {
            self.report(found, Action::Release(wire::ReportAction::default())).await;
        }
        if out || found.state() == AssignmentState::Returning {
            let damaged = u64::from(self.asking.chance.per_mille(50));
            let back = wire::Return {
                returned: found.quantity.saturating_sub(damaged),
                damaged: damaged.min(found.quantity),
                ..wire::Return::default()
            };
            self.report(found, Action::Return(back)).await;
        }
    }
}
