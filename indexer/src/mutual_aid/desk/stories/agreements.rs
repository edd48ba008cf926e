//! What was signed is the ground of missions, and only for its sides, its kinds and its time.

use jiff::SignedDuration;
use shouwang_proto::{publication::time_to_wire, wire};

use super::{Trial, crane, dispatcher, people, refused};
use crate::store::trial::TrialEngine;

impl Trial {
    /// An agreement about vehicles, in force since yesterday.
    fn signed(&self, second: &str) -> wire::Agreement {
        let yesterday = self.clock.world().now() - SignedDuration::from_hours(24);
        let signature = |signer: &str| {
            Some(wire::AgreementSignature {
                signer: signer.to_owned(),
                sign_time: Some(time_to_wire(yesterday)),
            })
        };
        wire::Agreement {
            first: "members/hengrui-crane".to_owned(),
            second: second.to_owned(),
            title: "园区互援协议 2026-01".to_owned(),
            resource_kinds: vec!["vehicle".to_owned()],
            valid_from: Some(time_to_wire(yesterday)),
            first_signature: signature("王建国"),
            second_signature: signature("李工"),
            ..wire::Agreement::default()
        }
    }

    async fn written_down(&self, agreement: wire::Agreement) -> wire::Agreement {
        let put = wire::PutAgreementRequest { context: self.context(), agreement: Some(agreement) };
        self.desk.agreement_put(&dispatcher("desk-1"), put).await.unwrap()
    }

    /// Who is left out of the request's first line for want of an agreement, and how many could help.
    async fn asked(&self, request: &wire::MutualAidRequest, basis: wire::MissionBasis) -> (Vec<String>, u64) {
        let question = wire::ListCandidatesRequest {
            request: request.name.clone(),
            line: 1,
            with_excluded: true,
            basis: basis.into(),
            ..wire::ListCandidatesRequest::default()
        };
        let answer = self.desk.candidates(question).await.unwrap();
        let missing = i32::from(wire::ExclusionReason::AgreementMissing);
        let left_out = answer.excluded.into_iter().filter(|found| found.reasons.contains(&missing));
        (left_out.map(|found| found.resource).collect(), answer.total)
    }
}

fn on_agreement(order: wire::OrderRequest) -> wire::OrderRequest {
    wire::OrderRequest { basis: wire::MissionBasis::Agreement.into(), ..order }
}

pub(super) async fn aid_under_an_agreement_needs_one_that_is_in_force(engine: TrialEngine) {
    let hub = Trial::new(engine).await;
    let request = hub.call_for_help("三号罐区泄漏").await;
    let crane = vec![crane().name.to_string()];
    let (agreement, voluntary) = (wire::MissionBasis::Agreement, wire::MissionBasis::Voluntary);

    // Nothing is signed: not on an agreement, but on a command or of one's own will.
    assert_eq!(hub.asked(&request, agreement).await, (crane.clone(), 0));
    assert_eq!(hub.asked(&request, voluntary).await, (Vec::new(), 1));
    assert_eq!(hub.asked(&request, wire::MissionBasis::Unspecified).await, (Vec::new(), 1));
    let order = on_agreement(hub.order(&request));
    for _ in 0..2 {
        let (reason, words) = refused(hub.desk.aid_order(&dispatcher("desk-1"), order.clone()).await);
        assert_eq!(reason, "AGREEMENT_MISSING");
        assert!(words.contains("救援命令") && words.contains("hengrui-crane"), "{words}");
    }
    let ledger = wire::GetLedgerRequest { resource: crane[0].clone(), incident: String::new() };
    let ledger = hub.desk.ledger_get(&dispatcher("desk-1"), ledger).await;
    assert_eq!(refused(ledger).0, "RESOURCE_UNKNOWN", "a refusal opens no ledger");
    let plan = wire::ProposePlanRequest { basis: agreement.into(), ..wire::ProposePlanRequest::default() };
    let proposed = hub.desk.plan_propose(plan.clone()).await.unwrap();
    assert_eq!((proposed.lines.len(), proposed.gaps.len()), (0, 1));

    // Signed by others, or about other things: of no use.
    hub.written_down(hub.signed("members/north-steel")).await;
    let teams = wire::Agreement { resource_kinds: vec!["team".to_owned()], ..hub.signed("") };
    hub.written_down(teams).await;
    assert_eq!(hub.asked(&request, agreement).await, (crane, 0));

    let signed = hub.written_down(hub.signed("members/jinsuo-chem")).await;
    assert_eq!(hub.asked(&request, agreement).await, (Vec::new(), 1));
    assert_eq!(hub.desk.plan_propose(plan).await.unwrap().lines.len(), 1);
    let ordered = hub.desk.aid_order(&dispatcher("desk-1"), on_agreement(hub.order(&request))).await;
    let held = ordered.unwrap().assignment.unwrap();
    assert_eq!((held.basis(), &held.agreement), (agreement, &signed.name));
    hub.does(&held, super::confirm()).await;

    // The paper stands on the mission order, also when it is ended afterwards.
    let end = wire::EndAgreementRequest {
        context: hub.context(),
        name: signed.name.clone(),
        reason: "到期改签".to_owned(),
    };
    hub.desk.agreement_end(&dispatcher("desk-1"), end).await.unwrap();
    let of = wire::GetMissionOrderRequest { name: held.name.clone() };
    let sheet = hub.desk.mission_order(&dispatcher("desk-1"), of).await.unwrap();
    assert!(sheet.text_zh.contains("依据：应急救援协议（园区互援协议 2026-01）"), "{}", sheet.text_zh);
    assert_eq!(sheet.assignment.unwrap().agreement, signed.name);
    let other = hub.call_for_help("管廊坍塌").await;
    let again = hub.desk.aid_order(&dispatcher("desk-1"), on_agreement(hub.order(&other))).await;
    assert_eq!(refused(again).0, "AGREEMENT_MISSING", "it has ended");
}

