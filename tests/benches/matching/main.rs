//! Matching: filter and rank 100,000 resources, times from 30,000 crossings, a plan of 50 lines and 2,000 resources.
//!
//! Baselines, in the same run: the same jobs as a textbook has them (`naive.rs`). Every comparison checks first that both
//! sides find the same.

mod naive;
mod park;

use std::{hint::black_box, sync::Arc, time::Instant};

use anyhow::ensure;
use shouwang_hub::mutual_aid::matching::{
    Inventory, Mode, Need, Owners, Policy, Question, Resource,
    plan::{self, Problem},
    rank,
    resource::Attempts,
    roads::{Pace, Roads, RoadsDraft, Travel},
};
use shouwang_tests::measure::{
    Scale,
    process::machine,
    report::{Goal, Report, figure, progress},
    rounds::Rounds,
};

/// Rounds of a comparison.
const ROUNDS: u64 = 41;
/// Candidates that a dispatcher is shown.
const SHOWN: usize = 64;
/// Columns of the park's road grid.
const COLUMNS: usize = 200;

/// Milliseconds of one call.
fn milliseconds<T>(job: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    black_box(job());
    started.elapsed().as_secs_f64() * 1_000.0
}

/// Both sides in turns, after one round that warms up.
fn compare<T, U>(rounds: u64, mut ours: impl FnMut() -> T, mut baseline: impl FnMut() -> U) -> Rounds {
    let mut found = Rounds::default();
    black_box((ours(), baseline()));
    for _ in 0..rounds {
        let one = milliseconds(&mut ours);
        found.add(one, milliseconds(&mut baseline));
    }
    found
}

fn at_most(rounds: &Rounds, wanted: f64) -> Goal {
    Goal::at_most(rounds.ours(), wanted, " ms")
}

fn filled(resources: &[Resource], roads: Option<&Arc<Roads>>) -> Inventory {
    let mut inventory = Inventory::new(Mode::Actual, roads.cloned());
    inventory.extend(resources.iter().cloned());
    inventory
}

fn ranking(report: &mut Report, scale: Scale, owners: &Owners, roads: &Arc<Roads>) -> anyhow::Result<()> {
    let (policy, none) = (Policy::default(), Attempts::new());
    let need = park::need(1, park::scene()?)?;
    for (is_alike, what) in [(false, "as in a park"), (true, "all of them candidates")] {
        progress(what);
        let resources = park::resources(scale.of(100_000, 1_000), is_alike)?;
        let inventory = filled(&resources, None);
        let travel = Travel::straight(need.destination, Pace::default());
        let question = Question { need: &need, owners, attempts: &none, travel: &travel, policy: &policy };
        let eligible = {
            let ours = rank(&inventory, question, SHOWN)?;
            let (theirs, excluded) = naive::rank(&resources, &need, owners, &policy.rates);
            ensure!(ours.eligible() + excluded.len() == resources.len(), "both sides leave out the same");
            ensure!(ours.candidates().len() == theirs.len(), "both sides show as many");
            ours.eligible()
        };
        let rounds = compare(
            ROUNDS,
            || rank(&inventory, question, SHOWN).map(|ranking| ranking.candidates().len()),
            || naive::rank(&resources, &need, owners, &policy.rates),
        );
        let what = format!(
            "filter and top {SHOWN}, {} resources, {what} ({} candidates), straight lines",
            figure(count(resources.len())),
            figure(count(eligible))
        );
        report.compare(&what, "ms", &rounds, |_| at_most(&rounds, 1.0));
        let rounds = compare(
            ROUNDS,
            || rank(&inventory, question, SHOWN).map(|ranking| ranking.counts()),
            || naive::rank(&resources, &need, owners, &policy.rates),
        );
        report.compare("the same, and all reasons of all that are left out, counted", "ms", &rounds, |_| {
            Goal::none()
        });
        if !is_alike {
            on_roads(report, &need, owners, &resources, roads)?;
        }
    }
    Ok(())
}

