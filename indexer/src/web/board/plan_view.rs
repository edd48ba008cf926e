//! A joint plan over several requests: what it proposes and why, what it cannot serve, and what of it is ordered already.
//! Pure.

use shouwang_pages::{Fields, age::Age};
use shouwang_proto::{
    mutual_aid::term::{AssignmentState, Basis, Mode},
    refusal::Refusal,
    wire,
};

use super::{
    form::{Form, Input, Kind, Maker},
    forms::{basis, terms},
    request_view::{CandidateView, candidate},
    sent::Sent,
    verb::is_over,
    view::Light,
    words::{self, amount, said, tail},
};

/// An order that a plan proposes.
pub(super) struct PlanLineView {
    pub(super) request: String,
    pub(super) address: String,
    pub(super) what: String,
    pub(super) quantity: String,
    pub(super) candidate: CandidateView,
    /// How it stands, when it is ordered already.
    pub(super) ordered: String,
    /// Why it was refused just now.
    pub(super) refused: String,
    pub(super) form: Option<Form>,
}

/// What a plan cannot serve.
pub(super) struct GapView {
    pub(super) request: String,
    pub(super) address: String,
    pub(super) what: String,
    pub(super) unmet: String,
}

/// A plan.
pub(super) struct PlanView {
    pub(super) made: Option<Age>,
    /// Its cost, and that of taking the best for each line in turn.
    pub(super) cost: String,
    pub(super) greedy_cost: String,
    pub(super) unmet: u64,
    pub(super) greedy_unmet: u64,
    pub(super) lines: Vec<PlanLineView>,
    pub(super) gaps: Vec<GapView>,
    /// Ordering all that is not ordered yet.
    pub(super) whole: Option<Form>,
}

/// What a plan is shown with.
pub(super) struct Proposed<'a> {
    pub(super) plan: &'a wire::PlanProposal,
    pub(super) requests: &'a [wire::MutualAidRequest],
    pub(super) assignments: &'a [wire::Assignment],
    /// What became of lines just now.
    pub(super) results: &'a [wire::PlanLineResult],
    /// On what ground it was made.
    pub(super) basis: &'a str,
}

impl Proposed<'_> {
    fn request(&self, name: &str) -> Option<&wire::MutualAidRequest> {
        self.requests.iter().find(|request| request.name == name)
    }

    fn line(&self, request: &str, number: u32) -> Option<&wire::NeedLine> {
        self.request(request)?.lines.iter().find(|line| line.number == number)
    }

    /// What is under way of this order, whoever ordered it.
    fn ordered(&self, line: &wire::PlanLine) -> Option<&wire::Assignment> {
        let resource =
            line.candidate.as_ref().map(|candidate| candidate.resource.as_str()).unwrap_or_default();
        self.assignments.iter().find(|one| {
            one.request == line.request
                && one.line == line.line
                && one.resource == resource
                && !is_over(one.state())
                && !matches!(one.state(), wire::AssignmentState::Solicited | wire::AssignmentState::Offered)
        })
    }
}

/// The form that asks for a plan.
pub(super) fn ask(maker: &Maker<'_>) -> Form {
    let lang = maker.lang;
    let title = lang.say("board.plan.ask");
    let mode = terms(lang, Mode::ALL, Mode::code, Mode::labels);
    let form = maker
        .form("plan", "/board/plans", title, title)
        .ask(ground(maker))
        .ask(Input::new(lang, "mode", "board.new.mode", mode).value(Mode::Actual.code()));
    maker.finish(Form { is_main: true, is_open: true, ..form })
}

fn ground(maker: &Maker<'_>) -> Input {
    let lang = maker.lang;
    let mut grounds = vec![(String::new(), lang.say("board.plan.any").to_owned())];
    if let Kind::Choice(known) = terms(lang, Basis::ALL, Basis::code, Basis::labels) {
        grounds.extend(known);
    }
    Input::new(lang, "basis", "board.field.basis", Kind::Choice(grounds))
}

/// What the form asks for.
pub(super) fn read_ask(fields: &Fields) -> Result<wire::ProposePlanRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let basis = if fields.first("basis").is_empty() { 0 } else { sent.basis() };
    let mode = sent.term("mode", |mode: Mode| mode.to_wire().into());
    sent.finish(wire::ProposePlanRequest { requests: Vec::new(), mode, basis })
}

/// What of a plan shall be ordered.
pub(super) fn read_apply(fields: &Fields, name: &str) -> Result<wire::ApplyPlanRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let context = sent.context();
    let lines: Vec<u32> = fields.all("line").iter().filter_map(|line| line.parse().ok()).collect();
    // No line at all would mean every line of the contract's message; a form always names its own.
    if lines.is_empty() {
        return Err(Refusal::field("line", "is required （必填）"));
    }
    let basis = sent.basis();
    sent.finish(wire::ApplyPlanRequest { context, name: name.to_owned(), lines, basis })
}

