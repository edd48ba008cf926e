//! Asking owners, and ordering: the only place where a resource is promised to somebody.

use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{
        id::{AgreementId, AssignmentId, LineId, LineNumber},
        term::{Basis, NoticeKind},
    },
};

use super::{access, cover, moves};
use crate::mutual_aid::machine::{
    assignment::{Assignment, Flags, Hold, Mission, Order, Question, StandDownCause, State},
    broken::{Broken, Stop},
    change::Answer,
    command::{Decided, OrderWish, Preempt},
    ledger::{LedgerKey, Part},
    policy::after,
    refused::{self, Holder},
    request::Request,
    timeline::Event,
    working::{Happened, Working},
};

/// A request for which aid is sought, read in the version it still has.
fn open_request<'w>(w: &'w Working<'_>, decided: Decided) -> Result<&'w Request, Stop> {
    let found = access::decided(w, decided)?;
    access::going_on(w.incident(found.incident)?)?;
    if found.is_open() { Ok(found) } else { Err(refused::request_not_open(found.word()).into()) }
}

pub(super) fn solicit(
    w: &mut Working<'_>,
    decided: Decided,
    number: LineNumber,
    resources: &[PublicationName],
    quantity: Option<u64>,
) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let request = open_request(w, decided)?;
    let (incident, book, line) = (request.incident, request.book, request.line_id(number));
    let missing = w.fulfilment(line)?.missing();
    if missing == 0 {
        return Err(refused::line_already_met().into());
    }
    let mut assignments = Vec::new();
    for resource in resources {
        let asked = match w.active_pair(line, resource) {
            Some(found) => found.id,
            None => {
                let key = LedgerKey { resource: resource.clone(), book };
                let lent = w.ledger(&key)?.terms.quota.max(1);
                ask(w, line, resource, quantity.unwrap_or_else(|| missing.min(lent)))?
            }
        };
        if !assignments.contains(&asked) {
            assignments.push(asked);
        }
    }
    Ok(Answer { incident: Some(incident), request: Some(decided.request), assignments, ..Answer::accepted() })
}

fn ask(
    w: &mut Working<'_>,
    line: LineId,
    resource: &PublicationName,
    quantity: u64,
) -> Result<AssignmentId, Stop> {
    let expires = after(w.cx.now, w.cx.policy.solicitation);
    let id = add(w, line, resource, State::Solicited(Question { quantity, expires }))?;
    let (thing_zh, thing_en) = moves::thing(w, id)?;
    w.note_assignment(id, |about| Happened::new(Event::Solicited, about).words(&*thing_zh, &*thing_en))?;
    let words = (format!("能否支援{thing_zh}？"), format!("can you help with {thing_en}?"));
    moves::tell_owner(w, id, NoticeKind::Solicitation, true, words)?;
    Ok(id)
}

/// A new assignment. The resource has to have a ledger in the request's book.
pub(super) fn add(
    w: &mut Working<'_>,
    line: LineId,
    resource: &PublicationName,
    state: State,
) -> Result<AssignmentId, Stop> {
    let request = w.request(line.request)?;
    let (incident, book) = (request.incident, request.book);
    let need = &w.line(line)?.need;
    let unit = need.unit.clone();
    let crewed = !matches!(need.resource_kind.as_str(), "supply" | "venue");
    let ledger = w.ledger(&LedgerKey { resource: resource.clone(), book })?;
    if ledger.terms.unit != unit {
        return Err(refused::unit_differs(&unit, &ledger.terms.unit).into());
    }
    let now = w.cx.now;
    let id = AssignmentId::new(now, w.random());
    w.add_assignment(Assignment {
        id,
        incident,
        line,
        resource: resource.clone(),
        book,
        unit,
        crewed,
        version: 0,
        since: now,
        state,
        flags: Flags::default(),
    });
    Ok(id)
}

