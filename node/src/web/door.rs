//! Routes and handlers together.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use shouwang_pages::{
    door::{self, Door},
    link_page, sign_in_page,
};
use shouwang_serving::grpc::is_call;

use super::{
    Site, account_page, aid_page, answer_form, call_page, edit_page, files_page, import_page, offline_page,
    own_page, people_page, route::to, shelf_page, tables_page, went_page,
};

/// Longest time to the first byte of a page; a file of 32 MiB over a slow network takes its time.
const PAGE_LIMIT: Duration = Duration::from_secs(120);

/// All pages, with the headers and checks of every answer.
pub fn router(site: &Site) -> Router {
    Door::new(site.clone())
        .open(shelf_page::show)
        .open(edit_page::show_new)
        .open(edit_page::create)
        .open(own_page::show)
        .open(edit_page::show)
        .open(edit_page::revise)
        .open(own_page::publish)
        .open(own_page::show_withdraw)
        .open(own_page::withdraw)
        .open(files_page::add)
        .open(files_page::get)
        .open(files_page::drop_one)
        .open(import_page::show)
        .open(import_page::upload)
        .open(import_page::preview)
        .open(import_page::import)
        .open(tables_page::template)
        .open(tables_page::export)
        .open(aid_page::show)
        .open(aid_page::now)
        .open(answer_form::answer)
        .open(answer_form::seen)
        .open(call_page::show)
        .open(call_page::call)
        .open(offline_page::show)
        .open(went_page::show)
        .open(went_page::tell)
        .open(sign_in_page::show::<_, to::ShowSignIn>)
        .open(sign_in_page::sign_in::<_, to::SignIn>)
        .open(sign_in_page::sign_out::<_, to::SignOut>)
        .open(link_page::show::<_, to::ShowLink>)
        .open(link_page::take::<_, to::TakeLink>)
        .open(account_page::show)
        .open(account_page::change_password)
        .open(people_page::show)
        .open(people_page::invite)
        .open(people_page::relink)
        .open(people_page::disable)
        .router()
        .layer(middleware::from_fn(in_time))
}

/// The pages alone, for a port without TLS.
pub fn pages_only(site: &Site) -> Router {
    let site = site.plain();
    router(&site).fallback(async move |request: Request| door::nowhere(&site, request))
}

/// The services of the publishing port with the pages beside them.
pub fn beside(services: Router, site: &Site) -> Router {
    let site = site.clone();
    services.merge(router(&site)).fallback(async move |request: Request| {
        if is_call(request.headers()) {
            let words = "this node has no such service or method （没有这个服务或方法）";
            return tonic::Status::unimplemented(words).into_http::<axum::body::Body>();
        }
        door::nowhere(&site, request)
    })
}

/// Ends what takes too long to begin answering.
async fn in_time(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PAGE_LIMIT, next.run(request)).await;
    answered.unwrap_or_else(|_| StatusCode::GATEWAY_TIMEOUT.into_response())
}
