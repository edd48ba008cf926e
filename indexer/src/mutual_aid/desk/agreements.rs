//! What members have signed: written down by the council, read by everybody.

use shouwang_proto::{
    id::MemberId,
    mutual_aid::{
        agreement::{Agreement, KeptAgreement},
        id::AgreementId,
        request::Need,
        term::Basis,
    },
    page,
    refusal::Violations,
    wire,
};
use shouwang_serving::store::{Conn, StoreError};

use super::{Desk, lookups::cut, read};
use crate::{
    council::caller::Caller,
    mutual_aid::{machine::command::OrderWish, unknown},
    store::mutual_aid::{
        agreement::{
            AgreementAfter, AgreementFilter, agreement_add, agreement_end, agreement_find, agreements_for,
            agreements_list,
        },
        request::request_find,
    },
};

impl Desk {
    pub(super) async fn agreement_put(
        &self,
        by: &Caller,
        message: wire::PutAgreementRequest,
    ) -> Result<wire::Agreement, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let now = self.gate.now();
        let said = read::said(by, message.context, now, &mut wrong);
        let agreement = Agreement::read("agreement", message.agreement.unwrap_or_default(), &mut wrong);
        let roster = self.roster.snapshot();
        if let Some(agreement) = &agreement {
            for (field, side) in [("first", Some(&agreement.first)), ("second", agreement.second.as_ref())] {
                if side.is_some_and(|side| roster.member(side).is_none()) {
                    wrong.add(format!("agreement.{field}"), "is no member of the alliance （不是联盟成员）");
                }
            }
        }
        let (said, agreement) = read::whole(wrong, || Some((said?, agreement?)))?;
        let id = AgreementId::new(now, self.room.shared.parts.world.random());
        let recorded_by = said.actor.clone();
        let added = KeptAgreement { id, agreement, ended: None, created: now, recorded_by };
        let done = self.room.note(by, ("PutAgreement", said), &kept, "agreement.put", async move |tx| {
            agreement_add(tx, &added).await?;
            Ok(added.to_wire())
        });
        Box::pin(done).await
    }

    pub(super) async fn agreement_end(
        &self,
        by: &Caller,
        message: wire::EndAgreementRequest,
    ) -> Result<wire::Agreement, StoreError> {
        let (kept, mut wrong) = (message.clone(), Violations::new());
        let now = self.gate.now();
        let said = read::said(by, message.context, now, &mut wrong);
        let id = wrong.check("name", AgreementId::from_name(&message.name));
        let reason = read::words("reason", &message.reason, 500, &mut wrong);
        let (said, id) = read::whole(wrong, || Some((said?, id?)))?;
        let done = self.room.note(by, ("EndAgreement", said), &kept, "agreement.end", async move |tx| {
            agreement_end(tx, id, &reason, now).await?;
            let ended = agreement_find(tx, id).await?.ok_or_else(|| unknown::agreement(id))?;
            Ok(ended.to_wire())
        });
        Box::pin(done).await
    }

    pub(super) async fn agreements(
        &self,
        message: wire::ListAgreementsRequest,
    ) -> Result<wire::ListAgreementsResponse, StoreError> {
        let mut wrong = Violations::new();
        let member = read::optional(&message.member, "member", MemberId::from_name, &mut wrong);
        read::whole(wrong, || Some(()))?;
        let after: Option<AgreementAfter> = page::decode(&message.page_token)?;
        let size = page::size(message.page_size, 100, 1_000);
        let in_force = (!message.with_past).then(|| self.gate.now());
        let filter = AgreementFilter { member, in_force };
        let read =
            async move |conn: &mut Conn| agreements_list(conn, &filter, after.as_ref(), size + 1).await;
        let mut found = self.store.read(read).await?;
        let next_page_token = cut(&mut found, size, |last| page::encode(&AgreementAfter::of(last)));
        let agreements = found.iter().map(KeptAgreement::to_wire).collect();
        Ok(wire::ListAgreementsResponse { agreements, next_page_token })
    }
}

/// The agreement in force that an order may stand on; none when it needs none, or there is none.
pub(super) async fn ground(
    conn: &mut Conn,
    wish: &OrderWish,
    now: jiff::Timestamp,
) -> Result<Option<AgreementId>, StoreError> {
    if wish.basis != Basis::Agreement {
        return Ok(None);
    }
    let Some(request) = request_find(conn, wish.request.request).await? else { return Ok(None) };
    let Some(Need { resource_kind, .. }) = request.line(wish.line).map(|line| &line.need) else {
        return Ok(None);
    };
    let owner = &wish.resource.member;
    let found = agreements_for(conn, &request.requester, now).await?.into_iter();
    let mut binding =
        found.filter(|kept| kept.agreement.binds(owner, &request.requester, resource_kind, now));
    Ok(binding.next().map(|kept| kept.id))
}
