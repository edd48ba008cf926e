//! `shouwang account`.

use clap::{Args, Subcommand, ValueEnum};
use shouwang_proto::wire::{
    Account, DisableAccountRequest, InviteAccountRequest, ListAccountsRequest, Post, ResetAccountRequest,
};

use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    render::{
        account::{AccountList, AccountView, LinkView},
        time,
    },
    session::Session,
    words::words,
};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountVerb {
    /// Invite a person; prints a link that works once （邀请人员，打印一次性链接）
    Invite(InviteArguments),
    /// List accounts （账号列表）
    List,
    /// A new link: another invitation, or a new password （重发邀请或重设密码）
    Reset {
        /// Account name or login name （账号或登录名）
        account: String,
    },
    /// Take an account out of use, with its sessions and tokens, at once （停用账号）
    Disable {
        /// Account name or login name （账号或登录名）
        account: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct InviteArguments {
    /// The person's name （姓名）
    #[arg(long)]
    name: String,
    /// What the person will be （岗位）
    #[arg(long, value_enum)]
    post: PostName,
    /// The person's member; for publishers and safety managers （所属单位）
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        required_if_eq_any([("post", "publisher"), ("post", "safety-manager")])
    )]
    member: String,
}

/// The posts by the names people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PostName {
    /// Publishes for a member
    Publisher,
    /// Looks after safety at a member
    SafetyManager,
    /// Dispatches mutual aid
    Dispatcher,
    /// Sits on the council
    Council,
    /// Reads for a regulator
    Regulator,
    /// Runs the hub
    Operator,
}

impl PostName {
    fn to_wire(self) -> Post {
        match self {
            Self::Publisher => Post::Publisher,
            Self::SafetyManager => Post::SafetyManager,
            Self::Dispatcher => Post::Dispatcher,
            Self::Council => Post::Council,
            Self::Regulator => Post::Regulator,
            Self::Operator => Post::Operator,
        }
    }
}

pub(super) async fn run(session: &Session, verb: AccountVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    match verb {
        AccountVerb::Invite(arguments) => invite(session, &hub, arguments).await?,
        AccountVerb::List => {
            let accounts = all(&hub).await?.into_iter().map(AccountView::from).collect();
            session.output.answer(&AccountList { accounts });
        }
        AccountVerb::Reset { account } => {
            let request = ResetAccountRequest { name: name_of(&hub, account).await? };
            let answer =
                hub.accounts().reset_account(request).await.map_err(|status| hub.failure(&status))?;
            let answer = answer.into_inner();
            show_link(session, answer.account, answer.link, answer.expire_time.as_ref());
        }
        AccountVerb::Disable { account } => {
            let request = DisableAccountRequest { name: name_of(&hub, account).await? };
            let answer = hub.accounts().disable_account(request).await;
            let answer = answer.map_err(|status| hub.failure(&status))?.into_inner();
            session.output.answer(&AccountView::from(answer.account.unwrap_or_default()));
        }
    }
    Ok(Exit::Done)
}

async fn invite(session: &Session, hub: &Hub, arguments: InviteArguments) -> Outcome<()> {
    let InviteArguments { name, post, member } = arguments;
    let request = InviteAccountRequest { display_name: name, post: post.to_wire().into(), member_id: member };
    let answer = hub.accounts().invite_account(request).await.map_err(|status| hub.failure(&status))?;
    let answer = answer.into_inner();
    show_link(session, answer.account, answer.link, answer.expire_time.as_ref());
    Ok(())
}

fn show_link(
    session: &Session,
    account: Option<Account>,
    link: String,
    expires: Option<&prost_types::Timestamp>,
) {
    let expire_time = time::read(expires);
    let until = time::show(expire_time);
    session.output.talk(&words!(
        "请把下面的链接（保密，只能用一次，{until} 前有效）交给本人，在浏览器中打开",
        "give this link (secret, works once, until {until}) to the person, who opens it in a browser"
    ));
    session.output.answer(&LinkView { account: account.map(AccountView::from), link, expire_time });
}

/// All accounts, page by page.
pub(crate) async fn all(hub: &Hub) -> Outcome<Vec<Account>> {
    let mut accounts = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListAccountsRequest { page_size: 1_000, page_token };
        let page = hub.accounts().list_accounts(request).await.map_err(|status| hub.failure(&status))?;
        let page = page.into_inner();
        accounts.extend(page.accounts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(accounts);
        }
    }
}

/// The name of an account, from its name or login name.
async fn name_of(hub: &Hub, written: String) -> Outcome<String> {
    if written.starts_with("accounts/") {
        return Ok(written);
    }
    let all = all(hub).await?;
    let found = all.into_iter().find(|account| account.login.eq_ignore_ascii_case(&written));
    found.map(|account| account.name).ok_or_else(|| {
        Failure::usage(words!("没有登录名为 {written} 的账号", "no account has the login name {written}"))
            .hint(words!("用 shouwang account list 查看", "`shouwang account list` shows them"))
    })
}
