//! Three pages for machines that look after machines; they name no member and show no text.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures::future::BoxFuture;

/// Longest wait for the answer whether a server is ready.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// Finds out whether a server can do its work; what it cannot do is an error in words for its operator.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), &'static str>> + Send + Sync>;
/// Writes the figures of the process as Prometheus text.
pub type Figures = Arc<dyn Fn() -> String + Send + Sync>;

/// What the pages ask.
#[derive(Clone)]
pub struct Probes {
    /// For `/readyz`.
    pub ready: Readiness,
    /// For `/metrics`; none when the process has no recorder.
    pub figures: Option<Figures>,
}

impl fmt::Debug for Probes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Probes").finish_non_exhaustive()
    }
}

/// `/healthz` (the process answers), `/readyz` (200, or 503 with the reason, which is also the answer after two seconds
/// without one), `/metrics` (404 without a recorder).
pub fn router(probes: Probes) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(probes)
}

async fn ready(State(probes): State<Probes>) -> Response {
    let asked = tokio::time::timeout(READY_LIMIT, (probes.ready)()).await;
    match asked.unwrap_or(Err("the database does not answer in time")) {
        Ok(()) => "ready\n".into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

async fn figures(State(probes): State<Probes>) -> Response {
    let Some(figures) = probes.figures else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], figures()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use futures::FutureExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(probes: Probes, page: &str) -> (StatusCode, String) {
        let request = Request::get(page).body(Body::empty()).unwrap();
        let answer = router(probes).oneshot(request).await.unwrap();
        let status = answer.status();
        let text = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    fn probes(ready: Readiness) -> Probes {
        Probes { ready, figures: Some(Arc::new(|| "shouwang_x 1\n".to_owned())) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_says_whether_it_is_ready_and_silence_is_a_no() {
        let well = probes(Arc::new(|| async { Ok(()) }.boxed()));
        assert_eq!(ask(well.clone(), "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
        assert_eq!(ask(well.clone(), "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
        assert_eq!(ask(well.clone(), "/metrics").await, (StatusCode::OK, "shouwang_x 1\n".to_owned()));
        let bare = Probes { figures: None, ..well };
        assert_eq!(ask(bare, "/metrics").await.0, StatusCode::NOT_FOUND);

        let ill = probes(Arc::new(|| async { Err("the disk is full") }.boxed()));
        let expected = (StatusCode::SERVICE_UNAVAILABLE, "the disk is full\n".to_owned());
        assert_eq!(ask(ill, "/readyz").await, expected);
        let silent = probes(Arc::new(|| std::future::pending().boxed()));
        let expected = (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer in time\n".to_owned());
        assert_eq!(ask(silent, "/readyz").await, expected);
    }
}
