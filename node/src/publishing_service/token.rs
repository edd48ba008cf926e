//! The publisher's token: whoever shows it is one of the member's own people.

use std::{fmt, sync::Arc};

use sha2::{Digest as _, Sha256};
use shouwang_proto::refusal::Refusal;
use shouwang_serving::grpc::bearer_token;
use subtle::ConstantTimeEq as _;
use tonic::{Code, Request, Status, service::Interceptor};

/// Lets in only calls with the right token. Knows its hash alone.
#[derive(Clone)]
pub struct TokenGate {
    hash: Arc<[u8; 32]>,
}

impl fmt::Debug for TokenGate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenGate").finish_non_exhaustive()
    }
}

impl TokenGate {
    /// For this token.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self { hash: Arc::new(Sha256::digest(token.as_bytes()).into()) }
    }

    fn admits(&self, token: &str) -> bool {
        // Both sides are hashes of one length, compared without an early end: the time says nothing about the token.
        let shown: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        bool::from(shown.ct_eq(&*self.hash))
    }
}

impl Interceptor for TokenGate {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let shown = bearer_token(request.metadata())?;
        if shown.is_some_and(|token| self.admits(token)) {
            return Ok(request);
        }
        Err(Refusal::new(
            Code::Unauthenticated,
            "TOKEN_INVALID",
            "this needs the token of the node's file `publisher.token` （需要节点的发布令牌）",
        )
        .into_status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(authorization: Option<&'static str>, admitted: bool) {
        let mut request = Request::new(());
        if let Some(value) = authorization {
            request.metadata_mut().insert("authorization", value.parse().unwrap());
        }
        assert_eq!(TokenGate::new("right").call(request).is_ok(), admitted, "{authorization:?}");
    }

    #[test]
    fn only_the_right_token_comes_in() {
        check(Some("Bearer right"), true);
        for wrong in ["Bearer wrong", "Bearer righ", "Bearer rightt", "Basic right", "right", "Bearer "] {
            check(Some(wrong), false);
        }
        check(None, false);
    }
}
