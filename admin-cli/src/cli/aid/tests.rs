//! What can be typed, and what is understood by it.

use clap::Parser as _;

use super::AidVerb;

#[derive(Debug, clap::Parser)]
struct Typed {
    #[command(subcommand)]
    verb: AidVerb,
}

fn typed(line: &str) -> Result<AidVerb, clap::Error> {
    Typed::try_parse_from(std::iter::once("shouwang").chain(line.split(' '))).map(|typed| typed.verb)
}

/// Every verb at least once.
const LINES: &[&str] = &[
    "incident open --title 罐区泄漏 --hazard 泄漏 --at 31.32,120.74 --address 澄湖路1号 --injured 2 --member chenghu-chem",
    "incident open --title T --mode test --hazard leak --at -1,2 --happened -5m --occurred-at 14:05",
    "incident list --state open --mode exercise",
    "incident show last",
    "incident update last --level major --report 119 --report 应急管理局:李工 --expected-version 3",
    "incident close last --note done",
    "incident export last --format cap",
    "incident import FILE.xml --check",
    "request submit --incident last --priority p1 --title T --need vehicle/泡沫消防车=2 --contact 李工:13800000000",
    "request submit --file request.json --draft",
    "request submit requests/1",
    "request accept last",
    "request reject R --reason 重复",
    "request amend last --set 1=3 --need 应急物资/泡沫液=500L",
    "request merge A --into B --carry 1 --carry 2",
    "request list --state open --requester chenghu-chem",
    "request show last",
    "request watch last --after 7",
    "request stand-down last --reason 已控制",
    "request close last",
    "request review last --text 顺利 --lesson 提前联系",
    "request timeline last",
    "request deliveries last --undelivered",
    "request export last --format edxl-rm",
    "request import FILE.xml --format edxl-rm --incident last --requester a1",
    "request import FILE.xml --check",
    "candidates last 1 --excluded",
    "plan propose",
    "plan propose A B",
    "plan apply P --line 1 --line 3 --basis agreement",
    "assignment solicit last 1 泡沫 --quantity 2",
    "assignment order last 1 泡沫消防车 --basis agreement --quantity 1",
    "assignment order last 1 X --basis command --preempt A --preempt-reason 人员被困",
    "assignment offer A --quantity 1 --eta 15m --valid 1h",
    "assignment decline A --reason NO_STAFF",
    "assignment confirm A --on-behalf-of hengrui-foundry --channel phone --occurred-at 14:05 --by 王工",
    "assignment refuse A --reason broken",
    "assignment withdraw A --reason OWN_RISK --note 自身起火",
    "assignment muster A",
    "assignment depart A --eta 8 --people 6",
    "assignment stage A",
    "assignment arrive A --note 到达",
    "assignment extend A --until +2h",
    "assignment recall A --reason 已控制",
    "assignment release A",
    "assignment return A --returned 1 --consumed 2 --damaged 3",
    "assignment settle A --cost 1200.50 --payer responsible-party --basis agreement",
    "assignment head-count A --people 6",
    "assignment contact A --lost",
    "assignment stand-down A --reason 不需要",
    "assignment volunteer last 1 X --quantity 1 --eta 15m",
    "assignment self-deployed last 1 X --quantity 1 --on-scene",
    "assignment list --request last --owner a1 --active",
    "assignment show last",
    "assignment order-sheet last",
    "assignment export last",
    "assignment export last --message requisition",
    "assignment import last FILE.xml --on-behalf-of a1 --channel message",
    "assignment import A - --epoch 3",
    "incident export last --anew",
    "inbox list --open",
    "inbox show last",
    "inbox watch",
    "inbox seen last --by 王工",
    "inbox answer confirm last --eta 12m --lead 张队:13900000000",
    "inbox answer --wait 0 depart last",
    "inbox call --priority p1 --title T --hazard fire --at 31.3,120.7 --need team/救援队=1 --contact 李工:119",
    "inbox volunteer R 1 R-0001 --quantity 1 --eta 10m",
    "inbox self-deployed R 1 R-0001 --quantity 1",
    "inbox nearby 泡沫 --kind 车辆 --at 31.3,120.7",
    "inbox pack",
    "inbox commands --waiting",
    "drill open --title 演练 --hazard fire --at 31.3,120.7",
    "drill halt last --reason 真实险情",
    "drill list",
    "ledger list --owner a1 --shortfall",
    "ledger show members/a1/publications/x --drill D",
    "ledger set-quota members/a1/publications/x 3 --recount",
    "agreement put --first a1 --second a2 --title 协议 --kind vehicle --signed 王工 --countersigned 李工 --until +2h",
    "agreement put --first a1 --title 公约 --from 2026-01-05T00:00:00Z --signed 王工 --countersigned 李工",
    "agreement list --member a1 --all",
    "agreement end A --reason 到期",
    "candidates last 1 --basis agreement",
    "plan propose --basis voluntary",
    "roads upload roads.jsonl",
    "roads close --kind plume --corner 31.3,120.7 --corner 31.31,120.7 --corner 31.3,120.71 --reason 烟气",
    "roads reopen C",
    "roads closures --incident last",
];

#[test]
fn the_contracts_verbs_are_understood() {
    for line in LINES {
        typed(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn bad_words_are_refused_where_they_are_typed() {
    for (line, told) in [
        ("request submit --priority p4", "p4"),
        ("incident open --title T --hazard 烧烤", "GB 6441-2025"),
        ("incident open --title T --at 91,0", "LATITUDE,LONGITUDE"),
        ("request submit --contact 李工", "NAME:PHONE"),
        ("assignment decline A --reason WHY", "NO_STAFF"),
        ("assignment offer A --quantity 1 --eta soon", "90s, 15m or 2h"),
        ("assignment order last 1 X", "--basis"),
        ("assignment order last 1 X --basis command --preempt A", "--preempt-reason"),
        ("assignment settle A --cost 1.234 --payer owner --basis voluntary", "1200.50"),
        ("assignment contact A", "--lost"),
        ("assignment muster A --request-id 7", "request-id"),
        ("request amend last --set x", "LINE=QUANTITY"),
        ("request import FILE.xml", "--incident"),
        ("agreement put --first a1 --title 协议 --signed 王工", "--countersigned"),
        ("roads close --kind slow --corner 1,1 --reason R", "--slowdown"),
    ] {
        let error = typed(line).expect_err(line).to_string();
        assert!(error.contains(told), "{line}: {error}");
    }
}

#[test]
fn only_the_order_sheet_makes_a_page() {
    assert!(typed("assignment order-sheet last").unwrap().prints_a_page());
    assert!(!typed("assignment show last").unwrap().prints_a_page());
    assert!(!typed("incident show last").unwrap().prints_a_page());
}
