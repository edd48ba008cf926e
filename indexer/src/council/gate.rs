//! The door of every service for people and programs: who calls, may it, and not too often.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use shouwang_proto::{clock::World, refusal::Refusal};
use shouwang_serving::{accept::PeerAddr, grpc::bearer_token};
use tokio::time::Instant;
use tonic::{Code, Request};

use super::{
    caller::Caller,
    pace::Pace,
    permission::{Authorized, Rpc},
    roster::Roster,
};

/// Checks callers. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Gate {
    roster: Roster,
    world: World,
    pace: Arc<Mutex<Pace>>,
    began: Instant,
}

impl Gate {
    /// A gate that asks this roster, and lets each identity through `calls_per_second` times (twice that at once).
    #[must_use]
    pub fn new(roster: Roster, world: World, calls_per_second: u32) -> Self {
        let pace = Arc::new(Mutex::new(Pace::new(calls_per_second)));
        Self { roster, world, pace, began: Instant::now() }
    }

    /// The caller of this request, if it may call `R`. Call it first in every handler.
    ///
    /// # Errors
    /// UNAUTHENTICATED (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED), PERMISSION_DENIED (MEMBER_SUSPENDED,
    /// ROLE_MISSING), RESOURCE_EXHAUSTED (TOO_MANY_REQUESTS).
    pub fn admit<R: Rpc, T>(&self, request: &Request<T>) -> Result<Authorized<R>, Refusal> {
        let secret = bearer_token(request.metadata())?.ok_or_else(token_missing)?;
        let caller = self.roster.snapshot().caller(secret, self.now())?;
        let caller = Authorized::check(caller)?;
        self.keep_pace(&caller.token_id)?;
        Ok(caller)
    }

    /// The caller with this token, at its pace. For doors that are not gRPC's.
    ///
    /// # Errors
    /// As [`Self::admit`], but for the role.
    pub fn recognise(&self, secret: &str) -> Result<Caller, Refusal> {
        let caller = self.roster.snapshot().caller(secret, self.now())?;
        self.keep_pace(&caller.token_id)?;
        Ok(caller)
    }

    /// Lets a person who is signed in through, at the person's pace.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (TOO_MANY_REQUESTS).
    pub fn admit_person(&self, caller: &Caller) -> Result<(), Refusal> {
        self.keep_pace(&caller.token_id)
    }

    /// Lets somebody without a token through, by the address it calls from.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (TOO_MANY_REQUESTS).
    pub fn admit_stranger<T>(&self, request: &Request<T>) -> Result<(), Refusal> {
        self.admit_address(request.extensions().get::<PeerAddr>().map(|peer| peer.0.ip()))
    }

    /// As [`Self::admit_stranger`], where the address is known already.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (TOO_MANY_REQUESTS).
    pub fn admit_address(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        self.keep_pace(&address.map_or_else(|| "address unknown".to_owned(), |address| address.to_string()))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn keep_pace(&self, identity: &str) -> Result<(), Refusal> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if pace.take(identity, self.began.elapsed()) {
            return Ok(());
        }
        Err(Refusal::new(
            Code::ResourceExhausted,
            "TOO_MANY_REQUESTS",
            "too many requests, wait a second （请求过于频繁，请稍候再试）",
        ))
    }
}

fn token_missing() -> Refusal {
    Refusal::new(
        Code::Unauthenticated,
        "TOKEN_MISSING",
        "send an access token as `authorization: Bearer SECRET` （缺少访问令牌）",
    )
}
