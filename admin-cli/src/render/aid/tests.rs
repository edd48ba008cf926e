//! The texts that people read in an emergency.

use jiff::Timestamp;
use shouwang_proto::{
    publication::time_to_wire,
    wire::{
        Assignment, AssignmentState, Candidate, CostKind, CostPart, ExcludedResource, ExclusionReason,
        FulfilmentState, Incident, IncidentMode, LineFulfilment, ListCandidatesResponse, Location,
        MissionBasis, MissionOrder, MutualAidRequest, NeedLine, RequestPriority, RequestState, TimelineEntry,
        TravelBasis,
    },
};

use super::{Look, candidates, order_sheet, request, timeline};
use crate::words::Lang;

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(time_to_wire(Timestamp::from_second(1_783_836_000 + seconds).unwrap()))
}

fn look(lang: Lang) -> Look {
    Look { lang, now: Timestamp::from_second(1_783_836_000).unwrap() }
}

fn candidate() -> Candidate {
    let part = |kind: CostKind, seconds| CostPart { kind: kind as i32, seconds };
    Candidate {
        resource: "members/hengrui-foundry/publications/0198".to_owned(),
        title: "泡沫水两用车".to_owned(),
        member_display_name: "恒锐铸造".to_owned(),
        free: 2,
        quantity: 1,
        unit: "1".to_owned(),
        cost_seconds: 455,
        parts: vec![part(CostKind::Muster, 300), part(CostKind::Travel, 135), part(CostKind::Gate, 20)],
        eta_seconds: 455,
        travel_basis: TravelBasis::StraightLine as i32,
        distance_metres: 1_250,
        pre_authorised: true,
        connected: true,
        confirm_time: at(-7_200),
        ..Candidate::default()
    }
}

fn asked() -> MutualAidRequest {
    MutualAidRequest {
        name: "requests/0197".to_owned(),
        version: 2,
        incident: "incidents/0196".to_owned(),
        mode: IncidentMode::Exercise as i32,
        requester: "members/chenghu-chem".to_owned(),
        priority: RequestPriority::P1 as i32,
        state: RequestState::Open as i32,
        title: "泡沫支援".to_owned(),
        submit_time: at(-90),
        lines: vec![
            NeedLine {
                number: 1,
                resource_kind: "vehicle".to_owned(),
                what: "泡沫消防车".to_owned(),
                requested: 2,
                unit: "1".to_owned(),
                ..NeedLine::default()
            },
            NeedLine {
                number: 2,
                resource_kind: "supply".to_owned(),
                what: "foam".to_owned(),
                requested: 500,
                minimum: 200,
                unit: "L".to_owned(),
                needed_by: at(1_800),
                ..NeedLine::default()
            },
        ],
        fulfilment: vec![LineFulfilment {
            line: 1,
            requested: 2,
            committed: 1,
            missing: 1,
            state: FulfilmentState::PartlyMet as i32,
            ..LineFulfilment::default()
        }],
        ..MutualAidRequest::default()
    }
}

