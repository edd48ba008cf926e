//! What an owner says it lends.

use super::{access, moves};
use crate::mutual_aid::machine::{
    broken::Stop,
    change::{Answer, Whom},
    escalation::Subject,
    ledger::{LedgerKey, Terms},
    timeline::{About, Event},
    working::{Happened, Working},
};

/// Takes over what the owner says. Less than is in use calls nothing back: it is a task for a person, and everybody who
/// has something of it is told in its timeline.
pub(super) fn set_terms(
    w: &mut Working<'_>,
    key: &LedgerKey,
    expected: Option<u64>,
    terms: &Terms,
    recount: bool,
) -> Result<Answer, Stop> {
    access::owner(w, &key.resource.member)?;
    let ledger = w.ledger(key)?;
    if let Some(expected) = expected {
        access::version(expected, ledger.version)?;
    }
    let before = ledger.shortfall();
    let now = w.cx.now;
    let ledger = w.ledger_mut(key)?;
    ledger.told(terms.clone(), recount, now);
    let (shortfall, quota) = (ledger.shortfall(), terms.quota);
    let about = About { resource: Some(key.resource.clone()), ..About::default() };
    let amount = moves::amount(quota, &terms.unit);
    let words = (format!("可借 {amount}"), format!("{amount} lent"));
    w.note_ledger(key, Happened::new(Event::QuotaSet, about).words(words.0, words.1))?;
    if shortfall > before {
        let zh = format!("{}可借 {quota}，在用超出 {shortfall}", terms.title);
        let en = format!("{}: {quota} lent, {shortfall} more in use", terms.title);
        for id in w.users_of(key) {
            let (incident, request) = (w.assignment(id)?.incident, w.assignment(id)?.line.request);
            w.note_assignment(id, |about| Happened::new(Event::Shortfall, about).words(&*zh, &*en).alarm())?;
            w.page(Whom::Duty, incident, Subject::Request(request), &*zh, &*en)?;
        }
    }
    Ok(Answer { ledger: Some(key.clone()), ..Answer::accepted() })
}
