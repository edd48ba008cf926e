//! Ledgers.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{LedgerEntry, LedgerUse, ListLedgerResponse},
};

use super::{Look, amount, more, owner, tail, when};
use crate::render::{facts, table};

fn alarm(entry: &LedgerEntry, look: Look) -> String {
    match entry.shortfall {
        0 => String::new(),
        short => format!("{} {}", look.say("超用", "SHORT OF"), amount(short, &entry.unit)),
    }
}

/// One ledger and what holds something of it.
pub(crate) fn one(entry: &LedgerEntry, look: Look) -> String {
    let flag = |flag: bool, zh: &'static str, en: &'static str| if flag { look.say(zh, en) } else { "" };
    let kind = [
        flag(entry.serialised, "单件", "one thing"),
        flag(entry.pre_authorised, "即调资源包", "pre-authorised"),
    ];
    let kind: Vec<&str> = kind.into_iter().filter(|word| !word.is_empty()).collect();
    let number = |count: u64| amount(count, &entry.unit);
    let mut out = facts(&[
        (look.say("资源", "resource"), entry.resource.clone()),
        (look.say("性质", "mode"), look.pick(entry.mode().words()).to_owned()),
        (look.say("演练", "drill"), entry.incident.clone()),
        (look.say("类别", "kind"), kind.join(" · ")),
        (look.say("可外借", "quota"), number(entry.quota)),
        (look.say("空闲", "free"), number(entry.free)),
        (look.say("待确认", "held"), number(entry.held)),
        (look.say("已确认", "committed"), number(entry.committed)),
        (look.say("在外", "deployed"), number(entry.deployed)),
        (look.say("已消耗", "used up"), number(entry.consumed)),
        (look.say("待修", "damaged"), number(entry.damaged)),
        (look.say("警示", "alarm"), alarm(entry, look)),
        (look.say("核实于", "confirmed"), when::clock_and_age(entry.confirm_time.as_ref(), look)),
        (look.say("版本", "version"), entry.version.to_string()),
    ]);
    if !entry.uses.is_empty() {
        let headings = [
            look.say("调派", "ASSIGNMENT"),
            look.say("请求", "REQUEST"),
            look.say("状态", "STATE"),
            look.say("数量", "QUANTITY"),
            look.say("预计空闲", "FREE AGAIN"),
        ];
        let row = |held: &LedgerUse| {
            vec![
                tail(&held.assignment).to_owned(),
                tail(&held.request).to_owned(),
                look.pick(held.state().words()).to_owned(),
                number(held.quantity),
                when::age(held.free_time.as_ref(), look),
            ]
        };
        out.push_str("\n\n");
        out.push_str(&table(&headings, entry.uses.iter().map(row).collect()));
    }
    out
}

/// A page of ledgers.
pub(crate) fn list(page: &ListLedgerResponse, look: Look) -> String {
    let headings = [
        look.say("资源", "RESOURCE"),
        look.say("单位", "OWNER"),
        look.say("空闲/可外借", "FREE/QUOTA"),
        look.say("待确认", "HELD"),
        look.say("已确认", "COMMITTED"),
        look.say("在外", "DEPLOYED"),
        look.say("核实于", "CONFIRMED"),
        look.say("警示", "ALARM"),
    ];
    let row = |entry: &LedgerEntry| {
        vec![
            tail(&entry.resource).to_owned(),
            owner(&entry.resource).to_owned(),
            format!("{}/{}", entry.free, amount(entry.quota, &entry.unit)),
            entry.held.to_string(),
            entry.committed.to_string(),
            entry.deployed.to_string(),
            when::age(entry.confirm_time.as_ref(), look),
            alarm(entry, look),
        ]
    };
    table(&headings, page.entries.iter().map(row).collect()) + &more(&page.next_page_token, look)
}
