//! `shouwang request amend`: what the request is now.

use clap::Args;
use shouwang_proto::{
    json,
    wire::{AmendRequestRequest, MutualAidRequest},
};

use super::super::{content::RequestFlags, refer, said::Said, show};
use crate::{
    exit::Exit,
    failure::{Failure, Outcome},
    render::aid,
    session::Session,
    words::words,
};

#[derive(Args, Debug)]
pub(crate) struct AmendArguments {
    /// Its name, UUID, or `last` （请求编号）
    request: String,
    #[command(flatten)]
    content: RequestFlags,
    /// How much of a line is needed now, LINE=QUANTITY; 0 gives it up; may be repeated （修改数量）
    #[arg(long = "set", value_name = "LINE=QUANTITY", value_parser = line_quantity)]
    quantities: Vec<(u32, u64)>,
    #[command(flatten)]
    said: Said,
}

/// Reads `LINE=QUANTITY`.
pub(in super::super) fn line_quantity(text: &str) -> Result<(u32, u64), String> {
    let wrong = || format!("`{text}` is not LINE=QUANTITY （应为 行号=数量）");
    let (line, quantity) = text.split_once('=').ok_or_else(wrong)?;
    Ok((line.trim().parse().map_err(|_| wrong())?, quantity.trim().parse().map_err(|_| wrong())?))
}

pub(super) async fn run(session: &Session, arguments: AmendArguments) -> Outcome<Exit> {
    let AmendArguments { request, content, quantities, said } = arguments;
    let hub = session.hub().await?;
    let before = refer::request(&hub, &request).await?;
    let (name, version) = (before.name.clone(), before.version);
    let base = match &content.file {
        Some(file) => {
            let text = super::super::content::read_file(file)?;
            let read: MutualAidRequest = json::read(&text).map_err(|error| Failure::file(file, &error))?;
            MutualAidRequest { name, incident: before.incident, requester: before.requester, ..read }
        }
        None => before,
    };
    let mut after = content.over(session, base)?;
    for (number, quantity) in quantities {
        let line = after
            .lines
            .iter_mut()
            .find(|line| line.number == number)
            .ok_or_else(|| Failure::usage(words!("没有第 {number} 行", "there is no line {number}")))?;
        line.requested = quantity;
        line.minimum = line.minimum.min(quantity);
    }
    let (attempt, context) = said.at_hub(session)?;
    let change = AmendRequestRequest {
        context: Some(context),
        request: Some(after),
        expected_version: said.version(version),
    };
    let answer = hub.aid().amend_request(change).await;
    Ok(show(session, attempt.by_hub(&hub, answer)?, aid::request::one))
}