pub(super) fn order(w: &mut Working<'_>, wish: &OrderWish) -> Result<Answer, Stop> {
    access::dispatcher(w)?;
    let request = open_request(w, wish.request)?;
    let (incident, line) = (request.incident, request.line_id(wish.line));
    let key = LedgerKey { resource: wish.resource.clone(), book: request.book };
    let unit = &w.line(line)?.need.unit;
    let ledger = w.ledger(&key)?;
    if ledger.terms.unit != *unit {
        return Err(refused::unit_differs(unit, &ledger.terms.unit).into());
    }
    let seen = ledger.version;
    let agreement = stands_on(w, wish)?;
    let existing = existing(w, line, &wish.resource)?;
    let taken_from = match &wish.preempt {
        Some(preempt) => self::preempt(w, wish, &key, preempt)?,
        None => Vec::new(),
    };
    if let Some((_, Some(held))) = existing {
        w.ledger_mut(&key)?.give_back(Part::Held, held)?;
    }
    let already = existing.map_or(0, |(_, held)| held.unwrap_or(0));
    meet_need(w, line, wish, already)?;
    let order = hold(w, wish, &key, existing.map(|(id, _)| id))?;
    let order = Order { agreement, ..order };
    // Only now: who was beaten to it wants to hear by whom, not that something has changed.
    if let Some(expected) = wish.expected_ledger {
        access::version(expected, seen)?;
    }
    let id = place(w, line, wish, &key, existing.map(|(id, _)| id), order)?;
    for victim in &taken_from {
        cover::reopened(w, *victim, "被一级请求征用", "taken for a request with life in danger")?;
    }
    let assignments = std::iter::once(id).chain(taken_from).collect();
    Ok(Answer {
        incident: Some(incident),
        request: Some(line.request),
        assignments,
        ledger: Some(key),
        ..Answer::accepted()
    })
}

/// The agreement of an order that is given on the ground of one. A command and voluntary aid need none (令第708号第十九条).
fn stands_on(w: &Working<'_>, wish: &OrderWish) -> Result<Option<AgreementId>, Stop> {
    match (wish.basis, wish.agreement) {
        (Basis::Command | Basis::Voluntary, _) => Ok(None),
        (Basis::Agreement, Some(agreement)) => Ok(Some(agreement)),
        (Basis::Agreement, None) => {
            let requester = &w.request(wish.request.request)?.requester;
            Err(refused::agreement_missing(&wish.resource.member, requester).into())
        }
    }
}

/// The active assignment of the pair, and what it holds; one that is confirmed cannot be ordered again.
fn existing(
    w: &Working<'_>,
    line: LineId,
    resource: &PublicationName,
) -> Result<Option<(AssignmentId, Option<u64>)>, Stop> {
    let Some(found) = w.active_pair(line, resource) else { return Ok(None) };
    match found.uses() {
        None => Ok(Some((found.id, None))),
        Some((Part::Held, quantity)) => Ok(Some((found.id, Some(quantity)))),
        Some((Part::Committed | Part::Deployed, _)) => {
            Err(refused::assignment_unfit(found.state.word(), "order").into())
        }
    }
}

/// I2: what is ordered for a line is at most what it asks for, unless the dispatcher says so.
fn meet_need(w: &mut Working<'_>, line: LineId, wish: &OrderWish, already: u64) -> Result<(), Stop> {
    let fulfilment = w.fulfilment(line)?;
    let others = fulfilment.active() - already;
    let missing = fulfilment.requested.saturating_sub(others);
    if wish.quantity <= missing {
        return Ok(());
    }
    if !wish.overcommit {
        return Err(if missing == 0 {
            refused::line_already_met().into()
        } else {
            refused::quantity_exceeds_need(missing).into()
        });
    }
    let surplus = others.saturating_add(wish.quantity) - fulfilment.requested;
    if let Some(found) = w.request_mut(line.request, true)?.line_mut(line.number) {
        found.overcommitted = surplus;
    }
    Ok(())
}

/// I1 and I3: takes what is free, and gives the order its epoch.
fn hold(
    w: &mut Working<'_>,
    wish: &OrderWish,
    key: &LedgerKey,
    existing: Option<AssignmentId>,
) -> Result<Order, Stop> {
    let users: Vec<_> = w.users_of(key).into_iter().filter(|id| Some(*id) != existing).collect();
    let ledger = w.ledger(key)?;
    let one_elsewhere = ledger.terms.serialised && !users.is_empty();
    if one_elsewhere || ledger.free() < wish.quantity {
        let holders = users.iter().map(|id| holder(w, *id)).collect::<Result<Vec<_>, _>>()?;
        let free = if one_elsewhere { 0 } else { ledger.free() };
        return Err(refused::resource_taken(free, &holders, &wish.alternatives).into());
    }
    let now = w.cx.now;
    let offered = existing.and_then(|id| w.assignment(id).ok()).and_then(Assignment::arrival);
    let arrival = wish.eta_seconds.map(|seconds| after(now, seconds)).or(offered);
    let by = w.cx.actor.clone();
    let epoch = w.ledger_mut(key)?.hold(wish.quantity).map_err(|_| Broken::new("free, and yet not"))?;
    Ok(Order { quantity: wish.quantity, epoch, basis: wish.basis, agreement: None, by, at: now, arrival })
}

