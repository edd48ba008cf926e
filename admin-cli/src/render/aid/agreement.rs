//! Agreements that were signed.

use shouwang_proto::wire::{Agreement, AgreementSignature, ListAgreementsResponse};

use super::{Look, labels, more, owner, tail, when};
use crate::render::{facts, table};

/// One agreement.
pub(crate) fn one(agreement: &Agreement, look: Look) -> String {
    facts(&[
        (look.say("协议", "agreement"), agreement.name.clone()),
        (look.say("名称", "title"), agreement.title.clone()),
        (look.say("双方", "between"), sides(agreement, look)),
        (look.say("资源类别", "covers"), kinds(agreement, look)),
        (look.say("生效", "from"), when::clock_with_zone(agreement.valid_from.as_ref())),
        (look.say("截止", "until"), when::clock_with_zone(agreement.valid_until.as_ref())),
        (look.say("甲方签署", "signed"), signed(agreement.first_signature.as_ref())),
        (look.say("乙方签署", "countersigned"), signed(agreement.second_signature.as_ref())),
        (look.say("扫描件摘要", "document"), agreement.document_sha256.clone()),
        (look.say("登记人", "recorded by"), agreement.recorded_by.clone()),
        (look.say("终止", "ended"), ended(agreement)),
    ])
}

/// Agreements, one a row.
pub(crate) fn list(answer: &ListAgreementsResponse, look: Look) -> String {
    let headings = [
        look.say("编号", "NAME"),
        look.say("名称", "TITLE"),
        look.say("双方", "BETWEEN"),
        look.say("资源类别", "COVERS"),
        look.say("生效", "FROM"),
        look.say("截止", "UNTIL"),
        look.say("终止", "ENDED"),
    ];
    let row = |agreement: &Agreement| {
        vec![
            tail(&agreement.name).to_owned(),
            agreement.title.clone(),
            sides(agreement, look),
            kinds(agreement, look),
            when::clock(agreement.valid_from.as_ref()),
            when::clock(agreement.valid_until.as_ref()),
            ended(agreement),
        ]
    };
    table(&headings, answer.agreements.iter().map(row).collect()) + &more(&answer.next_page_token, look)
}

fn sides(agreement: &Agreement, look: Look) -> String {
    let second = if agreement.second.is_empty() {
        look.say("联盟", "the alliance")
    } else {
        owner(&agreement.second)
    };
    format!("{} – {second}", owner(&agreement.first))
}

fn kinds(agreement: &Agreement, look: Look) -> String {
    if agreement.resource_kinds.is_empty() {
        return look.say("全部", "all").to_owned();
    }
    let kinds = agreement.resource_kinds.iter().map(|kind| labels::term("resource-kind", kind, look.lang));
    kinds.collect::<Vec<_>>().join("、")
}

fn signed(signature: Option<&AgreementSignature>) -> String {
    signature.map_or_else(String::new, |signature| {
        format!("{}  {}", signature.signer, when::clock_with_zone(signature.sign_time.as_ref()))
    })
}

fn ended(agreement: &Agreement) -> String {
    if agreement.end_time.is_none() {
        return String::new();
    }
    format!("{}  {}", when::clock(agreement.end_time.as_ref()), agreement.end_reason)
}
