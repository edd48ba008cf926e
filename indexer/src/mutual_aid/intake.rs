//! What owners lend, as they publish it: the ledger follows the hub's log. Position and effects are one transaction, so
//! a crash in between repeats nothing and loses nothing; a hub that learns of ledgers later begins at the first line.

use jiff::Timestamp;
use serde_json::json;
use shouwang_proto::{clock::World, id::PublicationName};
use shouwang_serving::store::{Store, StoreError, Tx};
use tokio::sync::watch;

use super::{
    machine::ledger::{Book, Ledger, LedgerKey, Terms},
    shelf::Offered,
};
use crate::{
    council::audit::Deed,
    store::{
        audit::audit_add,
        hub_log::{self, HubChange, HubLogHead, HubLogRow},
        mutual_aid::{
            aid_lock,
            ledger::{intake_advance, intake_position, ledger_add, ledger_change, ledger_find},
        },
    },
};

/// Lines of the hub's log taken in at once.
const PAGE: u32 = 200;
/// After a failure the next look comes with the next change, or after this.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// Follows the hub's log for ever; `changed` is told of every change of a ledger.
pub(crate) async fn follow(store: Store, hub_log: HubLogHead, world: World, changed: watch::Sender<u64>) {
    let mut head = hub_log.follow();
    loop {
        head.borrow_and_update();
        match take_in(&store, world.now()).await {
            Ok(0) => {
                if head.changed().await.is_err() {
                    return;
                }
            }
            Ok(_) => changed.send_modify(|changes| *changes += 1),
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
pub(crate) async fn take_in(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let read = store.read(async |conn| {
        let from = intake_position(conn).await?;
        Ok((from, hub_log::hub_log_after(conn, from, PAGE).await?))
    });
    let (from, lines) = read.await?;
    let Some(last) = lines.last() else { return Ok(0) };
    let (count, to) = (lines.len(), last.position);
    store
        .write(async move |tx| {
            aid_lock(tx).await?;
            if !intake_advance(tx, from, to).await? {
                // Another hub has taken these in.
                return Ok(count);
            }
            for line in lines {
                take_line(tx, line, now).await?;
            }
            Ok(count)
        })
        .await
}

async fn take_line(tx: &mut Tx, line: HubLogRow, now: Timestamp) -> Result<(), StoreError> {
    let name = PublicationName { member: line.member, record: line.record };
    let offered = match &line.change {
        HubChange::Put(entry) => Offered::read(name.clone(), entry.payload()),
        HubChange::Remove => None,
    };
    let key = LedgerKey { resource: name.clone(), book: Book::Actual };
    let Some(before) = ledger_find(tx, &key).await? else {
        let Some(offered) = offered else { return Ok(()) };
        let ledger = Ledger::open(key, Terms::of(&offered.title, &offered.resource), now);
        return ledger_add(tx, &Ledger { version: 1, ..ledger }).await;
    };
    let mut after = before.clone();
    after.version += 1;
    after.told(terms_now(&before, offered.as_ref()), false, now);
    ledger_change(tx, &before, &after, true).await?;
    let deed = Deed {
        at: now,
        actor: format!("hub, from the log of {}", name.member),
        action: "ledger.follow",
        subject: name.to_string(),
        detail: json!({
            "quota": after.terms.quota, "before": before.terms.quota, "shortfall": after.shortfall(),
            "withdrawn": offered.is_none(),
        }),
    };
    if after.shortfall() > before.shortfall() {
        tracing::warn!(resource = %name, shortfall = after.shortfall(), "an owner lends less than is in use");
    }
    audit_add(tx, &deed).await
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
