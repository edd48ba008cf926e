//! What else may be done for a line than ordering a candidate: taking something from requests that are less urgent, and
//! booking what an owner offers unasked. Pure.

use shouwang_pages::Fields;
use shouwang_proto::{
    mutual_aid::term::Priority,
    refusal::Refusal,
    wire::{self, ExclusionReason, RequestPriority, RequestState},
};

use super::{
    form::{Form, Input, Kind, Maker},
    forms::{basis, channel, count, minutes},
    sent::{Sent, owner},
    words::{amount, said, tail},
};

/// Something that a less urgent request holds, and what that request is called.
#[derive(Clone)]
pub(super) struct Rival {
    pub(super) assignment: wire::Assignment,
    pub(super) title: String,
    pub(super) priority: i32,
}

/// Something that may be taken.
pub(super) struct TakingView {
    /// What, and from whom.
    pub(super) words: String,
    pub(super) form: Form,
}

/// May the request take from others, and does it need to?
pub(super) fn may_take(request: &wire::MutualAidRequest) -> bool {
    request.priority() == RequestPriority::P1
        && request.state() == RequestState::Open
        && request.fulfilment.iter().any(|met| met.missing > 0)
}

/// May a request have to give something to a P1 request of this mode?
pub(super) fn may_give(other: &wire::MutualAidRequest, to: &wire::MutualAidRequest) -> bool {
    other.name != to.name && other.mode == to.mode && other.priority() != RequestPriority::P1
}

/// What could be had if it were taken from those who are less urgent: all that keeps it away is that it is in use.
pub(super) fn takings(
    maker: &Maker<'_>,
    request: &wire::MutualAidRequest,
    (line, missing): (u32, u64),
    (excluded, rivals): (&[wire::ExcludedResource], &[Rival]),
) -> Vec<TakingView> {
    let only_used = |one: &&wire::ExcludedResource| {
        let used = [ExclusionReason::InUse.into(), ExclusionReason::Quantity.into()];
        !one.reasons.is_empty() && one.reasons.iter().all(|reason| used.contains(reason))
    };
    let taking = |one: &wire::ExcludedResource| {
        let from: Vec<&Rival> =
            rivals.iter().filter(|rival| rival.assignment.resource == one.resource).collect();
        (!from.is_empty()).then(|| taking(maker, request, (line, missing), one, &from))
    };
    excluded.iter().filter(only_used).filter_map(taking).collect()
}

fn taking(
    maker: &Maker<'_>,
    request: &wire::MutualAidRequest,
    (line, missing): (u32, u64),
    one: &wire::ExcludedResource,
    from: &[&Rival],
) -> TakingView {
    let lang = maker.lang;
    let held: u64 = from.iter().map(|rival| rival.assignment.quantity).sum();
    let title = lang.say("board.do.preempt");
    let id = format!("preempt-{line}-{}", tail(&one.resource));
    let form = maker.form(&id, &format!("/board/{}/order", request.name), title, title);
    let why = Input::new(lang, "preempt_reason", "board.field.preempt-reason", Kind::Line).required();
    let form = form
        .hold("version", request.version)
        .hold("line", line)
        .hold("resource", &one.resource)
        .ask(count(lang, "quantity", "board.field.quantity", held.min(missing)))
        .ask(basis(lang))
        .ask(why);
    let form = from.iter().fold(form, |form, rival| form.hold("preempt", &rival.assignment.name));
    let uses = from.iter().map(|rival| {
        let priority = said(lang, Priority::from_wire(rival.priority), Priority::labels);
        let what = amount(rival.assignment.quantity, &rival.assignment.unit);
        lang.fill("board.taken-from", &[("title", &rival.title), ("priority", &priority), ("amount", &what)])
    });
    let thing = format!("{} · {}", one.member_display_name, one.title);
    let words = format!("{thing} — {}", uses.collect::<Vec<_>>().join(" "));
    TakingView { words, form: maker.finish(Form { of: thing, is_danger: true, ..form }) }
}