fn on_roads(
    report: &mut Report,
    need: &Need,
    owners: &Owners,
    resources: &[Resource],
    roads: &Arc<Roads>,
) -> anyhow::Result<()> {
    let (policy, none) = (Policy::default(), Attempts::new());
    let inventory = filled(resources, Some(roads));
    let open = roads.conditions(&[], &[]).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    let travel = Travel::on(roads, &open, need.destination, Pace::default());
    let question = Question { need, owners, attempts: &none, travel: &travel, policy: &policy };
    let rounds = compare(
        ROUNDS,
        || rank(&inventory, question, SHOWN).map(|ranking| ranking.candidates().len()),
        || naive::rank(resources, need, owners, &policy.rates),
    );
    report.compare("the same with times on the roads; baseline: straight lines", "ms", &rounds, |_| {
        at_most(&rounds, 1.0)
    });
    Ok(())
}

fn searching(report: &mut Report, roads: &Arc<Roads>, draft: &RoadsDraft) -> anyhow::Result<()> {
    progress("roads");
    let lists = naive::Lists::new(draft, COLUMNS)?;
    let (closures, plumes) = park::obstacles(draft)?;
    let failed = |faults| anyhow::anyhow!("{faults:?}");
    let open = roads.conditions(&[], &[]).map_err(failed)?;
    roads.conditions(&closures, &plumes).map_err(failed)?;
    let scene = roads.snap(park::scene()?).ok_or_else(|| anyhow::anyhow!("the scene is on the map"))?.node;
    let (ours, theirs) = (roads.reach(&open, scene), lists.dijkstra(scene as usize));
    for (node, seconds) in (0..).zip(&theirs) {
        let millis = ours.millis(node).map_or(f64::INFINITY, f64::from);
        // Ours are whole milliseconds, rounded up at every edge.
        ensure!(seconds.is_infinite() == millis.is_infinite(), "both sides reach the same");
        ensure!(
            seconds.is_infinite() || (0.0..=1.0).contains(&(millis / 1_000.0 - seconds)),
            "the same times"
        );
    }
    let what = format!(
        "reverse Dijkstra, {} crossings, {} edges",
        figure(count(draft.nodes.len())),
        figure(count(draft.edges.len()))
    );
    let rounds = compare(ROUNDS, || roads.reach(&open, scene), || lists.dijkstra(scene as usize));
    report.compare(&what, "ms", &rounds, |_| at_most(&rounds, 6.0));
    let rounds = compare(ROUNDS, || roads.reach(&open, scene), || lists.bellman_ford(scene as usize));
    report.compare("the same; baseline: Bellman-Ford with a queue", "ms", &rounds, |_| Goal::none());
    let mut shut = draft.clone();
    let closed: Vec<_> = closures.iter().map(|closure| format!("{closure:?}")).collect();
    shut.edges.retain(|edge| !closed.iter().any(|closure| closure.contains(&edge.id)));
    let rounds = compare(
        ROUNDS,
        || roads.conditions(&closures, &plumes).map(|now| roads.reach(&now, scene)),
        || naive::Lists::new(&shut, COLUMNS).map(|lists| lists.dijkstra(scene as usize)),
    );
    report.compare(
        "20 closures and 2 plumes laid over it, and the search; baseline: lists made anew, no plumes",
        "ms",
        &rounds,
        |_| at_most(&rounds, 6.0),
    );
    Ok(())
}

fn planning(report: &mut Report, scale: Scale) -> anyhow::Result<()> {
    let resources = u32::try_from(scale.of(2_000, 100))?;
    for (asked, possible, what) in [
        (20, 1.0, "a fifth of all units asked, every pair possible"),
        (95, 0.3, "nearly all units asked, every third pair possible"),
        (130, 0.05, "more asked than there is, every twentieth pair possible"),
    ] {
        progress(what);
        let problem = park::problem(7, resources, possible, asked);
        let (ours, theirs) = (plan::solve(&problem), naive::flow(&problem));
        let unmet = |shares| plan::score(&problem, shares).missing.map(|missing| missing.1);
        ensure!(unmet(&ours) == unmet(&theirs), "both plans serve as many units");
        let rounds = compare(3, || plan::solve(&problem), || naive::flow(&problem));
        let units: u64 = problem.lines.iter().map(|line| line.asked).sum();
        let what = format!("joint plan, 50 lines × {resources} resources, {units} units, {what}");
        report.compare(&what, "ms", &rounds, |_| at_most(&rounds, 100.0));
        let rounds = compare(ROUNDS, || plan::solve(&problem), || plan::one_by_one(&problem));
        report.compare("the same; baseline: one line after the other", "ms", &rounds, |_| Goal::none());
    }
    Ok(())
}

