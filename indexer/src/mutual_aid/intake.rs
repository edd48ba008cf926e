//! What owners lend, as they publish it: the ledger follows the hub's log. Position and effects are one transaction, so
//! a crash in between repeats nothing and loses nothing; a hub that learns of ledgers later begins at the first line.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use shouwang_proto::{id::PublicationName, mutual_aid::id::CommandId};
use shouwang_serving::store::{StoreError, Tx};

use super::{
    coordinator::carry_out,
    machine::{
        command::{Body, Command, Context, Fingerprint, Key, Origin},
        ledger::{Book, Ledger, LedgerKey, Terms},
    },
    room::{MutualAid, Shared},
    save::Aftermath,
    shelf::{Offered, Shelf},
};
use crate::store::{
    hub_log::{self, HubChange, HubLogRow},
    mutual_aid::{
        ahead::orders_begin,
        aid_lock,
        ledger::{intake_advance, intake_position, ledger_add, ledger_find},
    },
};

/// Lines of the hub's log taken in at once.
const PAGE: u32 = 200;
/// Where there are no resources, the position is raised only after so many lines: a write for each batch of practices would
/// cost as much as the batch. Until then the log keeps removals that could be forgotten.
const STEP: u64 = 1_000;
/// After a failure the next look comes with the next change, or after this.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// Follows the hub's log for ever.
pub(super) async fn follow(room: MutualAid) {
    let mut head = room.shared.parts.hub_log.follow();
    loop {
        head.borrow_and_update();
        match take_in(&room).await {
            Ok(0) => {
                room.lay_out().await;
                if head.changed().await.is_err() {
                    return;
                }
            }
            Ok(_) => room.touch(),
            Err(error) => {
                tracing::warn!(%error, "the ledgers could not follow what is published; they try again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Takes in the next lines; gives how many there were.
///
/// # Errors
/// What the store said; nothing is changed then.
pub(super) async fn take_in(room: &MutualAid) -> Result<usize, StoreError> {
    let Shared { parts, shelf, .. } = &*room.shared;
    let read = parts.store.read(async |conn| {
        // Before the lines: up to here all of them can be seen.
        let head = hub_log::hub_log_head(conn).await?;
        let from = intake_position(conn).await?;
        Ok((head, from, hub_log::resource_lines_after(conn, from, PAGE).await?))
    });
    let (head, from, lines) = read.await?;
    let Some(last) = lines.last() else {
        if head.saturating_sub(from) >= STEP {
            parts.store.write(async move |tx| intake_advance(tx, from, head).await).await?;
        }
        return Ok(0);
    };
    let (count, to) = (lines.len(), last.position);
    let (shelf, now, seed) = (shelf.clone(), parts.world.now(), parts.world.random());
    let (policy, duty) = (parts.policy.clone(), Arc::clone(&parts.duty));
    let work = async move |tx: &mut Tx| {
        let mut recipients = Aftermath::default();
        aid_lock(tx).await?;
        if !intake_advance(tx, from, to).await? {
            // Another hub has taken these in.
            return Ok(recipients);
        }
        for line in lines {
            let cx = Context::system(now, seed_of(seed, line.position), policy.clone());
            let after = take_line(tx, line, &shelf, &cx).await?;
            duty.page(tx, &after.pages, &cx).await?;
            recipients.recipients.extend(after.recipients);
            recipients.pages.extend(after.pages);
        }
        Ok(recipients)
    };
    let after = parts.store.write(work).await?;
    room.follow(after).await;
    Ok(count)
}

/// Other bytes for each line, so that no id comes twice.
fn seed_of(seed: [u8; 32], position: u64) -> [u8; 32] {
    Sha256::new().chain_update(seed).chain_update(position.to_be_bytes()).finalize().into()
}

async fn take_line(
    tx: &mut Tx,
    line: HubLogRow,
    shelf: &Shelf,
    cx: &Context,
) -> Result<Aftermath, StoreError> {
    let resource = PublicationName { member: line.member, record: line.record };
    let offered = match &line.change {
        HubChange::Put(entry) => Offered::read(resource.clone(), entry.payload()),
        HubChange::Remove => None,
    };
    let key = LedgerKey { resource, book: Book::Actual };
    let Some(before) = ledger_find(tx, &key).await? else {
        let Some(offered) = offered else { return Ok(Aftermath::default()) };
        let ledger = Ledger::open(key, Terms::of(&offered.title, &offered.resource), cx.now);
        let epoch = orders_begin(tx).await?;
        ledger_add(tx, &Ledger { version: 1, epoch, ..ledger }).await?;
        return Ok(Aftermath::default());
    };
    let terms = terms_now(&before, offered.as_ref());
    let body = Body::SetTerms { ledger: key, expected: None, terms, recount: false };
    let id = CommandId::new(cx.now, [0; 10]);
    let fingerprint = Fingerprint::of(&line.position.to_be_bytes());
    let command = Command { key: Key { origin: Origin::System, id }, fingerprint, body };
    match carry_out(tx, shelf, cx, command, "hub, from the member's log").await? {
        Ok(carried) => Ok(carried.after),
        Err(refusal) => {
            tracing::warn!(%refusal, "what an owner publishes did not reach its ledger");
            Ok(Aftermath::default())
        }
    }
}

/// What the owner lends now. What is in use stays in use; nothing is called back by a publication.
fn terms_now(before: &Ledger, offered: Option<&Offered>) -> Terms {
    let nothing = Terms { quota: 0, pre_authorised: false, ..before.terms.clone() };
    // Not offered any more.
    let Some(offered) = offered else { return nothing };
    let terms = Terms::of(&offered.title, &offered.resource);
    // What is out is counted in the old unit. Until it is home and said anew, nothing more is lent.
    if before.in_use() > 0 && before.terms.unit != terms.unit { nothing } else { terms }
}
