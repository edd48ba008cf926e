//! The inbox of a node: what the member was told, what its people said, who is nearby.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{
        FindNearbyResponse, InboxItem, ListCommandsResponse, ListNoticesResponse, NearbyResource, Notice,
        OfflinePackSummary, OwnCommand, WatchInboxResponse, assignment_action::Action, member_command::Word,
        publication::Detail, watch_inbox_response::What,
    },
};

use super::{
    Look, amount, assignment, contact, incident::mode_banner, labels, more, owner, place, tail, when,
};
use crate::{
    render::{facts, table},
    words::Lang,
};

fn answered(item: &InboxItem, look: Look) -> String {
    if let Some(last) = item.commands.last() {
        return format!("{} · {}", word(last, look), look.pick(last.state().words()));
    }
    if item.expired {
        return look.say("已过期", "expired").to_owned();
    }
    match item.seen_by.as_str() {
        "" => look.say("未读", "new").to_owned(),
        who => format!("{} {who}", look.say("已阅", "seen by")),
    }
}

fn need(notice: &Notice) -> String {
    notice.line.as_ref().map_or_else(String::new, |line| {
        let quantity = notice.assignment.as_ref().map_or(line.requested, |made| made.quantity);
        format!("{} {}", line.what, amount(quantity, &line.unit))
    })
}

/// One notice with what was answered.
pub(crate) fn one(item: &InboxItem, look: Look) -> String {
    let notice = item.notice.clone().unwrap_or_default();
    let alarm = if notice.alarm { "‼ " } else { "" };
    let kind = look.pick(notice.kind().words());
    let hazard = labels::term("hazard", &notice.accident_type, look.lang);
    let mut out = facts(&[
        (look.say("通知", "notice"), notice.name.clone()),
        (
            look.say("内容", "what"),
            format!(
                "{alarm}{}{kind} · {}",
                mode_banner(notice.mode(), look),
                look.pick(notice.priority().words())
            ),
        ),
        (look.say("事件", "incident"), format!("{} [{hazard}]", notice.incident_title)),
        (look.say("涉及物质", "substances"), notice.substances.join(" · ")),
        (look.say("求援单位", "requester"), owner(&notice.requester).to_owned()),
        (look.say("需要", "need"), need(&notice)),
        (look.say("到哪里", "come to"), place(notice.place.as_ref())),
        (look.say("现场联系人", "contact"), notice.contact.as_ref().map(contact).unwrap_or_default()),
        (look.say("答复期限", "answer by"), when::clock_and_age(notice.answer_by.as_ref(), look)),
        (look.say("发出", "made"), when::clock_and_age(notice.create_time.as_ref(), look)),
        (look.say("收到", "received"), when::clock_and_age(item.receive_time.as_ref(), look)),
        (look.say("状态", "state"), answered(item, look)),
        (
            look.say("调派", "assignment"),
            notice.assignment.as_ref().map(|made| made.name.clone()).unwrap_or_default(),
        ),
        (look.say("说明", "text"), look.say(&notice.text_zh, &notice.text_en).to_owned()),
    ]);
    for said in &item.commands {
        out.push_str(&format!("\n  {}", command_line(said, look)));
    }
    out
}

/// A page of notices.
pub(crate) fn list(page: &ListNoticesResponse, look: Look) -> String {
    let headings = [
        look.say("编号", "NAME"),
        look.say("内容", "WHAT"),
        look.say("事件", "INCIDENT"),
        look.say("需要", "NEED"),
        look.say("答复期限", "ANSWER BY"),
        look.say("收到", "RECEIVED"),
        look.say("状态", "STATE"),
    ];
    let row = |item: &InboxItem| {
        let notice = item.notice.clone().unwrap_or_default();
        let alarm = if notice.alarm { "‼ " } else { "" };
        let banner = mode_banner(notice.mode(), look);
        vec![
            tail(&notice.name).to_owned(),
            format!("{alarm}{banner}{}", look.pick(notice.kind().words())),
            notice.incident_title.clone(),
            need(&notice),
            when::age(notice.answer_by.as_ref(), look),
            when::age(item.receive_time.as_ref(), look),
            answered(item, look),
        ]
    };
    table(&headings, page.items.iter().map(row).collect()) + &more(&page.next_page_token, look)
}

fn action(action: &Action, look: Look) -> &'static str {
    look.pick(match action {
        Action::Offer(_) => ("愿支援", "offer"),
        Action::Decline(_) => ("谢绝", "decline"),
        Action::Confirm(_) => ("确认", "confirm"),
        Action::Refuse(_) => ("拒绝命令", "refuse"),
        Action::Withdraw(_) => ("撤回", "withdraw"),
        Action::Muster(_) => ("集结", "muster"),
        Action::Depart(_) => ("出发", "depart"),
        Action::Stage(_) => ("到达集结点", "stage"),
        Action::Arrive(_) => ("到场", "arrive"),
        Action::Extend(_) => ("延长", "extend"),
        Action::Recall(_) => ("召回", "recall"),
        Action::Release(_) => ("撤离现场", "release"),
        Action::Return(_) => ("归队", "return"),
        Action::Settle(_) => ("结算", "settle"),
        Action::HeadCount(_) => ("清点人数", "head count"),
        Action::Contact(_) => ("联系情况", "contact"),
        Action::StandDown(_) => ("取消", "stand down"),
    })
}

