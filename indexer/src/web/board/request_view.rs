//! The page of a request: its lines, who could help and why others cannot, who is on the way, what has happened. Pure.

use std::collections::BTreeMap;

use shouwang_pages::{Lang, age::Age};
use shouwang_proto::{
    mutual_aid::term::{CostKind, ExclusionReason, TravelBasis},
    wire,
};

use super::{
    arrived_form,
    form::{Form, Maker},
    forms,
    line_forms::{self, Rival, TakingView},
    task_view::{EntryView, PhoneView},
    view::{AssignmentView, IncidentView, Light, LineView, RequestView},
    words::{self, amount, dialled, length, member, said},
};

/// A part of a cost.
pub(super) struct CostView {
    pub(super) label: &'static str,
    pub(super) time: String,
}

/// Who could help.
pub(super) struct CandidateView {
    pub(super) rank: usize,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) free: String,
    pub(super) eta: String,
    pub(super) cost: String,
    pub(super) parts: Vec<CostView>,
    /// How far it is, and how that was found.
    pub(super) way: String,
    pub(super) is_pre_authorised: bool,
    pub(super) is_connected: bool,
    pub(super) confirmed: Option<Age>,
    pub(super) phones: Vec<PhoneView>,
    pub(super) forms: Vec<Form>,
}

/// Why resources are no candidates, and how many.
pub(super) struct ExclusionView {
    pub(super) label: &'static str,
    pub(super) count: usize,
    /// Some of them in words.
    pub(super) examples: Vec<String>,
}

/// Who could help with a line.
pub(super) struct OffersView {
    pub(super) line: u32,
    pub(super) what: String,
    pub(super) missing: String,
    /// How many of how many are shown.
    pub(super) shown: String,
    pub(super) candidates: Vec<CandidateView>,
    pub(super) excluded: Vec<ExclusionView>,
    pub(super) excluded_count: u64,
    /// What may be taken from those who are less urgent.
    pub(super) takings: Vec<TakingView>,
    /// Booking what an owner offers unasked.
    pub(super) unasked: Option<Form>,
}

/// An assignment with what may be done about it.
pub(super) struct DeployedView {
    pub(super) view: AssignmentView,
    pub(super) what: String,
    pub(super) forms: Vec<Form>,
}