/// Booking what somebody offers for a line; none when nothing is known that could be offered.
pub(super) fn unasked(
    maker: &Maker<'_>,
    request: &wire::MutualAidRequest,
    (line, missing): (u32, u64),
    found: &wire::ListCandidatesResponse,
) -> Option<Form> {
    let lang = maker.lang;
    let known = found.candidates.iter().map(|one| (&one.resource, &one.member_display_name, &one.title));
    let others = found.excluded.iter().map(|one| (&one.resource, &one.member_display_name, &one.title));
    let choices: Vec<_> = known
        .chain(others)
        .map(|(resource, member, title)| (resource.clone(), format!("{member} · {title}")))
        .collect();
    if choices.is_empty() {
        return None;
    }
    let title = lang.say("board.do.unasked");
    let what = request.lines.iter().find(|one| one.number == line);
    let form = maker
        .form(&format!("unasked-{line}"), &format!("/board/{}/offer", request.name), title, title)
        .hold("line", line)
        .ask(Input::new(lang, "resource", "board.field.resource", Kind::Choice(choices)).required())
        .ask(count(lang, "quantity", "board.field.quantity", missing))
        .ask(minutes(lang).required())
        .ask(Input::new(lang, "conditions", "board.field.conditions", Kind::Line))
        .ask(channel(lang));
    let of = what.map(|line| line.what.clone()).unwrap_or_default();
    Some(maker.finish(Form { of, ..form }))
}

/// What an owner offers, said on its behalf.
pub(super) fn read_offer(fields: &Fields, request: &str) -> Result<wire::OfferUnsolicitedRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let resource = sent.text("resource");
    let on_behalf_of = owner(&resource);
    let context = sent.context().map(|context| wire::ChangeContext { on_behalf_of, ..context });
    let offer = wire::UnsolicitedOffer {
        request: request.to_owned(),
        line: sent.small("line"),
        resource,
        offer: Some(wire::OfferAction {
            quantity: sent.number("quantity"),
            eta_seconds: sent.minutes("eta_seconds"),
            conditions: sent.text("conditions"),
            valid_seconds: 0,
        }),
    };
    sent.finish(wire::OfferUnsolicitedRequest { context, offer: Some(offer) })
}

/// Where a request can be changed or merged: address and key of the words; none when it is over.
pub(super) fn ways(request: &wire::MutualAidRequest) -> Vec<(String, &'static str)> {
    let way = |deed: &str, key| (format!("/board/{}/{deed}", request.name), key);
    match request.state() {
        RequestState::Submitted | RequestState::Open => {
            vec![way("amend", "board.amend"), way("merge", "board.merge")]
        }
        RequestState::Unspecified
        | RequestState::Draft
        | RequestState::StandingDown
        | RequestState::Closed
        | RequestState::Reviewed
        | RequestState::Rejected
        | RequestState::Merged
        | RequestState::Expired => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use shouwang_pages::Lang;

    use super::*;

    #[test]
    fn only_what_is_merely_in_use_may_be_taken() {
        let maker =
            Maker { lang: Lang::Zh, key: &|| "k".to_owned(), attempt: None, placed: Cell::new(false) };
        let request =
            wire::MutualAidRequest { name: "requests/a".to_owned(), version: 2, ..Default::default() };
        let out = |resource: &str, reasons: &[ExclusionReason]| wire::ExcludedResource {
            resource: resource.to_owned(),
            reasons: reasons.iter().map(|reason| i32::from(*reason)).collect(),
            ..wire::ExcludedResource::default()
        };
        let excluded = [
            out("members/a/publications/1", &[ExclusionReason::InUse]),
            out("members/a/publications/2", &[ExclusionReason::InUse, ExclusionReason::Stale]),
            out("members/a/publications/3", &[ExclusionReason::Quantity]),
        ];
        let rival = |resource: &str| Rival {
            assignment: wire::Assignment {
                name: "assignments/x".to_owned(),
                resource: resource.to_owned(),
                quantity: 3,
                ..wire::Assignment::default()
            },
            title: "备用吊车".to_owned(),
            priority: RequestPriority::P3.into(),
        };
        let rivals = [rival("members/a/publications/1"), rival("members/a/publications/2")];
        let shown = takings(&maker, &request, (1, 2), (&excluded, &rivals));
        let [one] = shown.as_slice() else { panic!("{}", shown.len()) };
        assert!(one.words.contains("备用吊车"), "{}", one.words);
        assert_eq!(one.form.inputs[0].value, "2", "not more than is missing");
        assert!(one.form.hidden.contains(&("preempt", "assignments/x".to_owned())));
    }

    #[test]
    fn an_offer_is_said_on_behalf_of_its_owner() {
        let fields = Fields::read(
            b"line=2&resource=members/hengrui-crane/publications/x&quantity=1&eta_seconds=20&key=k&channel=phone",
        );
        let read = read_offer(&fields, "requests/a").unwrap();
        assert_eq!(read.context.unwrap().on_behalf_of, "members/hengrui-crane");
        let offer = read.offer.unwrap();
        assert_eq!((offer.line, offer.offer.unwrap().eta_seconds), (2, 1_200));
    }
}