fn holder(w: &Working<'_>, id: AssignmentId) -> Result<Holder, Stop> {
    let found = w.assignment(id)?;
    let request = w.request(found.line.request)?;
    Ok(Holder {
        request: format!("“{}” ({})", request.facts.title, request.requester),
        state: found.state.word(),
        quantity: found.state.quantity(),
        frees: found.frees(),
    })
}

/// Puts the order into its assignment: held until the owner confirms, or committed at once when the owner has agreed to
/// that beforehand.
fn place(
    w: &mut Working<'_>,
    line: LineId,
    wish: &OrderWish,
    key: &LedgerKey,
    existing: Option<AssignmentId>,
    order: Order,
) -> Result<AssignmentId, Stop> {
    let now = w.cx.now;
    let priority = w.request(line.request)?.facts.priority;
    let at_once = w.ledger(key)?.terms.pre_authorised;
    let (quantity, epoch, basis) = (order.quantity, order.epoch, order.basis.labels());
    let state = if at_once {
        w.ledger_mut(key)?.advance(Part::Held, Part::Committed, quantity)?;
        State::Committed(Mission {
            order,
            confirmed_by: "即调授权".to_owned(),
            confirmed: now,
            lead: None,
            self_deployed: false,
        })
    } else {
        State::Held(Hold { order, expires: w.cx.policy.hold_ends(priority, now) })
    };
    let id = match existing {
        Some(id) => {
            w.assignment_mut(id)?.enter(state, now);
            id
        }
        None => add(w, line, &wish.resource, state)?,
    };
    let (thing_zh, thing_en) = moves::thing(w, id)?;
    let (event, kind, words) = if at_once {
        let words = (format!("调令：请立即出动{thing_zh}"), format!("mission order: send {thing_en} now"));
        (Event::PackageCommitted, NoticeKind::MissionOrder, words)
    } else {
        let words = (format!("请确认调用{thing_zh}"), format!("please confirm the order of {thing_en}"));
        (Event::Ordered, NoticeKind::Order, words)
    };
    w.note_assignment(id, |about| {
        Happened::new(event, about).words(
            format!("{thing_zh}，第 {epoch} 号，{}", basis.0),
            format!("{thing_en}, order {epoch}, {}", basis.1),
        )
    })?;
    moves::tell_owner(w, id, kind, true, words)?;
    Ok(id)
}

/// Takes the resource from requests of lower priority, explicitly and with a reason. What has departed stays.
fn preempt(
    w: &mut Working<'_>,
    wish: &OrderWish,
    key: &LedgerKey,
    preempt: &Preempt,
) -> Result<Vec<AssignmentId>, Stop> {
    let request = w.request(wish.request.request)?;
    if !request.is_p1() {
        let words = "only a request with life in danger may take from others （仅一级请求可征用）";
        return Err(refused::not_preemptible(words).into());
    }
    let (by, title) = (request.id, request.facts.title.clone());
    for id in &preempt.from {
        let victim = w.assignment(*id)?;
        let theirs = w.request(victim.line.request)?;
        let departed = matches!(victim.uses(), Some((Part::Deployed, _)) | None);
        if victim.ledger() != *key || victim.line.request == by || departed || theirs.is_p1() {
            let words = format!("{} is not of this resource, has departed, or is as urgent", id.name());
            return Err(refused::not_preemptible(&words).into());
        }
        let cause = StandDownCause::Preempted { by, reason: preempt.reason.clone() };
        let words =
            (format!("用于“{title}”：{}", preempt.reason), format!("for “{title}”: {}", preempt.reason));
        moves::stand_down(w, *id, cause, Event::Preempted, words)?;
    }
    Ok(preempt.from.clone())
}
