//! Routes and handlers together, and what every answer has.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::{MethodFilter, get, on},
};
use http::StatusCode;
use tower_http::csrf::CsrfLayer;

use crate::{
    Site,
    asked::{Arrival, Asked, House},
    asset, reply,
    route::{Manner, Method, Route, Row, Who},
    trouble::Trouble,
};

/// Routes that are opened one after the other.
pub struct Door<H> {
    site: Site<H>,
    router: Router,
}

impl<H> std::fmt::Debug for Door<H> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Door").finish_non_exhaustive()
    }
}

impl<H: House> Door<H> {
    /// No route is open yet.
    #[must_use]
    pub fn new(site: Site<H>) -> Self {
        Self { site, router: Router::new() }
    }

    /// Opens a route: its type is in the handler's, so neither can be mistaken for another.
    #[must_use]
    pub fn open<R, A, F>(self, handler: A) -> Self
    where
        R: Route<Role = H::Role>,
        A: Fn(Asked<H, R>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, Trouble>> + Send + 'static,
    {
        let site = self.site.clone();
        let answer = move |request: Request| {
            let (site, handler) = (site.clone(), handler.clone());
            async move { answer(site, request, handler).await }
        };
        let method = match R::ROW.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        Self { site: self.site, router: self.router.route(R::ROW.path, on(method, answer)) }
    }

    /// All routes and the assets, with the headers and checks of every answer.
    pub fn router(self) -> Router {
        let assets = get(async |request: Request| asset::serve(request.uri().path(), request.headers()));
        let foreign = CsrfLayer::new().with_rejection_response(|_| {
            reply::text(StatusCode::FORBIDDEN, "this came from another site （请求来自其他网站，已拒绝）\n")
        });
        self.router
            .route(&format!("{}{{*name}}", asset::PREFIX), assets)
            .layer(foreign)
            .layer(middleware::from_fn(protected))
    }
}

/// The answer to an address that leads nowhere.
#[must_use]
pub fn nowhere<H: House>(site: &Site<H>, request: Request) -> Response {
    let row =
        Row { name: "Nowhere", method: Method::Get, path: "", manner: Manner::Page, who: Who::Everybody };
    let (parts, _) = request.into_parts();
    let arrival = Arrival::read(site.clone(), row, &parts);
    let mut response = arrival.trouble_page(&Trouble::nowhere());
    reply::protect(response.headers_mut());
    response
}

async fn protected(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    reply::protect(response.headers_mut());
    response
}

async fn answer<H, R, A, F>(site: Site<H>, request: Request, handler: A) -> Response
where
    H: House,
    R: Route<Role = H::Role>,
    A: Fn(Asked<H, R>) -> F,
    F: Future<Output = Result<Response, Trouble>>,
{
    let (arrival, answered) = match Asked::<H, R>::admit(site, request).await {
        Err((arrival, trouble)) => (arrival, Err(trouble)),
        Ok(asked) => (Arc::clone(&asked.base), handler(asked).await),
    };
    let mut response = answered.unwrap_or_else(|trouble| arrival.refuse(&trouble));
    if !arrival.fields.first("lang").is_empty() {
        reply::keep(&mut response, &arrival.cookies().language(arrival.lang));
    }
    response
}
