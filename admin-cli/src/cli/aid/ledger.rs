//! `shouwang ledger`.

use clap::{Args, Subcommand};
use shouwang_proto::wire::{GetLedgerRequest, ListLedgerRequest, SetQuotaRequest};

use super::{PageArguments, refer, said::Said, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerVerb {
    /// List ledgers with what is free and how old that is （台账列表）
    List(ListArguments),
    /// Show one, with what holds something of it （查看台账）
    Show {
        /// `members/{member}/publications/{uuid}` （资源）
        resource: String,
        /// The drill whose copy to read （演练）
        #[arg(long, value_name = "DRILL")]
        drill: Option<String>,
    },
    /// Write down what an owner says it lends now; the same number confirms it anew （更新可外借数量）
    SetQuota(QuotaArguments),
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only of this owner （单位）
    #[arg(long, value_name = "MEMBER")]
    owner: Option<String>,
    /// The drill whose copies to list （演练）
    #[arg(long, value_name = "DRILL")]
    drill: Option<String>,
    /// Only those that lend less than is in use （只列超用的）
    #[arg(long)]
    shortfall: bool,
    #[command(flatten)]
    page: PageArguments,
}

#[derive(Args, Debug)]
pub(crate) struct QuotaArguments {
    /// `members/{member}/publications/{uuid}` （资源）
    resource: String,
    /// How much the owner lends （可外借数量）
    quota: u64,
    /// The owner has counted again: what was used up or damaged is left out already （已重新清点）
    #[arg(long)]
    recount: bool,
    #[command(flatten)]
    said: Said,
}

pub(super) async fn run(session: &Session, verb: LedgerVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    let drill =
        |written: Option<String>| written.map(|one| refer::named("incidents", &one)).unwrap_or_default();
    match verb {
        LedgerVerb::List(ListArguments { owner, drill: of, shortfall, page }) => {
            let question = ListLedgerRequest {
                page_size: page.limit,
                page_token: page.page_token,
                owner: owner.as_deref().map(refer::member).unwrap_or_default(),
                incident: drill(of),
                shortfall_only: shortfall,
            };
            let answer = told(&hub, hub.aid().list_ledger(question).await)?;
            Ok(show(session, answer, aid::ledger::list))
        }
        LedgerVerb::Show { resource, drill: of } => {
            let question = GetLedgerRequest { resource, incident: drill(of) };
            let answer = told(&hub, hub.aid().get_ledger(question).await)?;
            Ok(show(session, answer, aid::ledger::one))
        }
        LedgerVerb::SetQuota(QuotaArguments { resource, quota, recount, said }) => {
            let question = GetLedgerRequest { resource: resource.clone(), incident: String::new() };
            let before = told(&hub, hub.aid().get_ledger(question).await)?;
            let (attempt, context) = said.at_hub(session)?;
            let expected_version = said.version(before.version);
            let request =
                SetQuotaRequest { context: Some(context), resource, quota, recount, expected_version };
            let answer = hub.aid().set_quota(request).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::ledger::one))
        }
    }
}
