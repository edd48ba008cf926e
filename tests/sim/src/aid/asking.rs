//! Asking the hub for a change until somebody knows what came of it: by people who hang up, ask again, give up, and now and
//! then ask once more although they were answered.

use std::{fmt::Debug, time::Duration};

use shouwang_proto::{
    refusal::Refusal,
    wire::{self, mutual_aid_service_client::MutualAidServiceClient},
};
use tonic::{Response, Status};
use uuid::Builder;

use crate::{
    chance::Chance,
    people::calls::{Ended, Line, ended},
    stage::{Phase, Stage},
};

/// Reasons that say: not now.
pub(super) const LATER: [&str; 2] = ["STORE_UNAVAILABLE", "RATE_LIMITED"];

/// How the hub is asked.
pub(super) type Hub = MutualAidServiceClient<Line>;

/// Somebody who asks, and how patient.
pub(super) struct Asking {
    pub(super) stage: Stage,
    pub(super) chance: Chance,
    pub(super) hub: Hub,
    /// Who, in the trace and at the hub.
    pub(super) who: String,
}

impl Asking {
    pub(super) fn new(stage: &Stage, who: String, hub: Line) -> Self {
        let chance = Chance::of(stage.plan().seed, &format!("aid {who}"));
        Self { stage: stage.clone(), chance, hub: Hub::new(hub), who }
    }

    /// A context of its own for each change.
    pub(super) fn context(&mut self) -> wire::ChangeContext {
        let request_id = request_id(&mut self.chance);
        wire::ChangeContext { request_id, actor: self.who.clone(), ..wire::ChangeContext::default() }
    }

    /// Asks for a change. None: nobody will ever ask again what became of it.
    pub(super) async fn change<Q, A, F>(
        &mut self,
        what: &str,
        (request_id, request): (String, Q),
        call: impl Fn(Hub, Q) -> F,
    ) -> Option<Result<A, Refusal>>
    where
        Q: Clone,
        A: Clone + PartialEq + Debug,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        loop {
            let patience = patience(&self.stage, &mut self.chance);
            let asked = ended(patience, call(self.hub.clone(), request.clone())).await;
            let answer = match asked {
                Ended::Answered(answer) => {
                    let now = self.stage.now();
                    self.stage.aid(|aid| aid.granted(&request_id, now));
                    self.stage.note(format!("{} {what}: done", self.who));
                    Ok(answer.into_inner())
                }
                Ended::Refused(refusal) if LATER.contains(&refusal.reason.as_ref()) => {
                    self.stage.hit(format!("aid: told to wait: {}", refusal.reason));
                    self.pause().await;
                    continue;
                }
                Ended::Refused(refusal) => {
                    self.stage.note(format!("{} {what}: refused {}", self.who, refusal.reason));
                    self.stage.hit(format!("aid: {what} refused: {}", refusal.reason));
                    Err(refusal)
                }
                Ended::Unknown(why) => {
                    self.stage.note(format!("{} {what}: unknown {why}", self.who));
                    self.stage.hit("aid: change without an answer");
                    let chaos = self.stage.phase() == Phase::Chaos;
                    if chaos && self.chance.per_mille(self.stage.plan().manners.abandon) {
                        self.stage.aid(|aid| aid.abandoned());
                        return None;
                    }
                    self.pause().await;
                    continue;
                }
            };
            if self.chance.per_mille(self.stage.plan().manners.repeat) {
                let changes = self.stage.aid(|aid| aid.changes());
                let again = ended(Duration::from_secs(2), call(self.hub.clone(), request)).await;
                // Another hub in its place may not know the first answer.
                if changes == self.stage.aid(|aid| aid.changes()) {
                    self.compare(what, &answer, again);
                }
            }
            return Some(answer);
        }
    }

    /// A request that was answered gets its first answer again.
    fn compare<A: PartialEq + Debug>(
        &self,
        what: &str,
        first: &Result<A, Refusal>,
        again: Ended<Response<A>>,
    ) {
        let again = match again {
            Ended::Answered(answer) => Ok(answer.into_inner()),
            Ended::Refused(refusal) if LATER.contains(&refusal.reason.as_ref()) => return,
            Ended::Refused(refusal) => Err(refusal),
            Ended::Unknown(_) => return,
        };
        self.stage.hit("aid: change repeated");
        if *first != again {
            self.stage.broken("P2", format!("{what} repeated: {again:?}, first it was {first:?}"));
        }
    }

    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.chance.within(20..400))).await;
    }
}

/// How long somebody waits for an answer.
pub(super) fn patience(stage: &Stage, chance: &mut Chance) -> Duration {
    if stage.phase() == Phase::Chaos && chance.per_mille(stage.plan().manners.hang_up) {
        stage.hit("aid: hung up early");
        return Duration::from_millis(chance.within(1..120));
    }
    Duration::from_millis(chance.within(1_500..5_000))
}

/// A key for one change.
pub(super) fn request_id(chance: &mut Chance) -> String {
    let mut bytes = [0; 16];
    chance.fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
