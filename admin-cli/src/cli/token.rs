//! `shouwang token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use shouwang_proto::wire::{IssueTokenRequest, RevokeTokenRequest, Role};

use crate::{
    context::write_whole,
    exit::Exit,
    failure::Outcome,
    render::{council::TokenView, time},
    session::Session,
    words::words,
};

#[derive(Debug, Subcommand)]
pub(super) enum TokenVerb {
    /// Issue a token; the secret is shown this once （签发令牌）
    Issue(IssueArguments),
    /// Revoke a token; it works nowhere a second later （吊销令牌）
    Revoke {
        /// Its id （令牌编号）
        token_id: String,
    },
}

#[derive(Args, Debug)]
pub(super) struct IssueArguments {
    /// Who or what will use it （使用者）
    #[arg(long)]
    label: String,
    /// What it may do （角色）
    #[arg(long, value_enum)]
    role: RoleName,
    /// The member whose scope the token has; required for the role member （所属单位）
    #[arg(long, default_value = "", hide_default_value = true, required_if_eq("role", "member"))]
    member: String,
    /// Days until it expires, at most 3650 （有效天数）
    #[arg(long, default_value_t = 365, value_name = "DAYS")]
    valid_days: u32,
    /// Write the secret to this file, readable by its owner only, instead of printing it （写入文件）
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// The roles by the names people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// Searches with the scope of one member
    Member,
    /// Reads what the whole alliance may read
    Regulator,
    /// Dispatches mutual aid
    Dispatcher,
    /// Also reads what is for the council
    Council,
    /// Runs the hub
    Operator,
}

impl RoleName {
    fn to_wire(self) -> Role {
        match self {
            Self::Member => Role::Member,
            Self::Regulator => Role::Regulator,
            Self::Dispatcher => Role::Dispatcher,
            Self::Council => Role::Council,
            Self::Operator => Role::Operator,
        }
    }
}

pub(super) async fn run(session: &Session, verb: TokenVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    match verb {
        TokenVerb::Issue(arguments) => {
            let IssueArguments { label, role, member, valid_days, token_file } = arguments;
            let role = role.to_wire() as i32;
            let request = IssueTokenRequest { label, role, member_id: member, valid_days };
            let answer = hub.council().issue_token(request).await.map_err(|status| hub.failure(&status))?;
            let mut token = TokenView::from(answer.into_inner());
            if let Some(path) = token_file {
                write_whole(&path, format!("{}\n", token.secret).as_bytes(), 0o600)?;
                token.secret.clear();
            }
            let (id, until) = (&token.token_id, time::show(token.expire_time));
            session.output.talk(&words!(
                "令牌 {id}，{until} 到期；只显示这一次",
                "token {id}, valid until {until}; it is shown this once"
            ));
            session.output.answer(&token);
        }
        TokenVerb::Revoke { token_id } => {
            let request = RevokeTokenRequest { token_id: token_id.clone() };
            hub.council().revoke_token(request).await.map_err(|status| hub.failure(&status))?;
            session.output.talk(&words!("令牌 {token_id} 已吊销", "token {token_id} is revoked"));
        }
    }
    Ok(Exit::Done)
}
