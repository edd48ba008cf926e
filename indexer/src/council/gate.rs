//! The door of every service for people and programs: who calls, may it, and not too often.

use jiff::Timestamp;
use shouwang_proto::{clock::World, refusal::Refusal};
use tonic::{Code, Request, metadata::MetadataMap};

use super::{
    permission::{Authorized, Rpc},
    roster::Roster,
};

/// Checks callers. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Gate {
    roster: Roster,
    world: World,
}

impl Gate {
    /// A gate that asks this roster.
    #[must_use]
    pub fn new(roster: Roster, world: World) -> Self {
        Self { roster, world }
    }

    /// The caller of this request, if it may call `R`. Call it first in every handler.
    ///
    /// # Errors
    /// UNAUTHENTICATED (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED), PERMISSION_DENIED (MEMBER_SUSPENDED,
    /// ROLE_MISSING), RESOURCE_EXHAUSTED (TOO_MANY_REQUESTS).
    pub fn admit<R: Rpc, T>(&self, request: &Request<T>) -> Result<Authorized<R>, Refusal> {
        let secret = bearer(request.metadata())?;
        let caller = self.roster.snapshot().caller(secret, self.now())?;
        Authorized::check(caller)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }
}

/// The secret after `Bearer ` in `authorization`.
fn bearer(metadata: &MetadataMap) -> Result<&str, Refusal> {
    metadata.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ")).ok_or_else(|| {
        Refusal::new(
            Code::Unauthenticated,
            "TOKEN_MISSING",
            "send an access token as `authorization: Bearer SECRET` （缺少访问令牌）",
        )
    })
}