/// The names of all agreements, past ones too, in pages of one.
async fn one_by_one(hub: &Trial) -> Vec<String> {
    let mut paged = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = wire::ListAgreementsRequest {
            page_size: 1,
            page_token,
            with_past: true,
            ..wire::ListAgreementsRequest::default()
        };
        let answer = hub.desk.agreements(page).await.unwrap();
        assert_eq!(answer.agreements.len(), 1);
        paged.extend(answer.agreements.into_iter().map(|found| found.name));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return paged;
        }
    }
}

pub(super) async fn agreements_are_listed_ended_and_never_changed(engine: TrialEngine) {
    let hub = Trial::new(engine).await;
    let audited = hub.audited().await;
    let put = wire::PutAgreementRequest {
        context: hub.context(),
        agreement: Some(hub.signed("members/jinsuo-chem")),
    };
    let first = hub.desk.agreement_put(&dispatcher("desk-1"), put.clone()).await.unwrap();
    assert_eq!(hub.desk.agreement_put(&dispatcher("desk-1"), put).await.unwrap(), first, "however often");
    assert_eq!(first.recorded_by, "desk-1");
    let charter = hub.written_down(hub.signed("")).await;
    let later = hub.clock.world().now() + SignedDuration::from_hours(1);
    let future =
        wire::Agreement { valid_from: Some(time_to_wire(later)), ..hub.signed("members/north-steel") };
    let future = hub.written_down(future).await;
    assert_eq!(hub.audited().await, audited + 3, "one row for each, in the same transaction");

    let listed = async |message: wire::ListAgreementsRequest| {
        let answer = hub.desk.agreements(message).await.unwrap();
        answer.agreements.into_iter().map(|found| found.name).collect::<Vec<_>>()
    };
    let mut in_force = listed(wire::ListAgreementsRequest::default()).await;
    in_force.sort();
    let mut both = vec![first.name.clone(), charter.name.clone()];
    both.sort();
    assert_eq!(in_force, both);
    let of_one = wire::ListAgreementsRequest {
        member: "members/jinsuo-chem".to_owned(),
        ..wire::ListAgreementsRequest::default()
    };
    assert_eq!(listed(of_one).await, std::slice::from_ref(&first.name));
    let mut paged = one_by_one(&hub).await;
    paged.sort();
    let mut all = vec![first.name.clone(), charter.name, future.name];
    all.sort();
    assert_eq!(paged, all);

    let end = |reason: &str| wire::EndAgreementRequest {
        context: hub.context(),
        name: first.name.clone(),
        reason: reason.to_owned(),
    };
    let ended = hub.desk.agreement_end(&dispatcher("desk-1"), end("解约")).await.unwrap();
    assert_eq!((ended.end_reason.as_str(), ended.end_time.is_some()), ("解约", true));
    let again = hub.desk.agreement_end(&dispatcher("desk-1"), end("又一次")).await.unwrap();
    assert_eq!(again, ended, "of an ended one it changes nothing");

    let nobody = wire::Agreement { first: "members/nobody".to_owned(), ..hub.signed("") };
    let put = wire::PutAgreementRequest { context: hub.context(), agreement: Some(nobody) };
    assert_eq!(refused(hub.desk.agreement_put(&dispatcher("desk-1"), put).await).0, "FIELDS_INVALID");
    let unknown = wire::EndAgreementRequest {
        context: hub.context(),
        name: first.name.replace(|digit: char| digit.is_ascii_digit(), "0"),
        reason: "x".to_owned(),
    };
    let unknown = hub.desk.agreement_end(&people("jinsuo-chem"), unknown).await;
    assert_eq!(refused(unknown).0, "AGREEMENT_UNKNOWN");
}
