//! What the services of both servers share.

use crate::store::StoreError;
use shouwang_proto::FILE_DESCRIPTOR_SET;
use shouwang_proto::refusal::Refusal;
use std::sync::atomic::{AtomicU64, Ordering};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

/// Largest message on a control link, in bytes, both ways.
pub const CONTROL_MESSAGE_BYTES: usize = 64 * 1024;

/// Largest message on a sync link and in ordinary calls, in bytes, **both ways**: set it with
/// `max_decoding_message_size` *and* `max_encoding_message_size`, for tonic's own limit for sending is none.
pub const SYNC_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// True for a gRPC call, by what it says that it sends: everything else on the same port is for browsers.
#[must_use]
pub fn is_call(headers: &http::HeaderMap) -> bool {
    let kind = headers.get(http::header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// The token after `authorization: Bearer `, if one was sent.
///
/// # Errors
/// UNAUTHENTICATED if there is an `authorization` that is something else, so that nobody is treated as anonymous by
/// mistake.
pub fn bearer_token(metadata: &MetadataMap) -> Result<Option<&str>, Refusal> {
    let mut values = metadata.get_all("authorization").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let bad = || {
        Refusal::new(
            Code::Unauthenticated,
            "AUTHORIZATION_INVALID",
            "authorization must be `Bearer TOKEN`, once （授权头必须是 Bearer 令牌）",
        )
    };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(bad)?;
    let token = token.trim();
    let well_formed = scheme.eq_ignore_ascii_case("bearer")
        && !token.is_empty()
        && token.bytes().all(|byte| byte.is_ascii_graphic())
        && values.next().is_none();
    if well_formed { Ok(Some(token)) } else { Err(bad()) }
}

/// What a caller hears of an error of the store. A refusal goes out as it is; everything else is logged here, once,
/// under an id that the caller can quote.
impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into_status(),
            StoreError::Unavailable(why) => {
                let id = error_id();
                tracing::warn!(id, why, "answered UNAVAILABLE");
                Refusal::new(
                    Code::Unavailable,
                    "STORE_UNAVAILABLE",
                    format!("the database is not available, try again later; error {id} （数据库暂不可用，请稍后重试；错误编号 {id}）"),
                )
                .into_status()
            }
            StoreError::Internal(error) => internal(&error),
        }
    }
}

/// INTERNAL without detail. The cause is logged here, once, under an id that the caller can quote.
#[must_use]
pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Status {
    let id = error_id();
    tracing::error!(id, cause = %chain(cause), "answered INTERNAL");
    Status::internal(format!("internal error {id} （内部错误，编号 {id}）"))
}

/// Errors are numbered from the start of the process: together with the log's times that is unique, and a simulation
/// stays the same from run to run.
fn error_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("E{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn chain(cause: &(dyn std::error::Error + 'static)) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// The standard health service, and the handle that says what it answers.
#[must_use]
pub fn health() -> (HealthReporter, HealthServer<impl Health>) {
    health_reporter()
}

/// The standard reflection service over our contract and the health service's.
///
/// # Errors
/// If the descriptors cannot be read, which a test excludes.
pub fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, tonic_reflection::server::Error>
{
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(values: &[&'static str]) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        for value in values {
            metadata.append("authorization", value.parse().unwrap());
        }
        metadata
    }

    #[test]
    fn a_bearer_token_is_found() {
        assert_eq!(bearer_token(&with(&[])).unwrap(), None);
        assert_eq!(bearer_token(&with(&["Bearer abc.DEF-1"])).unwrap(), Some("abc.DEF-1"));
        assert_eq!(bearer_token(&with(&["bearer  x"])).unwrap(), Some("x"));
    }

    #[test]
    fn anything_else_is_refused_rather_than_ignored() {
        for values in
            [&["Basic YTpi"][..], &["Bearer"], &["Bearer "], &["Bearer a b"], &["Bearer a", "Bearer b"]]
        {
            let refusal = bearer_token(&with(values)).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.reason.as_ref()),
                (Code::Unauthenticated, "AUTHORIZATION_INVALID")
            );
        }
    }

    #[test]
    fn a_refusal_goes_out_whole_and_a_defect_goes_out_bare() {
        let refusal = Refusal::not_found("RESOURCE_UNKNOWN", "no such resource");
        let status = Status::from(StoreError::from(refusal.clone()));
        assert_eq!(Refusal::from_status(&status), Some(refusal));

        let defect = StoreError::Internal(sqlx::Error::ColumnNotFound("password_hash".to_owned()));
        let status = Status::from(defect);
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("password_hash") && status.message().contains("E"));

        let outage = Status::from(StoreError::Unavailable("/var/lib/secret.db is full".to_owned()));
        assert_eq!(outage.code(), Code::Unavailable);
        assert!(!outage.message().contains("secret.db"));
    }

    #[test]
    fn the_descriptors_can_be_read() {
        reflection().unwrap();
    }
}
