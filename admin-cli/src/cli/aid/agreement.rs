//! `shouwang agreement`.

use clap::{Args, Subcommand};
use shouwang_proto::wire::{
    Agreement, AgreementSignature, EndAgreementRequest, ListAgreementsRequest, PutAgreementRequest,
};

use super::{PageArguments, content, refer, said::Said, show, told};
use crate::{exit::Exit, failure::Outcome, render::aid, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum AgreementVerb {
    /// Write down an agreement that both sides have signed （登记救援协议）
    Put(Box<PutArguments>),
    /// List agreements in force, newest first （协议列表）
    List(ListArguments),
    /// End an agreement from now on; missions that stand on it go on （终止协议）
    End {
        /// `agreements/{uuid}` or the UUID alone （协议编号）
        agreement: String,
        /// Why （原因）
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        said: Box<Said>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct PutArguments {
    /// One side, a member （甲方）
    #[arg(long, value_name = "MEMBER")]
    first: String,
    /// The other side, a member; none: the alliance, so that the first owes aid to every member （乙方，缺省为联盟）
    #[arg(long, value_name = "MEMBER")]
    second: Option<String>,
    /// Number or title of the paper （协议编号或名称）
    #[arg(long)]
    title: String,
    /// What it covers, a kind of resource; may be repeated; none: all （资源类别）
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// From when it is in force: RFC 3339, 2026-07-12 14:05, -1h; now when absent （生效时间）
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Until when; until it is ended when absent （截止时间）
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Who signed for the first side （甲方签署人）
    #[arg(long, value_name = "PERSON")]
    signed: String,
    /// Who signed for the second side （乙方签署人）
    #[arg(long, value_name = "PERSON")]
    countersigned: String,
    /// When both signed; as `--from` when absent （签署时间）
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    signed_at: Option<String>,
    /// SHA-256 of the signed paper's scan, 64 hexadecimal digits （扫描件摘要）
    #[arg(long, value_name = "HEX")]
    document_sha256: Option<String>,
    #[command(flatten)]
    said: Said,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Only those of this member （成员）
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Also those that are ended, over, or not yet in force （含已失效与未生效）
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    page: PageArguments,
}

pub(super) async fn run(session: &Session, verb: AgreementVerb) -> Outcome<Exit> {
    let hub = session.hub().await?;
    match verb {
        AgreementVerb::Put(arguments) => {
            let (attempt, context) = arguments.said.at_hub(session)?;
            let agreement = written(session, *arguments)?;
            let request = PutAgreementRequest { context: Some(context), agreement: Some(agreement) };
            let answer = hub.aid().put_agreement(request).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::agreement::one))
        }
        AgreementVerb::List(ListArguments { member, all, page }) => {
            let question = ListAgreementsRequest {
                page_size: page.limit,
                page_token: page.page_token,
                member: member.as_deref().map(refer::member).unwrap_or_default(),
                with_past: all,
            };
            let answer = told(&hub, hub.aid().list_agreements(question).await)?;
            Ok(show(session, answer, aid::agreement::list))
        }
        AgreementVerb::End { agreement, reason, said } => {
            let (attempt, context) = said.at_hub(session)?;
            let name = refer::named("agreements", &agreement);
            let request = EndAgreementRequest { context: Some(context), name, reason };
            let answer = hub.aid().end_agreement(request).await;
            Ok(show(session, attempt.by_hub(&hub, answer)?, aid::agreement::one))
        }
    }
}

fn written(session: &Session, arguments: PutArguments) -> Outcome<Agreement> {
    let from = content::time(session, "--from", arguments.from.as_deref().or(Some("+0s")))?;
    let signed_at = content::time(session, "--signed-at", arguments.signed_at.as_deref())?.or(from);
    let signature = |signer| Some(AgreementSignature { signer, sign_time: signed_at });
    Ok(Agreement {
        first: refer::member(&arguments.first),
        second: arguments.second.as_deref().map(refer::member).unwrap_or_default(),
        title: arguments.title,
        resource_kinds: arguments.kinds,
        valid_from: from,
        valid_until: content::time(session, "--until", arguments.until.as_deref())?,
        first_signature: signature(arguments.signed),
        second_signature: signature(arguments.countersigned),
        document_sha256: arguments.document_sha256.unwrap_or_default(),
        ..Agreement::default()
    })
}