fn proposing(report: &mut Report, scale: Scale, owners: &Owners) -> anyhow::Result<()> {
    progress("a proposal with its reasons");
    let inventory = filled(&park::resources(scale.of(2_000, 100), true)?, None);
    let (policy, none) = (Policy::default(), Attempts::new());
    let needs: Vec<Need> =
        (0..50).map(|line| park::need(line, park::scene()?)).collect::<anyhow::Result<Vec<_>>>()?;
    let travel = Travel::straight(park::scene()?, Pace::default());
    let questions: Vec<_> = needs
        .iter()
        .map(|need| Question { need, owners, attempts: &none, travel: &travel, policy: &policy })
        .collect();
    let rounds = compare(
        ROUNDS,
        || plan::propose(&inventory, &questions),
        || {
            questions
                .iter()
                .map(|question| rank(&inventory, *question, SHOWN).map(|ranking| ranking.eligible()))
                .collect::<Vec<_>>()
        },
    );
    report.compare(
        "the whole proposal: filters, costs, plan, reasons; baseline: 50 rankings alone",
        "ms",
        &rounds,
        |_| at_most(&rounds, 100.0),
    );
    Ok(())
}

/// Per cent that the joint plan saves: units unmet, and seconds with an hour for each unmet unit.
fn savings(report: &mut Report) {
    const SEEDS: u64 = 200;
    for asked in [80, 100, 130] {
        let mut sums = [[0_u128; 2]; 2];
        for seed in 0..SEEDS {
            let problem: Problem = park::small_park(seed, 40, asked);
            for (sum, shares) in sums.iter_mut().zip([plan::solve(&problem), plan::one_by_one(&problem)]) {
                let score = plan::score(&problem, &shares);
                let unmet = score.missing.iter().map(|missing| missing.1).sum::<u128>();
                sum[0] += unmet;
                sum[1] += score.unit_seconds + unmet * 3_600;
            }
        }
        let [joint, single] = sums.map(|sum| sum.map(real));
        let saved = |part: usize| 100.0 * (1.0 - joint[part] / single[part]);
        report.once(
            &format!("units unmet in {SEEDS} parks of 40 resources, {asked} asked for each 100; baseline: one by one"),
            "units",
            joint[0],
            single[0],
            |_| if asked == 100 { Goal::at_least(saved(0), 36.0, " % less") } else { Goal::none() },
        );
        report.once("seconds in them, an hour for each unmet unit", "s", joint[1], single[1], |_| {
            if asked == 100 { Goal::at_least(saved(1), 14.5, " % less") } else { Goal::none() }
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn real(sum: u128) -> f64 {
    sum as f64
}

fn main() -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let mut report = Report::new("Matching and planning", scale);
    let owners = park::owners()?;
    let draft = park::roads();
    let roads = Arc::new(Roads::build(draft.clone()).map_err(|faults| anyhow::anyhow!("{faults:?}"))?);
    ranking(&mut report, scale, &owners, &roads)?;
    searching(&mut report, &roads, &draft)?;
    planning(&mut report, scale)?;
    proposing(&mut report, scale, &owners)?;
    savings(&mut report);
    report.note(machine());
    report.note(
        "the naive filter compares texts and sorts all candidates; the naive flow searches the whole network",
    );
    report.note("in `as in a park` every resource has its own words for what it can do; the naive filter always notes the reasons");
    report.print();
    Ok(())
}
