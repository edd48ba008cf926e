//! The operator's page of people: invite, new link, out of use.

use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::Age,
    choice::Choice,
    people_view::{AccountView, LinkView, PeoplePage, StateView},
    shown::{Shown, shown},
    trouble::Trouble,
};
use shouwang_serving::store::StoreError;

use super::{
    asked::{Asked, Knowing as _, post_words},
    route::{Route, to},
};
use crate::{
    council::{permission::rpc, roster::RosterSnapshot},
    people::{
        account::{Account, Post},
        coordinator::Linked,
        messages,
    },
};

async fn page<R: Route>(
    asked: &Asked<R>,
    done: Result<Option<Linked>, StoreError>,
) -> Result<Response, Trouble> {
    let (lang, site) = (asked.lang(), asked.site());
    let (roster, accounts, done) = (site.roster.snapshot(), site.people.accounts().await?, shown(done)?);
    let Shown { status, wrong, problem } = Shown::of(lang, done.as_ref().err());
    // After a refusal the form keeps what was typed; after an invitation it is ready for the next one.
    let typed = |name: &str| if wrong.any() { asked.form.first(name) } else { "" };
    let link = done.ok().flatten();
    let now = site.world.now();
    let shown = PeoplePage {
        lang,
        problem,
        link: link.map(|linked| LinkView::of(&linked, &linked.account.display_name, &site.address)),
        display_name: typed("display_name").to_owned(),
        posts: posts(lang, typed("post")),
        members: Some(members(&roster, typed("member"))),
        accounts: accounts.iter().map(|account| account_view(lang, account, &roster, now)).collect(),
        wrong,
    };
    asked.base.page(status, lang.say("people.title").to_owned(), &shown, &["page.js"])
}

fn posts(lang: Lang, chosen: &str) -> Vec<Choice> {
    let chosen = if chosen.is_empty() { Post::SafetyManager.as_str() } else { chosen };
    Post::ALL.map(|post| Choice::new(post.as_str(), post_words(lang, post), &[chosen])).into()
}

/// The members in the order of their names, by their ids.
pub(super) fn members(roster: &RosterSnapshot, chosen: &str) -> Vec<Choice> {
    let choice = |member: &crate::council::roster::MemberStanding| {
        Choice::new(member.id.as_str(), &member.display_name, &[chosen])
    };
    let mut members: Vec<_> = roster.members().map(choice).collect();
    members.sort_by_cached_key(|member| crate::search::analysis::pinyin::spelled(&member.label).full);
    members
}

fn account_view(lang: Lang, account: &Account, roster: &RosterSnapshot, now: Timestamp) -> AccountView {
    let member = account.member.as_ref().and_then(|id| roster.member(id));
    AccountView {
        id: account.id.clone(),
        name: account.display_name.clone(),
        post: post_words(lang, account.post),
        member: member.map_or_else(String::new, |member| member.display_name.clone()),
        state: StateView::of(lang, &account.state),
        signed_in: account.signed_in.map(|time| Age::of(lang, time, now)),
    }
}

/// `GET /people`.
pub(super) async fn show(asked: Asked<to::ShowPeople>) -> Result<Response, Trouble> {
    asked.authorized::<rpc::ListAccounts>()?;
    page(&asked, Ok(None)).await
}

/// `POST /people`.
pub(super) async fn invite(asked: Asked<to::InvitePerson>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::InviteAccount>()?;
    let post = asked.form.first("post").parse::<Post>();
    let wish = messages::wish(asked.form.first("display_name"), post, asked.form.first("member"));
    let invited = match wish {
        Ok(wish) => asked.site().people.invite(&caller, wish).await,
        Err(refusal) => Err(refusal.into()),
    };
    page(&asked, invited.map(Some)).await
}

/// `POST /people/{id}/link`.
pub(super) async fn reset(asked: Asked<to::ResetPerson>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::ResetAccount>()?;
    let linked = asked.site().people.reset(&caller, asked.name("id").to_owned()).await;
    page(&asked, linked.map(Some)).await
}

/// `POST /people/{id}/disable`.
pub(super) async fn disable(asked: Asked<to::DisablePerson>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::DisableAccount>()?;
    let done = asked.site().people.disable(&caller, asked.name("id").to_owned()).await;
    page(&asked, done.map(|_| None)).await
}
