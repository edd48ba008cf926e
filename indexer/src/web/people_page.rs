//! The operator's page of people: invite, new link, out of use.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use shouwang_pages::{
    Lang,
    age::{self, Age},
    icon,
    shown::Shown,
    trouble::Trouble,
    wrong::Wrong,
};
use shouwang_proto::refusal::Refusal;
use shouwang_serving::store::StoreError;

use super::{
    asked::{Asked, Knowing as _, post_words},
    route::{Route, to},
};
use crate::{
    council::{permission::rpc, roster::RosterSnapshot},
    people::{
        account::{Account, AccountState, Post},
        coordinator::Linked,
        messages,
    },
};

pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    is_chosen: bool,
}

struct LinkView {
    name: String,
    address: String,
    until: String,
}

struct AccountView {
    id: String,
    name: String,
    post: &'static str,
    member: String,
    login: String,
    state: &'static str,
    state_label: &'static str,
    signed_in: Option<Age>,
    can_reset: bool,
    reset_key: &'static str,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    lang: Lang,
    problem: String,
    link: Option<LinkView>,
    display_name: String,
    posts: Vec<Choice>,
    members: Vec<Choice>,
    accounts: Vec<AccountView>,
    wrong: Wrong,
}

/// What the page says of what was just done.
enum Outcome {
    Nothing,
    Linked(Linked),
    Refused(Refusal),
}

async fn page<R: Route>(asked: &Asked<R>, outcome: Outcome) -> Result<Response, Trouble> {
    let (lang, now) = (asked.lang(), asked.site().world.now());
    let roster = asked.site().roster.snapshot();
    let accounts = asked.site().people.accounts().await?;
    let (link, refused) = match outcome {
        Outcome::Nothing => (None, None),
        Outcome::Linked(linked) => {
            let address = format!("{}{}", asked.site().address, linked.path());
            let until = age::exact(linked.expires);
            (Some(LinkView { name: linked.account.display_name, address, until }), None)
        }
        Outcome::Refused(refusal) => (None, Some(refusal)),
    };
    let Shown { status, wrong, problem } = Shown::of(lang, refused.as_ref());
    // After a refusal the form keeps what was typed; after an invitation it is ready for the next one.
    let typed = |name: &str| if wrong.any() { asked.form.first(name) } else { "" };
    let shown = PeoplePage {
        lang,
        problem,
        link,
        display_name: typed("display_name").to_owned(),
        posts: posts(lang, typed("post")),
        members: members(&roster, typed("member")),
        accounts: accounts.iter().map(|account| account_view(lang, account, &roster, now)).collect(),
        wrong,
    };
    asked.base.page(status, lang.say("people.title").to_owned(), &shown, &["page.js"])
}

fn posts(lang: Lang, chosen: &str) -> Vec<Choice> {
    let chosen = if chosen.is_empty() { Post::SafetyManager.as_str() } else { chosen };
    let choice = |post: Post| Choice {
        value: post.as_str().to_owned(),
        label: post_words(lang, post).to_owned(),
        is_chosen: post.as_str() == chosen,
    };
    Post::ALL.map(choice).into()
}

/// The members in the order of their names, by their ids.
pub(super) fn members(roster: &RosterSnapshot, chosen: &str) -> Vec<Choice> {
    let choice = |member: &crate::council::roster::MemberStanding| Choice {
        is_chosen: member.id.as_str() == chosen,
        value: member.id.to_string(),
        label: member.display_name.clone(),
    };
    let mut members: Vec<_> = roster.members().map(choice).collect();
    members.sort_by_cached_key(|member| crate::search::analysis::pinyin::spelled(&member.label).full);
    members
}

fn account_view(lang: Lang, account: &Account, roster: &RosterSnapshot, now: Timestamp) -> AccountView {
    let member = account.member.as_ref().and_then(|id| roster.member(id));
    let (state_key, can_reset, reset_key) = match account.state {
        AccountState::Invited => ("people.invited", true, "people.new-invitation"),
        AccountState::Active(_) => ("people.active", true, "people.new-password"),
        AccountState::Disabled => ("people.disabled", false, "people.new-password"),
    };
    AccountView {
        id: account.id.clone(),
        name: account.display_name.clone(),
        post: post_words(lang, account.post),
        member: member.map_or_else(String::new, |member| member.display_name.clone()),
        login: account.credentials().map_or_else(String::new, |known| known.login.as_str().to_owned()),
        state: account.state.as_str(),
        state_label: lang.find(state_key).unwrap_or_default(),
        signed_in: account.signed_in.map(|time| Age::of(lang, time, now)),
        can_reset,
        reset_key,
    }
}

async fn outcome<R: Route>(
    asked: &Asked<R>,
    result: Result<Linked, StoreError>,
) -> Result<Response, Trouble> {
    match result {
        Ok(linked) => page(asked, Outcome::Linked(linked)).await,
        Err(StoreError::Refused(refusal)) => page(asked, Outcome::Refused(refusal)).await,
        Err(other) => Err(other.into()),
    }
}

/// `GET /people`.
pub(super) async fn show(asked: Asked<to::ShowPeople>) -> Result<Response, Trouble> {
    asked.authorized::<rpc::ListAccounts>()?;
    page(&asked, Outcome::Nothing).await
}

/// `POST /people`.
pub(super) async fn invite(asked: Asked<to::InvitePerson>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::InviteAccount>()?;
    let post = asked.form.first("post").parse::<Post>();
    let wish = messages::wish(asked.form.first("display_name"), post, asked.form.first("member"));
    match wish {
        Ok(wish) => outcome(&asked, asked.site().people.invite(&caller, wish).await).await,
        Err(refusal) => outcome(&asked, Err(refusal.into())).await,
    }
}

/// `POST /people/{id}/link`.
pub(super) async fn reset(asked: Asked<to::ResetPerson>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::ResetAccount>()?;
    outcome(&asked, asked.site().people.reset(&caller, asked.name("id").to_owned()).await).await
}

/// `POST /people/{id}/disable`.
pub(super) async fn disable(asked: Asked<to::DisablePerson>) -> Result<Response, Trouble> {
    let caller = asked.authorized::<rpc::DisableAccount>()?;
    match asked.site().people.disable(&caller, asked.name("id").to_owned()).await {
        Ok(_) => page(&asked, Outcome::Nothing).await,
        Err(StoreError::Refused(refusal)) => page(&asked, Outcome::Refused(refusal)).await,
        Err(other) => Err(other.into()),
    }
}