fn word(said: &OwnCommand, look: Look) -> String {
    let Some(command) = &said.command else { return String::new() };
    match &command.word {
        Some(Word::Action(about)) => {
            about.action.as_ref().map(|done| action(done, look).to_owned()).unwrap_or_default()
        }
        Some(Word::Submission(submission)) => {
            let title = submission.request.as_ref().map(|request| request.title.as_str()).unwrap_or_default();
            format!("{} {title}", look.say("求援", "call for help"))
        }
        Some(Word::Offer(_)) => look.say("主动支援", "unsolicited offer").to_owned(),
        Some(Word::SeenNotice(_)) => look.say("已阅", "seen").to_owned(),
        Some(Word::SelfDeployment(_)) => look.say("补登自行出动", "self-deployment").to_owned(),
        None => String::new(),
    }
}

fn command_line(said: &OwnCommand, look: Look) -> String {
    let state = look.pick(said.state().words());
    let actor = said.command.as_ref().map(|command| command.actor.as_str()).unwrap_or_default();
    let result = said.result.as_ref().map_or_else(String::new, |result| {
        let outcome = look.pick(result.outcome().words());
        let reason = if result.reason.is_empty() {
            String::new()
        } else {
            format!(" {}: {}", result.reason, result.detail)
        };
        format!(" · {outcome}{reason}")
    });
    format!("{} {} ({actor}) · {state}{result}", when::clock(said.create_time.as_ref()), word(said, look))
}

/// One word of the node's people and the hub's decision.
pub(crate) fn command(said: &OwnCommand, look: Look) -> String {
    let id = said.command.as_ref().map(|command| command.command_id.as_str()).unwrap_or_default();
    let mut out = format!("{}\n{} {id}", command_line(said, look), look.say("编号", "id"));
    if let Some(result) = &said.result {
        if !result.request.is_empty() {
            out.push_str(&format!("\n{} {}", look.say("请求", "request"), result.request));
        }
        if let Some(now) = &result.assignment {
            out.push('\n');
            out.push_str(&assignment::one(now, look));
        }
    }
    out
}

/// A page of words.
pub(crate) fn commands(page: &ListCommandsResponse, look: Look) -> String {
    let lines: Vec<String> = page.commands.iter().map(|said| command_line(said, look)).collect();
    lines.join("\n") + &more(&page.next_page_token, look)
}

/// One change of the inbox.
pub(crate) fn watched(change: &WatchInboxResponse, look: Look) -> String {
    match &change.what {
        Some(What::Item(item)) => one(item, look) + "\n",
        Some(What::Command(said)) => command_line(said, look),
        None => String::new(),
    }
}

/// What the offline pack holds.
pub(crate) fn pack(pack: &OfflinePackSummary, look: Look) -> String {
    let OfflinePackSummary { version, create_time, resources, members } = pack;
    let made = when::clock_and_age(create_time.as_ref(), look);
    match look.lang {
        Lang::Zh => format!("离线包第 {version} 版，生成于 {made}：{members} 家单位 {resources} 项资源"),
        Lang::En => {
            format!("offline pack {version}, made {made}: {resources} resources of {members} members")
        }
    }
}

/// Who has it nearby, as the pack knew.
pub(crate) fn nearby(answer: &FindNearbyResponse, look: Look) -> String {
    let headings = [
        look.say("距离", "AWAY"),
        look.say("资源", "RESOURCE"),
        look.say("单位", "OWNER"),
        look.say("当时空闲", "FREE THEN"),
        look.say("电话", "PHONE"),
    ];
    let row = |found: &NearbyResource| {
        let publication = found.publication.clone().unwrap_or_default();
        let (unit, phones) = match &publication.detail {
            Some(Detail::Resource(resource)) => {
                let phones: Vec<String> = resource.duty_contacts.iter().map(contact).collect();
                (resource.unit.clone(), phones.join("、"))
            }
            Some(Detail::Practice(_) | Detail::Course(_)) | None => (String::new(), String::new()),
        };
        let away = if found.place_unknown {
            look.say("位置不详", "unknown").to_owned()
        } else {
            format!("{:.1} km", f64::from(found.distance_metres) / 1_000.0)
        };
        let free = amount(found.free, &unit);
        vec![away, publication.title, found.member_display_name.clone(), free, phones]
    };
    let age = when::clock_and_age(answer.pack_time.as_ref(), look);
    let known = look.say("离线包生成于", "from the pack of");
    format!("{known} {age}\n{}", table(&headings, answer.resources.iter().map(row).collect()))
}