#[test]
fn candidates_explain_their_cost_and_the_others_their_absence() {
    let answer = ListCandidatesResponse {
        candidates: vec![
            candidate(),
            Candidate { connected: false, title: "foam truck".to_owned(), ..candidate() },
        ],
        excluded: vec![ExcludedResource {
            title: "登高车".to_owned(),
            member_display_name: "启航汽车部件".to_owned(),
            reasons: vec![ExclusionReason::InspectionOverdue as i32, ExclusionReason::Quantity as i32],
            detail: "年检已于 2026-05-01 到期".to_owned(),
            ..ExcludedResource::default()
        }],
        considered: 72,
        total: 2,
    };
    insta::assert_snapshot!(candidates::list(&answer, look(Lang::Zh)), @"
    72 项资源中 2 项可用
    #  资源          单位      建议/可用  到场  代价（秒）                             路程             核实于   备注                编号
    1  泡沫水两用车  恒锐铸造  1/2        7:35  455 = 集结 300 + 路程 135 + 过门岗 20  1.2 km 直线估算  2小时前  即调                0198
    2  foam truck    恒锐铸造  1/2        7:35  455 = 集结 300 + 路程 135 + 过门岗 20  1.2 km 直线估算  2小时前  即调 · 离线，电话   0198

    未列入：
    资源    单位          原因
    登高车  启航汽车部件  检验逾期；可用数量不足 (年检已于 2026-05-01 到期)
    ");
    insta::assert_snapshot!(candidates::list(&answer, look(Lang::En)), @"
    2 of 72 resources can serve
    #  RESOURCE      OWNER     TAKE/FREE  ETA   COST (s)                                 WAY                            CONFIRMED  NOTES                          ID
    1  泡沫水两用车  恒锐铸造  1/2        7:35  455 = muster 300 + travel 135 + gate 20  1.2 km straight-line estimate  2 h ago    pre-authorised                 0198
    2  foam truck    恒锐铸造  1/2        7:35  455 = muster 300 + travel 135 + gate 20  1.2 km straight-line estimate  2 h ago    pre-authorised · away, phone   0198

    excluded:
    RESOURCE  OWNER         WHY NOT
    登高车    启航汽车部件  inspection overdue；not enough is free (年检已于 2026-05-01 到期)
    ");
}

#[test]
fn a_request_shows_the_gap_of_each_line() {
    insta::assert_snapshot!(request::one(&asked(), look(Lang::Zh)), @"
    请求      【演练】泡沫支援
    编号      requests/0197
    事件      incidents/0196
    求援单位  chenghu-chem
    紧急程度  P1 危及生命
    状态      调派中，待核实
    提交      2026-07-12 13:58:30 (90秒前)
    版本      2

    行  需要               数量             缺口   落实      意向  待确认  已确认  途中  在场  需到时间
    1   泡沫消防车 [车辆]  2                1      部分落实  ·     ·       1       ·     ·
    2   foam [应急物资]    500 L (至少200)  500 L  未落实    ·     ·       ·       ·     ·     30分钟后
    ");
}

#[test]
fn a_late_report_is_marked_with_when_it_happened() {
    let entry = TimelineEntry {
        sequence: 12,
        event: "ARRIVED".to_owned(),
        text_zh: "泡沫车到场".to_owned(),
        noted_only: true,
        actor: "王工".to_owned(),
        role: shouwang_proto::wire::ActorRole::Dispatcher as i32,
        on_behalf_of: "members/hengrui-foundry".to_owned(),
        channel: shouwang_proto::wire::Channel::Phone as i32,
        occurred_at: at(-600),
        recorded_at: at(0),
        ..TimelineEntry::default()
    };
    assert_eq!(
        timeline::entry(&entry, look(Lang::Zh)),
        "  12 2026-07-12 14:00:00 〔仅记录〕泡沫车到场 (代 hengrui-foundry 王工 · 调度员 · 电话) 发生于 2026-07-12 13:50:00"
    );
}

#[test]
fn the_order_sheet_says_all_on_one_page() {
    let order = MissionOrder {
        number: "调令 2026-0712-03".to_owned(),
        assignment: Some(Assignment {
            name: "assignments/0199".to_owned(),
            state: AssignmentState::Committed as i32,
            quantity: 1,
            unit: "1".to_owned(),
            basis: MissionBasis::Agreement as i32,
            arrival_time: at(720),
            ..Assignment::default()
        }),
        request: Some(asked()),
        incident: Some(Incident {
            mode: IncidentMode::Exercise as i32,
            title: "罐区 <泄漏>".to_owned(),
            accident_type: "leak".to_owned(),
            place: Some(Location { latitude: 31.32, longitude: 120.73, address: "化工路8号".to_owned() }),
            ..Incident::default()
        }),
        owner_display_name: "恒锐铸造".to_owned(),
        requester_display_name: "澄湖化工".to_owned(),
        resource_title: "泡沫水两用车".to_owned(),
        issued_by: "调度员甲".to_owned(),
        issue_time: at(-60),
        confirmed_by: "王工（电话）".to_owned(),
        confirm_time: at(-10),
        text_zh: String::new(),
    };
    insta::assert_snapshot!(order_sheet::text(&order, look(Lang::Zh)), @"
    【演练】应急互援调令
    ────────────────────────────────────────────────────────────
    调令编号  调令 2026-0712-03
    事件      罐区 <泄漏> [泄漏]
    紧急程度  P1 危及生命
    求援单位  澄湖化工
    支援单位  恒锐铸造
    调派资源  泡沫水两用车 × 1
    任务      泡沫消防车
    到达地点  化工路8号 (31.32000, 120.73000)
    预计到场  2026-07-12 14:12:00 +08:00
    依据      应急救援协议
    签发      调度员甲 · 2026-07-12 13:59:00 +08:00
    确认      王工（电话） · 2026-07-12 13:59:50 +08:00
    调派编号  assignments/0199
    ────────────────────────────────────────────────────────────
    出发、到场、撤离、归队请即时报告；现场情况变化或人员受威胁时可随时撤回并报告。
    ");
    let page = order_sheet::html(&order, look(Lang::Zh));
    assert!(page.contains("罐区 &lt;泄漏&gt;") && page.contains("演练") && page.contains("@page"), "{page}");
}
