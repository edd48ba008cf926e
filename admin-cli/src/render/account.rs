//! Accounts as people and programs read them.

use jiff::Timestamp;
use serde::Serialize;
use shouwang_proto::wire::{Account, AccountState, Post};

use super::{facts, table, time};
use crate::{
    output::{Answer, Style},
    words::Lang,
};

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AccountView {
    /// `accounts/{uuid}`.
    pub(crate) name: String,
    /// The person's name.
    pub(crate) display_name: String,
    /// Post, such as `safety-manager`.
    pub(crate) post: &'static str,
    /// Member id; empty with the posts that belong to none.
    pub(crate) member: String,
    /// `invited`, `active` or `disabled`.
    pub(crate) state: &'static str,
    /// Login name; empty until the invitation is taken.
    pub(crate) login: String,
    /// When it was made.
    pub(crate) create_time: Option<Timestamp>,
    /// When somebody last signed in.
    pub(crate) sign_in_time: Option<Timestamp>,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let post = post_name(account.post());
        let state = match account.state() {
            AccountState::Invited => "invited",
            AccountState::Active => "active",
            AccountState::Disabled => "disabled",
            AccountState::Unspecified => "",
        };
        let Account { name, display_name, post: _, member_id, state: _, login, create_time, sign_in_time } =
            account;
        Self {
            name,
            display_name,
            post,
            member: member_id,
            state,
            login,
            create_time: time::read(create_time.as_ref()),
            sign_in_time: time::read(sign_in_time.as_ref()),
        }
    }
}

fn post_name(post: Post) -> &'static str {
    match post {
        Post::Publisher => "publisher",
        Post::SafetyManager => "safety-manager",
        Post::Dispatcher => "dispatcher",
        Post::Council => "council",
        Post::Regulator => "regulator",
        Post::Operator => "operator",
        Post::Unspecified => "",
    }
}

fn post_label(post: &str, lang: Lang) -> &str {
    let zh = match post {
        "publisher" => "单位发布员",
        "safety-manager" => "单位安全管理员",
        "dispatcher" => "调度员",
        "council" => "理事会成员",
        "regulator" => "监管人员",
        "operator" => "联盟管理员",
        other => other,
    };
    lang.pick(zh, post)
}

fn state_label(state: &str, lang: Lang) -> &str {
    let zh = match state {
        "invited" => "已邀请",
        "active" => "使用中",
        "disabled" => "已停用",
        other => other,
    };
    lang.pick(zh, state)
}

impl Answer for AccountView {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        facts(&[
            (name("账号", "account"), self.name.clone()),
            (name("姓名", "name"), self.display_name.clone()),
            (name("岗位", "post"), post_label(self.post, lang).to_owned()),
            (name("单位", "member"), self.member.clone()),
            (name("状态", "state"), state_label(self.state, lang).to_owned()),
            (name("登录名", "login"), self.login.clone()),
            (name("建立时间", "made at"), time::show(self.create_time)),
            (name("最近登录", "last signed in"), time::show(self.sign_in_time)),
        ])
    }
}

/// Accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AccountList {
    /// The oldest first.
    pub(crate) accounts: Vec<AccountView>,
}

impl Answer for AccountList {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let headings = match lang {
            Lang::Zh => ["账号", "姓名", "岗位", "单位", "登录名", "状态", "最近登录"],
            Lang::En => ["ACCOUNT", "NAME", "POST", "MEMBER", "LOGIN", "STATE", "LAST SIGNED IN"],
        };
        let row = |account: &AccountView| {
            vec![
                account.name.clone(),
                account.display_name.clone(),
                post_label(account.post, lang).to_owned(),
                account.member.clone(),
                account.login.clone(),
                state_label(account.state, lang).to_owned(),
                time::show(account.sign_in_time),
            ]
        };
        table(&headings, self.accounts.iter().map(row).collect())
    }
}

/// A link; it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LinkView {
    /// Whose.
    pub(crate) account: Option<AccountView>,
    /// Address to open in a browser.
    pub(crate) link: String,
    /// When it ends.
    pub(crate) expire_time: Option<Timestamp>,
}

impl Answer for LinkView {
    fn text(&self, _style: Style) -> String {
        self.link.clone()
    }
}