/// What a request's page shows.
pub(super) struct Whole {
    pub(super) view: RequestView,
    pub(super) incident: IncidentView,
    pub(super) description: String,
    pub(super) place: String,
    pub(super) contact: PhoneView,
    pub(super) reason: String,
    pub(super) merged_into: String,
    pub(super) review: String,
    pub(super) lessons: Vec<String>,
    pub(super) lines: Vec<LineView>,
    pub(super) active: Vec<DeployedView>,
    pub(super) ended: Vec<AssignmentView>,
    /// Booking what came by itself.
    pub(super) arrived: Option<Form>,
    pub(super) offers: Vec<OffersView>,
    pub(super) forms: Vec<Form>,
    /// Pages where it can be changed: address and key of the words.
    pub(super) ways: Vec<(String, &'static str)>,
    /// Newest first.
    pub(super) timeline: Vec<EntryView>,
}

/// What the page is made from.
pub(super) struct Material {
    pub(super) incident: wire::Incident,
    pub(super) request: wire::MutualAidRequest,
    pub(super) assignments: Vec<wire::Assignment>,
    /// By the number of the line.
    pub(super) candidates: BTreeMap<u32, wire::ListCandidatesResponse>,
    /// What less urgent requests hold.
    pub(super) rivals: Vec<Rival>,
    pub(super) entries: Vec<wire::TimelineEntry>,
    /// What is lent that could have come by itself: names and what they are called.
    pub(super) lent: Vec<(String, String)>,
}

/// Examples of one reason for which resources are excluded.
const EXAMPLES: usize = 5;

/// The page's view; without a maker of forms nobody can do anything there.
pub(super) fn whole(light: &Light<'_>, maker: Option<&Maker<'_>>, of: &Material) -> Whole {
    let Material { incident, request, assignments, candidates, rivals, entries, lent } = of;
    let mut view = light.request(request, assignments);
    let lines = std::mem::take(&mut view.lines);
    let mut shown: Vec<_> = std::mem::take(&mut view.assignments).into_iter().zip(assignments).collect();
    let ended = shown.extract_if(.., |(view, _)| view.is_over && !view.has_order);
    let ended = ended.map(|(view, _)| view).collect();
    let active = shown.into_iter().map(|(view, one)| deployed(light, maker, request, (view, one)));
    let contact = request.contact.clone().unwrap_or_default();
    let place = request.place.as_ref().or(incident.place.as_ref());
    let review = request.review.clone().unwrap_or_default();
    Whole {
        incident: light.incident(incident, Vec::new()),
        description: request.description.clone(),
        place: words::place(place),
        contact: PhoneView {
            words: format!("{} {}", contact.name, contact.phone),
            dialled: dialled(&contact.phone),
        },
        reason: request.reason.clone(),
        merged_into: request.merged_into.clone(),
        review: review.text,
        lessons: review.lessons,
        lines,
        active: active.collect(),
        ended,
        arrived: maker.and_then(|maker| arrived_form::form(maker, request, lent)),
        offers: offers(light, maker, request, (candidates, rivals)),
        ways: maker.map_or_else(Vec::new, |_| line_forms::ways(request)),
        forms: maker.map_or_else(Vec::new, |maker| forms::of_request(maker, request)),
        timeline: entries.iter().rev().map(|entry| light.entry(entry)).collect(),
        view,
    }
}

fn deployed(
    light: &Light<'_>,
    maker: Option<&Maker<'_>>,
    request: &wire::MutualAidRequest,
    (view, one): (AssignmentView, &wire::Assignment),
) -> DeployedView {
    let line = request.lines.iter().find(|line| line.number == one.line);
    let of = format!("{} · {}", view.owner, view.title);
    let forms =
        maker.map_or_else(Vec::new, |maker| forms::of_assignment(maker, request, one, (&of, light.now)));
    DeployedView { what: line.map_or_else(String::new, |line| line.what.clone()), view, forms }
}

fn offers(
    light: &Light<'_>,
    maker: Option<&Maker<'_>>,
    request: &wire::MutualAidRequest,
    (candidates, rivals): (&BTreeMap<u32, wire::ListCandidatesResponse>, &[Rival]),
) -> Vec<OffersView> {
    let lines = request.lines.iter().zip(&request.fulfilment);
    let view = |(line, met): (&wire::NeedLine, &wire::LineFulfilment)| {
        let found = candidates.get(&line.number)?;
        let ranked = found.candidates.iter().enumerate();
        let candidates = ranked.map(|(index, one)| {
            let forms =
                maker.map_or_else(Vec::new, |maker| forms::of_candidate(maker, request, line.number, one));
            candidate(light, index + 1, one, forms)
        });
        let wanted = (line.number, met.missing);
        let takings = maker.map_or_else(Vec::new, |maker| {
            line_forms::takings(maker, request, wanted, (&found.excluded, rivals))
        });
        Some(OffersView {
            line: line.number,
            what: line.what.clone(),
            missing: forms::missing(light.lang, line, met),
            shown: light.lang.fill(
                "board.candidates-shown",
                &[("shown", &found.candidates.len()), ("total", &found.total)],
            ),
            candidates: candidates.collect(),
            excluded: excluded(light.lang, &found.excluded),
            excluded_count: found.considered.saturating_sub(found.total),
            takings,
            unasked: maker.and_then(|maker| line_forms::unasked(maker, request, wanted, found)),
        })
    };
    lines.filter_map(view).collect()
}

pub(super) fn candidate(
    light: &Light<'_>,
    rank: usize,
    one: &wire::Candidate,
    forms: Vec<Form>,
) -> CandidateView {
    let lang = light.lang;
    let part = |part: &wire::CostPart| CostView {
        label: said(lang, CostKind::from_wire(part.kind), CostKind::labels),
        time: length(lang, part.seconds),
    };
    let basis = said(lang, TravelBasis::from_wire(one.travel_basis), TravelBasis::labels);
    let phone = |contact: &wire::DutyContact| PhoneView {
        words: format!("{} {}", contact.name, contact.phone),
        dialled: dialled(&contact.phone),
    };
    CandidateView {
        rank,
        title: one.title.clone(),
        owner: if one.member_display_name.is_empty() {
            member(light.roster, &one.resource)
        } else {
            one.member_display_name.clone()
        },
        free: amount(one.free, &one.unit),
        eta: length(lang, one.eta_seconds),
        cost: length(lang, one.cost_seconds),
        parts: one.parts.iter().filter(|part| part.seconds > 0).map(part).collect(),
        way: words::way(lang, one.distance_metres, basis),
        is_pre_authorised: one.pre_authorised,
        is_connected: one.connected,
        confirmed: words::age(lang, one.confirm_time.as_ref(), light.now),
        phones: one.duty_contacts.iter().map(phone).collect(),
        forms,
    }
}

/// Reasons with how many they exclude, most first. A resource with several reasons counts for each.
fn excluded(lang: Lang, all: &[wire::ExcludedResource]) -> Vec<ExclusionView> {
    let mut by_reason: BTreeMap<i32, Vec<&wire::ExcludedResource>> = BTreeMap::new();
    for one in all {
        for reason in &one.reasons {
            by_reason.entry(*reason).or_default().push(one);
        }
    }
    let view = |(reason, all): (i32, Vec<&wire::ExcludedResource>)| {
        let words = |one: &&wire::ExcludedResource| {
            let detail = lang.part(&one.detail);
            format!("{} · {} — {detail}", one.member_display_name, one.title)
        };
        ExclusionView {
            label: said(lang, ExclusionReason::from_wire(reason), ExclusionReason::labels),
            count: all.len(),
            examples: all.iter().take(EXAMPLES).map(words).collect(),
        }
    };
    let mut shown: Vec<_> = by_reason.into_iter().map(view).collect();
    shown.sort_by_key(|one| std::cmp::Reverse(one.count));
    shown
}

#[cfg(test)]
mod tests {
    use shouwang_proto::wire::ExclusionReason as Reason;

    use super::*;

    #[test]
    fn reasons_are_counted_most_first() {
        let out = |reasons: &[Reason]| wire::ExcludedResource {
            reasons: reasons.iter().map(|reason| i32::from(*reason)).collect(),
            title: "吊车".to_owned(),
            ..wire::ExcludedResource::default()
        };
        let all = [out(&[Reason::Stale]), out(&[Reason::Offline, Reason::Stale]), out(&[Reason::Quantity])];
        let shown: Vec<_> = excluded(Lang::Zh, &all).iter().map(|one| one.count).collect();
        assert_eq!(shown, [2, 1, 1]);
    }
}
