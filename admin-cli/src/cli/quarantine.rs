//! `shouwang quarantine`.

use clap::Subcommand;
use shouwang_proto::wire::{ListQuarantineRequest, RetryQuarantineRequest};

use crate::{
    connection::Hub,
    exit::Exit,
    failure::Outcome,
    render::council::{QuarantineView, QuarantinedView, RetryView},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(super) enum QuarantineVerb {
    /// List entries that are stored but not shown, with the reason （隔离列表）
    List {
        /// Only of this member （单位）
        #[arg(long, default_value = "", hide_default_value = true)]
        member: String,
    },
    /// Try them again, for example after an upgrade （重新尝试）
    Retry {
        /// Only of this member （单位）
        #[arg(long, default_value = "", hide_default_value = true)]
        member: String,
    },
}

pub(super) async fn run(session: &Session, verb: QuarantineVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    match verb {
        QuarantineVerb::List { member } => {
            session.output.answer(&QuarantineView { entries: all(&hub, &member).await? });
        }
        QuarantineVerb::Retry { member } => {
            let request = RetryQuarantineRequest { member_id: member };
            let answer = hub.council().retry_quarantine(request).await;
            let answer = answer.map_err(|status| hub.failure(&status))?.into_inner();
            session.output.answer(&RetryView { released: answer.released, kept: answer.kept });
        }
    }
    Ok(Exit::Done)
}

async fn all(hub: &Hub, member: &str) -> Outcome<Vec<QuarantinedView>> {
    let mut entries = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListQuarantineRequest { member_id: member.to_owned(), page_size: 1_000, page_token };
        let page = hub.council().list_quarantine(request).await.map_err(|status| hub.failure(&status))?;
        let page = page.into_inner();
        entries.extend(page.entries.into_iter().map(QuarantinedView::from));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(entries);
        }
    }
}
