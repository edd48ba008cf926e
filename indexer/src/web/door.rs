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
use shouwang_pages::{asset, reply};
use tower_http::csrf::CsrfLayer;

use super::{
    Site, account_page, alerts_page, api,
    asked::{Arrival, Asked},
    audit_page,
    board::{
        amend_page, board_page, closure_page, command_page, events, map_page, merge_page, new_page,
        paper_page, plan_page, request_page,
    },
    charts, cookies, feeds, link_page, member_page, members_page, people_page, publication_page,
    route::{Manner, Method, Route, Row, Who},
    search_page, sign_in_page, thesaurus_page,
    trouble::Trouble,
};

/// All pages, with the headers and checks of every answer.
pub fn router(site: &Site) -> Router {
    let door = Door { site: site.clone(), router: Router::new() };
    let pages = door
        .open(search_page::show)
        .open(search_page::suggest)
        .open(publication_page::show)
        .open(publication_page::file)
        .open(sign_in_page::show)
        .open(sign_in_page::sign_in)
        .open(sign_in_page::sign_out)
        .open(link_page::show)
        .open(link_page::take)
        .open(account_page::show)
        .open(account_page::change_password)
        .open(account_page::end_others)
        .open(account_page::make_token)
        .open(account_page::revoke_token)
        .open(people_page::show)
        .open(people_page::invite)
        .open(people_page::reset)
        .open(people_page::disable)
        .open(board_page::show)
        .open(board_page::wall)
        .open(map_page::show)
        .open(new_page::show)
        .open(new_page::open)
        .open(events::follow)
        .open(paper_page::order)
        .open(paper_page::incident)
        .open(paper_page::request)
        .open(command_page::task)
        .open(command_page::report)
        .open(command_page::close_incident)
        .open(request_page::show)
        .open(command_page::accept)
        .open(command_page::reject)
        .open(command_page::solicit)
        .open(command_page::order)
        .open(command_page::act)
        .open(command_page::stand_down)
        .open(command_page::close)
        .open(command_page::review)
        .open(command_page::offer)
        .open(amend_page::show)
        .open(amend_page::amend)
        .open(merge_page::show)
        .open(merge_page::merge)
        .open(plan_page::start)
        .open(plan_page::propose)
        .open(plan_page::show)
        .open(plan_page::apply)
        .open(closure_page::add)
        .open(closure_page::remove);
    let pages = programs(council(pages)).router;
    let assets = get(async |request: Request| asset::serve(request.uri().path(), request.headers()));
    let foreign = CsrfLayer::new().with_rejection_response(|_| {
        reply::text(StatusCode::FORBIDDEN, "this came from another site （请求来自其他网站，已拒绝）\n")
    });
    pages
        .route(&format!("{}{{*name}}", asset::PREFIX), assets)
        .layer(foreign)
        .layer(middleware::from_fn(protected))
}

/// The council's pages.
fn council(door: Door) -> Door {
    door.open(members_page::show)
        .open(members_page::invite)
        .open(member_page::show)
        .open(member_page::suspend)
        .open(member_page::reinstate)
        .open(member_page::set_groups)
        .open(member_page::retry)
        .open(thesaurus_page::show)
        .open(thesaurus_page::put)
        .open(thesaurus_page::delete)
        .open(audit_page::show)
        .open(audit_page::check)
        .open(charts::show)
        .open(alerts_page::show)
        .open(alerts_page::test)
}

/// What programs ask for.
fn programs(door: Door) -> Door {
    door.open(api::search)
        .open(api::publication)
        .open(api::members)
        .open(api::member)
        .open(api::incidents)
        .open(api::incident)
        .open(api::requests)
        .open(api::request)
        .open(api::open_api)
        .open(feeds::incidents)
        .open(feeds::cap)
        .open(feeds::publications)
        .open(feeds::courses)
}

/// The answer to an address that leads nowhere.
pub fn nowhere(site: &Site, request: Request) -> Response {
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

struct Door {
    site: Site,
    router: Router,
}

impl Door {
    /// Opens a route: its type is in the handler's, so neither can be mistaken for another.
    fn open<R, H, F>(self, handler: H) -> Self
    where
        R: Route,
        H: Fn(Asked<R>) -> F + Clone + Send + Sync + 'static,
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
}

async fn answer<R, H, F>(site: Site, request: Request, handler: H) -> Response
where
    R: Route,
    H: Fn(Asked<R>) -> F,
    F: Future<Output = Result<Response, Trouble>>,
{
    let (arrival, answered) = match Asked::<R>::admit(site, request).await {
        Err((arrival, trouble)) => (arrival, Err(trouble)),
        Ok(asked) => (Arc::clone(&asked.base), handler(asked).await),
    };
    let mut response = answered.unwrap_or_else(|trouble| arrival.refuse(&trouble));
    if !arrival.fields.first("lang").is_empty() {
        reply::keep(&mut response, &cookies::language(arrival.lang, arrival.origin.is_secure));
    }
    response
}
