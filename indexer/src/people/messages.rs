//! The account services' messages: checked on the way in, made on the way out.

use shouwang_pages::people::account::NAME;
use shouwang_proto::{
    publication::time_to_wire,
    refusal::{Refusal, Violations},
    wire,
};
use uuid::Uuid;

use super::{
    account::{Account, AccountState, Post, check_member},
    coordinator::AccountWish,
};

pub(super) fn read_invitation(message: wire::InviteAccountRequest) -> Result<AccountWish, Refusal> {
    let wire::InviteAccountRequest { display_name, post, member_id } = message;
    let post = read_post(post);
    wish(&display_name, post, &member_id)
}

/// An invitation as a form or a message says it, every wrong field at once.
///
/// # Errors
/// INVALID_ARGUMENT.
pub(crate) fn wish(
    display_name: &str,
    post: Result<Post, impl std::fmt::Display>,
    member_id: &str,
) -> Result<AccountWish, Refusal> {
    let mut violations = Violations::new();
    let display_name = NAME.read("display_name", display_name, &mut violations);
    let post = violations.check("post", post);
    let is_named = !member_id.is_empty();
    let member = is_named.then(|| violations.check("member", member_id.parse())).flatten();
    if member.is_some() || !is_named {
        check_member(post, member.as_ref(), &mut violations);
    }
    violations.finish(|| Some(AccountWish { display_name, post: post?, member }))
}

fn read_post(post: i32) -> Result<Post, &'static str> {
    match wire::Post::try_from(post) {
        Ok(wire::Post::Publisher) => Ok(Post::Publisher),
        Ok(wire::Post::SafetyManager) => Ok(Post::SafetyManager),
        Ok(wire::Post::Dispatcher) => Ok(Post::Dispatcher),
        Ok(wire::Post::Council) => Ok(Post::Council),
        Ok(wire::Post::Regulator) => Ok(Post::Regulator),
        Ok(wire::Post::Operator) => Ok(Post::Operator),
        Ok(wire::Post::Unspecified) => Err("is required （必填）"),
        Err(_) => Err("is no post this hub knows （未知岗位）"),
    }
}

fn write_post(post: Post) -> wire::Post {
    match post {
        Post::Publisher => wire::Post::Publisher,
        Post::SafetyManager => wire::Post::SafetyManager,
        Post::Dispatcher => wire::Post::Dispatcher,
        Post::Council => wire::Post::Council,
        Post::Regulator => wire::Post::Regulator,
        Post::Operator => wire::Post::Operator,
    }
}

/// The id in `accounts/{uuid}`.
pub(super) fn read_name(name: &str) -> Result<String, Refusal> {
    let id = name.strip_prefix("accounts/").and_then(|id| Uuid::parse_str(id).ok());
    let id =
        id.ok_or_else(|| Refusal::field("name", "must be accounts/ and a UUID （须为 accounts/ 加 UUID）"))?;
    Ok(id.to_string())
}

pub(super) fn write_account(account: &Account) -> wire::Account {
    let state = match account.state {
        AccountState::Invited => wire::AccountState::Invited,
        AccountState::Active(_) => wire::AccountState::Active,
        AccountState::Disabled => wire::AccountState::Disabled,
    };
    let login = account.credentials().map(|known| known.login.as_str().to_owned());
    wire::Account {
        name: account.name(),
        display_name: account.display_name.clone(),
        post: write_post(account.post).into(),
        member_id: account.member.as_ref().map(ToString::to_string).unwrap_or_default(),
        state: state.into(),
        login: login.unwrap_or_default(),
        create_time: Some(time_to_wire(account.created)),
        sign_in_time: account.signed_in.map(time_to_wire),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::account::UnknownPost;

    #[test]
    fn every_post_goes_both_ways() {
        for post in Post::ALL {
            assert_eq!(read_post(write_post(post).into()), Ok(post));
        }
    }

    #[test]
    fn an_invitation_names_all_its_wrong_fields() {
        let fields = |result: Result<AccountWish, Refusal>| -> Vec<String> {
            result.unwrap_err().violations.into_iter().map(|wrong| wrong.field).collect()
        };
        let message = wire::InviteAccountRequest {
            display_name: " ".to_owned(),
            post: 99,
            member_id: "Bad Id".to_owned(),
        };
        assert_eq!(fields(read_invitation(message)), ["display_name", "post", "member"]);
        assert_eq!(fields(wish("王敏", Ok::<_, UnknownPost>(Post::Publisher), "")), ["member"]);
        assert_eq!(fields(wish("王敏", Ok::<_, UnknownPost>(Post::Operator), "hengrui-foundry")), ["member"]);
        assert!(wish("王敏", Ok::<_, UnknownPost>(Post::Publisher), "hengrui-foundry").is_ok());
    }

    #[test]
    fn an_account_name_holds_a_uuid() {
        assert!(read_name("accounts/00000000-0000-0000-0000-000000000001").is_ok());
        assert!(read_name("accounts/x").is_err() && read_name("members/a").is_err());
    }
}
