//! The port for people and programs: gRPC, the pages of [`web`], and three for machines that look after
//! machines.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use shouwang_serving::{
    grpc::is_call,
    probes::{self, Probes, Readiness},
};
use tonic::{Code, service::Routes};

use crate::{
    council::oversight::IndexProbe,
    store::{self, Store},
    web::{self, Site},
};

/// Longest time to the first byte of an answer. Searches have their own, shorter limit.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// Everything the people port serves: the pages for monitoring, the gRPC services, and the pages for people.
pub fn router(services: Routes, probes: Probes, site: Site) -> Router {
    probes::router(probes)
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
    if is_call(request.headers()) {
        return tonic::Status::unimplemented("this hub has no such service or method （没有这个服务或方法）")
            .into_http::<axum::body::Body>();
    }
    web::nowhere(site, request)
}

/// Whether database and index can do their work.
pub fn readiness(store: Store, index: IndexProbe) -> Readiness {
    Arc::new(move || ready(store.clone(), Arc::clone(&index)).boxed())
}

async fn ready(store: Store, index: IndexProbe) -> Result<(), &'static str> {
    let asked = store.read(async |conn| store::hub::hub_find(conn).await).await;
    asked.map_err(|_| "the database answers with an error")?;
    if !store.is_writable() {
        return Err("the last write to the database failed");
    }
    if index().caught_up.is_none() {
        return Err("the index is being made");
    }
    Ok(())
}

/// Ends calls that take too long to begin answering.
async fn in_time(request: Request, next: Next) -> Response {
    let grpc = is_call(request.headers());
    match tokio::time::timeout(CALL_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) if grpc => tonic::Status::new(Code::DeadlineExceeded, "the hub took too long （处理超时）")
            .into_http::<axum::body::Body>(),
        Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}
