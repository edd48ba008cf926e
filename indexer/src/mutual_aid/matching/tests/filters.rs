//! One resource, one obstacle.

use std::collections::BTreeSet;

use super::super::{
    capability::{Demand, Figure},
    eligibility::{Mismatch, OfflineRule, Policy, Question},
    need::{Ask, Mode, Need, TypeChoice},
    ranking::rank,
    reason::Reason,
    resource::{Attempt, Attempts, Availability, Link, Owner, Resource, Standing},
    roads::{Pace, Travel},
    trial::{engine, id, inventory, minutes_ago, need, north, online, owners, pieces, stock, verdict},
};

#[track_caller]
fn check(need: &Need, owner: Owner, resource: Resource, expected: &[(Reason, &str, &str)]) {
    let found = verdict(need, owner, resource);
    let found: Vec<_> = found.iter().map(|(reason, zh, en)| (*reason, zh.as_str(), en.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_fits_is_a_candidate() {
    check(&need(), online(), engine(1), &[]);
}

#[test]
fn kind_type_and_unit_must_fit() {
    let mut need = need();
    need.types = vec![TypeChoice { name: "云梯车".into(), penalty_seconds: 0 }];
    let mut tents = engine(1);
    tents.kind = "supply".to_owned();
    tents.unit = "kg".into();
    let expected = [
        (Reason::WrongKind, "类别不符：需 vehicle，现为 supply", "another kind: asked vehicle, is supply"),
        (Reason::WrongType, "类型不符：现为 泡沫消防车", "another type: is 泡沫消防车"),
        (Reason::WrongUnit, "计量单位不符：需 1，现为 kg", "another unit: asked 1, is kg"),
    ];
    check(&need, online(), tents, &expected);
}

#[test]
fn capabilities_are_demanded_with_their_figures() {
    let mut need = need();
    need.demands = vec![
        Demand { name: "抗溶性泡沫".into(), at_least: None },
        Demand { name: "流量".into(), at_least: Figure::new(60.0, "L/s") },
        Demand { name: "云梯".into(), at_least: Figure::new(30.0, "m") },
    ];
    let expected = [(
        Reason::Capability,
        "能力不足：需 流量 ≥ 60 L/s，现有 48 L/s；缺 云梯 ≥ 30 m",
        "capability missing: asked 流量 ≥ 60 L/s, has 48 L/s; lacks 云梯 ≥ 30 m",
    )];
    check(&need, online(), engine(1), &expected);
    need.demands.truncate(2);
    need.demands[1].at_least = Figure::new(2_880.0, "L/min");
    check(&need, online(), engine(1), &[]);
}

#[test]
fn too_little_says_whose_it_is() {
    let need = Need { ask: Ask::new("1", 4.0, 2.0).unwrap().with_lot(pieces(2)), ..need() };
    let with = |total, floor, free| Resource { stock: stock("1", total, floor, free), ..engine(1) };
    check(&need, online(), with(3.0, 0.0, 2.0), &[]);
    let few = [(Reason::Quantity, "数量不足：需 2，共有 1", "too little of it: asked 2, has 1")];
    check(&need, online(), with(1.0, 1.0, 0.0), &few);
    let kept = [(
        Reason::DonorFloor,
        "供方自留：需 2，可用 1，自留 2",
        "kept by its owner: asked 2, free 1, keeps 2",
    )];
    check(&need, online(), with(3.0, 2.0, 1.0), &kept);
    let taken = [(
        Reason::AlreadyCommitted,
        "已被占用：需 2，可用 1，已占用 2",
        "already committed: asked 2, free 1, taken 2",
    )];
    check(&need, online(), with(3.0, 0.0, 1.0), &taken);
    let reasons = |total, floor, free| -> Vec<_> {
        verdict(&need, online(), with(total, floor, free)).into_iter().map(|found| found.0).collect()
    };
    let both = [Reason::DonorFloor, Reason::AlreadyCommitted];
    assert_eq!(reasons(4.0, 2.0, 1.0), both, "without either there would be enough");
    assert_eq!(reasons(2.0, 1.0, 0.0), both, "without one of them there would still be too little");
    assert_eq!(reasons(2.0, 2.0, 0.0), [Reason::DonorFloor]);
    assert_eq!(reasons(1.0, 0.0, 9.0), [Reason::Quantity], "the ledger cannot free more than there is");
}

#[test]
fn half_a_vehicle_is_none_but_half_a_cubic_metre_counts() {
    let half = Resource { stock: stock("1", 2.0, 1.0, 0.5), ..engine(1) };
    let reasons: Vec<_> = verdict(&need(), online(), half).into_iter().map(|found| found.0).collect();
    assert_eq!(reasons, [Reason::DonorFloor, Reason::AlreadyCommitted]);
    let foam = Resource { unit: "L".into(), stock: stock("L", 800.0, 100.0, 500.0), ..engine(1) };
    let need = Need { ask: Ask::new("m3", 6.0, 1.0).unwrap(), ..need() };
    check(&need, online(), foam, &[]);
}

#[test]
fn papers_run_out_after_their_last_day() {
    let with = |certificate: &str, inspection: &str| Resource {
        certificate_due: certificate.parse().ok(),
        inspection_due: inspection.parse().ok(),
        ..engine(1)
    };
    check(&need(), online(), with("2026-11-22", "2026-11-22"), &[]);
    let expected = [
        (
            Reason::CertificateExpired,
            "证书过期：有效期至 2026-11-21",
            "certificate expired: valid until 2026-11-21",
        ),
        (
            Reason::InspectionOverdue,
            "检验超期：应于 2026-03-01 前检验",
            "inspection overdue: was due by 2026-03-01",
        ),
    ];
    check(&need(), online(), with("2026-11-21", "2026-03-01"), &expected);
    check(&need(), online(), with("2026-11-21", "2027-03-01"), &expected[..1]);
}

#[test]
fn the_day_is_that_of_the_park() {
    // 2026-11-22 23:30 UTC is the 23rd in the park.
    let late = Need { now: "2026-11-22T23:30:00Z".parse().unwrap(), ..need() };
    let mut due = engine(1);
    due.inspection_due = "2026-11-22".parse().ok();
    due.availability = Availability { reported_at: late.now, holds_seconds: 60 };
    let reasons: Vec<_> = verdict(&late, online(), due).into_iter().map(|found| found.0).collect();
    assert_eq!(reasons, [Reason::InspectionOverdue]);
}

#[test]
fn agreements_count_where_the_mission_stands_on_one() {
    let bound = Need { needs_agreement: true, ..need() };
    let expected = [(Reason::AgreementMissing, "无救援协议：与 east-steel", "no agreement: with east-steel")];
    check(&bound, online(), engine(1), &expected);
    check(&bound, Owner { has_agreement: true, ..online() }, engine(1), &[]);
    check(&need(), online(), engine(1), &[]);
}

#[test]
fn water_does_not_go_to_sodium() {
    let mut need = need();
    need.substances = BTreeSet::from(["金属钠".into(), "甲醇".into()]);
    let mut engine = engine(1);
    engine.incompatible = BTreeSet::from(["金属钠".into(), "电石".into()]);
    let expected = [(
        Reason::SubstanceIncompatible,
        "与现场物质不相容：金属钠",
        "incompatible with a substance: 金属钠",
    )];
    check(&need, online(), engine, &expected);
}

#[test]
fn an_offline_owner_is_called_until_its_word_is_out_of_date() {
    let away = Owner { link: Link::Offline(minutes_ago(90)), ..online() };
    let said = |minutes| {
        let availability = Availability { reported_at: minutes_ago(minutes), holds_seconds: 3_600 };
        Resource { availability, ..engine(1) }
    };
    check(&need(), away, said(60), &[]);
    let stale = (
        Reason::Stale,
        "状态陈旧：61 分钟前报告，有效 60 分钟",
        "availability out of date: said 61 min ago, holds 60 min",
    );
    let offline = (
        Reason::Offline,
        "供方离线：自 2026-11-22 06:30 起，请电话确认",
        "owner offline: since 2026-11-22 06:30 (+08:00), call by phone",
    );
    check(&need(), away, said(61), &[stale, offline]);
    check(&need(), online(), said(61), &[stale]);
    let never =
        (Reason::Offline, "供方离线：从未连接，请电话确认", "owner offline: never connected, call by phone");
    check(&need(), Owner { link: Link::NeverSeen, ..online() }, said(61), &[stale, never]);
}

#[test]
fn what_is_committed_in_one_step_needs_a_connected_owner() {
    let (need, travel) = (need(), Travel::straight(north(0.0), Pace::default()));
    let (owners, none) =
        (owners(&[("east-steel", Owner { link: Link::NeverSeen, ..online() })]), Attempts::new());
    let inventory = inventory([engine(1)]);
    for (offline, expected) in [(OfflineRule::WhenStale, false), (OfflineRule::Always, true)] {
        let policy = Policy { offline, ..Policy::default() };
        let question =
            Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
        assert_eq!(rank(&inventory, question, 1).unwrap().counts().contains_key(&Reason::Offline), expected);
    }
}

#[test]
fn who_may_not_see_it_does_not_get_it() {
    let hidden = (Reason::NotVisible, "请求方无权查看", "not visible to the requester");
    let secret = Resource { audience: BTreeSet::from(["hot-work".parse().unwrap()]), ..engine(1) };
    check(&need(), online(), secret.clone(), &[hidden]);
    let mut insider = need();
    insider.groups.insert("hot-work".parse().unwrap());
    check(&insider, online(), secret, &[]);
}

#[test]
fn ones_own_does_not_help() {
    let own = Need { requester: "east-steel".parse().unwrap(), ..need() };
    check(&own, online(), engine(1), &[(Reason::OwnResource, "请求方自有", "the requester's own")]);
}

#[test]
fn an_owner_may_be_unable_to_help() {
    let with = |standing| Owner { standing, ..online() };
    let trouble =
        (Reason::Owner, "供方无法支援：自身处于突发事件中", "its owner cannot help: has an emergency itself");
    check(&need(), with(Standing::InTrouble), engine(1), &[trouble]);
    let out =
        (Reason::Owner, "供方无法支援：已被理事会暂停", "its owner cannot help: suspended by the council");
    check(&need(), with(Standing::Suspended), engine(1), &[out]);
}

#[test]
fn nobody_is_asked_twice() {
    let (need, policy, travel) = (need(), Policy::default(), Travel::straight(north(0.0), Pace::default()));
    let owners = owners(&[("east-steel", online())]);
    let ids = [1, 2, 3].map(|number| id("east-steel", number));
    let attempts = Attempts::from([(ids[0].clone(), Attempt::Declined), (ids[1].clone(), Attempt::OnLine)]);
    let question =
        Question { need: &need, owners: &owners, attempts: &attempts, travel: &travel, policy: &policy };
    let inventory = inventory([1, 2, 3].map(engine));
    let ranking = rank(&inventory, question, 64).unwrap();
    let words =
        ids.map(|id| ranking.explain(&id).unwrap().iter().map(|why| why.words().0).collect::<String>());
    assert_eq!(words, ["供方已谢绝", "已在本需求行", ""]);
}

#[test]
fn all_reasons_are_given_not_only_the_first() {
    let mut need = need();
    (need.needs_agreement, need.kind) = (true, "team".to_owned());
    let mut broken = engine(1);
    broken.stock = stock("1", 2.0, 0.0, 0.0);
    broken.inspection_due = "2026-01-01".parse().ok();
    broken.availability.reported_at = minutes_ago(600);
    broken.audience.clear();
    let reasons: Vec<_> = verdict(&need, Owner::UNKNOWN, broken).into_iter().map(|found| found.0).collect();
    let expected = [
        Reason::WrongKind,
        Reason::AlreadyCommitted,
        Reason::InspectionOverdue,
        Reason::AgreementMissing,
        Reason::Stale,
        Reason::Offline,
        Reason::NotVisible,
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_drill_never_sees_the_real_ledger() {
    let (need, owners, none) = (Need { mode: Mode::Exercise, ..need() }, owners(&[]), Attempts::new());
    let (travel, policy) = (Travel::straight(north(0.0), Pace::default()), Policy::default());
    let question =
        Question { need: &need, owners: &owners, attempts: &none, travel: &travel, policy: &policy };
    let refused = rank(&inventory([engine(1)]), question, 1).unwrap_err();
    assert_eq!(refused, Mismatch::Mode { need: Mode::Exercise, ledger: Mode::Actual });
}

#[test]
fn every_reason_has_its_own_code_and_words() {
    let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    let labels: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.labels()).collect();
    assert_eq!((codes.len(), labels.len()), (Reason::ALL.len(), Reason::ALL.len()));
}
