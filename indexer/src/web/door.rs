//! Routes and handlers together.

use axum::{Router, extract::Request, response::Response};
use shouwang_pages::{
    door::{self, Door},
    link_page, sign_in_page,
};

use super::{
    Site, SiteParts, account_page, alerts_page, api, audit_page,
    board::{
        amend_page, board_page, closure_page, command_page, events, map_page, merge_page, new_page,
        paper_page, plan_page, request_page,
    },
    charts, feeds, member_page, members_page, people_page, publication_page,
    route::to,
    search_page, thesaurus_page, vocabulary_page,
};

/// All pages, with the headers and checks of every answer.
pub fn router(site: &Site) -> Router {
    let pages = Door::new(site.clone())
        .open(search_page::show)
        .open(search_page::suggest)
        .open(publication_page::show)
        .open(publication_page::file)
        .open(sign_in_page::show::<_, to::ShowSignIn>)
        .open(sign_in_page::sign_in::<_, to::SignIn>)
        .open(sign_in_page::sign_out::<_, to::SignOut>)
        .open(link_page::show::<_, to::ShowLink>)
        .open(link_page::take::<_, to::TakeLink>)
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
        .open(command_page::book)
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
    programs(council(pages)).router()
}

/// The council's pages.
fn council(door: Door<SiteParts>) -> Door<SiteParts> {
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
        .open(vocabulary_page::show)
        .open(audit_page::show)
        .open(audit_page::check)
        .open(charts::show)
        .open(alerts_page::show)
        .open(alerts_page::test)
}

/// What programs ask for.
fn programs(door: Door<SiteParts>) -> Door<SiteParts> {
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
    door::nowhere(site, request)
}