/// The plan as a dispatcher sees it.
pub(super) fn plan(light: &Light<'_>, maker: &Maker<'_>, of: &Proposed<'_>) -> PlanView {
    let wire::PlanProposal { lines, gaps, .. } = of.plan;
    let open: Vec<u32> =
        lines.iter().filter(|line| of.ordered(line).is_none()).map(|line| line.number).collect();
    let gap = |gap: &wire::PlanGap| {
        let line = of.line(&gap.request, gap.line);
        GapView {
            request: title(of, &gap.request),
            address: format!("/board/{}", gap.request),
            what: line.map(|line| line.what.clone()).unwrap_or_default(),
            unmet: amount(gap.unmet, line.map_or("1", |line| line.unit.as_str())),
        }
    };
    let length = |seconds: u64| words::length(light.lang, u32::try_from(seconds).unwrap_or(u32::MAX));
    PlanView {
        made: light.age(of.plan.create_time.as_ref()),
        cost: length(of.plan.cost_seconds),
        greedy_cost: length(of.plan.greedy_cost_seconds),
        unmet: gaps.iter().map(|gap| gap.unmet).sum(),
        greedy_unmet: of.plan.greedy_unmet,
        lines: lines.iter().map(|line| line_view(light, maker, of, line)).collect(),
        gaps: gaps.iter().map(gap).collect(),
        whole: (open.len() > 1).then(|| whole(maker, of, &open)),
    }
}

fn title(of: &Proposed<'_>, request: &str) -> String {
    of.request(request).map_or_else(|| tail(request).to_owned(), |request| request.title.clone())
}

fn line_view(light: &Light<'_>, maker: &Maker<'_>, of: &Proposed<'_>, line: &wire::PlanLine) -> PlanLineView {
    let one = line.candidate.clone().unwrap_or_default();
    let result = of.results.iter().find(|result| result.line == line.number && result.assignment.is_none());
    let ordered = of.ordered(line);
    let state = |one: &wire::Assignment| {
        said(light.lang, AssignmentState::from_wire(one.state), AssignmentState::labels).to_owned()
    };
    PlanLineView {
        request: title(of, &line.request),
        address: format!("/board/{}", line.request),
        what: of.line(&line.request, line.line).map(|line| line.what.clone()).unwrap_or_default(),
        quantity: amount(line.quantity, &one.unit),
        candidate: candidate(light, usize::try_from(line.number).unwrap_or(usize::MAX), &one, Vec::new()),
        ordered: ordered.map(state).unwrap_or_default(),
        refused: result.map(|result| light.lang.part(&result.detail).to_owned()).unwrap_or_default(),
        form: ordered.is_none().then(|| {
            let of_line = format!("{} · {}", one.member_display_name, one.title);
            let form = apply(maker, of, &format!("apply-{}", line.number), "board.do.order", &[line.number]);
            maker.finish(Form { of: of_line, ..form })
        }),
    }
}

fn whole(maker: &Maker<'_>, of: &Proposed<'_>, open: &[u32]) -> Form {
    let form = apply(maker, of, "apply-all", "board.plan.apply", open);
    maker.finish(Form { is_main: true, ..form })
}

fn apply(maker: &Maker<'_>, of: &Proposed<'_>, id: &str, key: &str, lines: &[u32]) -> Form {
    let words = maker.lang.say(key);
    let mut address = Fields::default();
    let mut ground = basis(maker.lang);
    if !of.basis.is_empty() {
        address = address.and("basis", of.basis);
        ground = ground.value(of.basis);
    }
    let action = format!("/board/{}{}", of.plan.name, address.query());
    let form = maker.form(id, &action, words, words).ask(ground);
    lines.iter().fold(form, |form, line| form.hold("line", line))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, collections::BTreeMap};

    use jiff::Timestamp;
    use shouwang_pages::Lang;

    use super::*;
    use crate::council::roster::RosterSnapshot;

    #[test]
    fn what_is_ordered_is_not_ordered_again() {
        let line = |number: u32, resource: &str| wire::PlanLine {
            number,
            request: "requests/a".to_owned(),
            line: number,
            quantity: 1,
            candidate: Some(wire::Candidate { resource: resource.to_owned(), ..Default::default() }),
        };
        let plan_of = wire::PlanProposal {
            name: "plans/x".to_owned(),
            lines: vec![line(1, "r1"), line(2, "r2"), line(3, "r3")],
            ..wire::PlanProposal::default()
        };
        let held = wire::Assignment {
            request: "requests/a".to_owned(),
            line: 2,
            resource: "r2".to_owned(),
            state: wire::AssignmentState::Held.into(),
            ..wire::Assignment::default()
        };
        let refused =
            wire::PlanLineResult {
                line: 3, detail: "taken （已被占用）".to_owned(), ..Default::default()
            };
        let (roster, titles) = (RosterSnapshot::default(), BTreeMap::new());
        let light = Light { lang: Lang::Zh, now: Timestamp::UNIX_EPOCH, roster: &roster, titles: &titles };
        let maker =
            Maker { lang: Lang::Zh, key: &|| "k".to_owned(), attempt: None, placed: Cell::new(false) };
        let of = Proposed {
            plan: &plan_of,
            requests: &[],
            assignments: &[held],
            results: &[refused],
            basis: "agreement",
        };
        let view = plan(&light, &maker, &of);
        let forms: Vec<_> = view.lines.iter().map(|line| line.form.is_some()).collect();
        assert_eq!(forms, [true, false, true]);
        assert_eq!((view.lines[1].ordered.is_empty(), view.lines[2].refused.as_str()), (false, "已被占用"));
        let whole = view.whole.unwrap();
        let fields =
            whole.hidden.iter().fold(Fields::default(), |fields, (name, value)| fields.and(name, value));
        let read = read_apply(&fields.and("basis", "agreement"), "plans/x").unwrap();
        assert_eq!(read.lines, [1, 3]);
        assert!(read_apply(&Fields::read(b"basis=agreement&key=k"), "plans/x").is_err());
    }
}
