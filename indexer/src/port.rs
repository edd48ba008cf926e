//! The port for people and programs: gRPC, the pages of [`web`](crate::web), and three for machines that look after
//! machines.

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use shouwang_serving::store::StoreError;
use tonic::{Code, service::Routes};

use crate::{
    council::oversight::IndexProbe,
    store::{self, Store},
    web::{self, Site},
};

/// Longest time to the first byte of an answer. Searches have their own, shorter limit.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait for the database when asked whether the hub is ready.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// What the pages look at.
#[derive(Clone)]
pub struct Pages {
    /// The database.
    pub store: Store,
    /// The index.
    pub index: IndexProbe,
    /// The process's metrics.
    pub metrics: Option<PrometheusHandle>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// Everything the people port serves: `/healthz` (the process answers), `/readyz` (database and index can do their
/// work), `/metrics`
/// (Prometheus text; counts and times, nothing about members or texts), the gRPC services, and the pages for people.
pub fn router(services: Routes, pages: Pages, site: Site) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(pages)
        .merge(services.into_axum_router())
        .merge(web::router(&site))
        .fallback(async move |request: Request| nowhere(&site, request))
        .layer(middleware::from_fn(in_time))
}

/// The pages alone, for a port without TLS.
pub fn pages_only(site: &Site) -> Router {
    let site = site.plain();
    web::router(&site)
        .fallback(async move |request: Request| web::nowhere(&site, request))
        .layer(middleware::from_fn(in_time))
}

/// A call or a page that there is not.
fn nowhere(site: &Site, request: Request) -> Response {
    if is_grpc(&request) {
        return tonic::Status::unimplemented("this hub has no such service or method （没有这个服务或方法）")
            .into_http::<axum::body::Body>();
    }
    web::nowhere(site, request)
}

fn is_grpc(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

async fn ready(State(pages): State<Pages>) -> Response {
    let asked =
        tokio::time::timeout(READY_LIMIT, pages.store.read(async |conn| store::hub::hub_find(conn).await));
    let problem = match asked.await {
        Err(_) => Some("the database does not answer in time"),
        Ok(Err(StoreError::Refused(_) | StoreError::Unavailable(_) | StoreError::Internal(_))) => {
            Some("the database answers with an error")
        }
        Ok(Ok(_)) if !pages.store.is_writable() => Some("the last write to the database failed"),
        Ok(Ok(_)) if (pages.index)().caught_up.is_none() => Some("the index is being made"),
        Ok(Ok(_)) => None,
    };
    match problem {
        None => "ready\n".into_response(),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

async fn metrics(State(pages): State<Pages>) -> Response {
    let Some(metrics) = pages.metrics else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}

/// Ends calls that take too long to begin answering.
async fn in_time(request: Request, next: Next) -> Response {
    let grpc = is_grpc(&request);
    match tokio::time::timeout(CALL_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) if grpc => tonic::Status::new(Code::DeadlineExceeded, "the hub took too long （处理超时）")
            .into_http::<axum::body::Body>(),
        Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}
