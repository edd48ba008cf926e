//! The CouncilService's messages: checked on the way in, made on the way out.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::{
    id::{GroupId, MemberId},
    publication::text::TextRule,
    refusal::{Refusal, Violations},
    wire,
};
use uuid::Uuid;

use super::{
    caller::Role,
    coordinator::{InviteWish, TokenWish},
    membership::{MemberStanding, MemberState},
    thesaurus::{ThesaurusGroup, check_terms},
};

const NAME: TextRule = TextRule::line(1, 100);
const REASON: TextRule = TextRule::line(1, 500);
const GROUPS_LIMIT: usize = 32;
const INVITE_HOURS: u32 = 72;
const INVITE_HOURS_LIMIT: u32 = 720;
const TOKEN_DAYS: u32 = 365;
const TOKEN_DAYS_LIMIT: u32 = 3_650;

pub(super) fn read_invite(message: wire::InviteMemberRequest) -> Result<InviteWish, Refusal> {
    let wire::InviteMemberRequest { member_id, display_name, groups, valid_hours, replace_node } = message;
    let mut violations = Violations::new();
    let member = violations.check("member_id", member_id.parse::<MemberId>());
    let display_name =
        (!display_name.is_empty()).then(|| NAME.read("display_name", &display_name, &mut violations));
    let groups = (!groups.is_empty()).then(|| read_groups(&groups, &mut violations));
    if valid_hours > INVITE_HOURS_LIMIT {
        violations.add("valid_hours", "must be at most 720 （最多 720 小时）");
    }
    let hours = if valid_hours == 0 { INVITE_HOURS } else { valid_hours };
    violations.finish(|| {
        let life = SignedDuration::from_hours(i64::from(hours));
        Some(InviteWish { member: member?, display_name, groups, life, replace_node })
    })
}

/// The groups besides `alliance`, which nobody is put into by hand.
fn read_groups(groups: &[String], violations: &mut Violations) -> BTreeSet<GroupId> {
    if groups.len() > GROUPS_LIMIT {
        violations.add("groups", "must be at most 32 （最多 32 个）");
        return BTreeSet::new();
    }
    let mut read = BTreeSet::new();
    for (index, group) in groups.iter().enumerate() {
        let field = format!("groups[{index}]");
        let Some(group) = violations.check(&field, group.parse::<GroupId>()) else { continue };
        if group == GroupId::alliance() {
            violations
                .add(field, "every active member is in `alliance` anyway （所有有效成员自动属于 alliance）");
        } else if !read.insert(group) {
            violations.add(field, "stands here twice （重复）");
        }
    }
    read
}

pub(super) fn read_member_name(name: &str) -> Result<MemberId, Refusal> {
    let mut violations = Violations::new();
    let member = violations.check("name", MemberId::from_name(name));
    violations.finish(|| member)
}

/// A member to look at; none looks at all.
pub(super) fn read_member_filter(member_id: &str) -> Result<Option<MemberId>, Refusal> {
    if member_id.is_empty() {
        return Ok(None);
    }
    let mut violations = Violations::new();
    let member = violations.check("member_id", member_id.parse());
    violations.finish(|| member).map(Some)
}

pub(super) fn read_suspension(message: wire::SuspendMemberRequest) -> Result<(MemberId, String), Refusal> {
    let wire::SuspendMemberRequest { name, reason } = message;
    let mut violations = Violations::new();
    let member = violations.check("name", MemberId::from_name(&name));
    let reason = REASON.read("reason", &reason, &mut violations);
    violations.finish(|| Some((member?, reason)))
}

pub(super) fn read_new_groups(
    message: wire::SetMemberGroupsRequest,
) -> Result<(MemberId, BTreeSet<GroupId>), Refusal> {
    let wire::SetMemberGroupsRequest { name, groups } = message;
    let mut violations = Violations::new();
    let member = violations.check("name", MemberId::from_name(&name));
    let groups = read_groups(&groups, &mut violations);
    violations.finish(|| Some((member?, groups)))
}

pub(super) fn read_token(message: wire::IssueTokenRequest) -> Result<TokenWish, Refusal> {
    let wire::IssueTokenRequest { label, role, member_id, valid_days } = message;
    let mut violations = Violations::new();
    let label = NAME.read("label", &label, &mut violations);
    let role = violations.check("role", read_role(role));
    let member = match (role, member_id.is_empty()) {
        (Some(Role::Member), _) => violations.check("member_id", member_id.parse::<MemberId>()),
        (_, true) => None,
        (_, false) => {
            violations.add("member_id", "is only for ROLE_MEMBER （仅用于 ROLE_MEMBER）");
            None
        }
    };
    if valid_days > TOKEN_DAYS_LIMIT {
        violations.add("valid_days", "must be at most 3650 （最多 3650 天）");
    }
    let days = if valid_days == 0 { TOKEN_DAYS } else { valid_days };
    let life = SignedDuration::from_hours(24 * i64::from(days));
    violations.finish(|| Some(TokenWish { label, role: role?, member, life }))
}

fn read_role(role: i32) -> Result<Role, &'static str> {
    match wire::Role::try_from(role) {
        Ok(wire::Role::Member) => Ok(Role::Member),
        Ok(wire::Role::Regulator) => Ok(Role::Regulator),
        Ok(wire::Role::Dispatcher) => Ok(Role::Dispatcher),
        Ok(wire::Role::Council) => Ok(Role::Council),
        Ok(wire::Role::Operator) => Ok(Role::Operator),
        Ok(wire::Role::Unspecified) => Err("is required （必填）"),
        Err(_) => Err("is no role this hub knows （未知角色）"),
    }
}

pub(super) fn read_id(field: &'static str, id: &str) -> Result<Uuid, Refusal> {
    let mut violations = Violations::new();
    let id = violations.check(field, Uuid::parse_str(id).map_err(|_| "must be a UUID （须为 UUID）"));
    violations.finish(|| id)
}

pub(super) fn read_group(
    message: wire::PutThesaurusGroupRequest,
) -> Result<(Option<Uuid>, Vec<String>), Refusal> {
    let wire::PutThesaurusGroupRequest { group } = message;
    let wire::ThesaurusGroup { id, terms } =
        group.ok_or_else(|| Refusal::field("group", "is required （必填）"))?;
    let id = if id.is_empty() { None } else { Some(read_id("group.id", &id)?) };
    Ok((id, check_terms(&terms)?))
}

pub(super) fn write_group(group: &ThesaurusGroup) -> wire::ThesaurusGroup {
    wire::ThesaurusGroup { id: group.id.to_string(), terms: group.terms.clone() }
}

pub(super) fn write_member(member: &MemberStanding, link: Option<wire::MemberLink>) -> wire::Member {
    let state = match member.state {
        MemberState::Invited => wire::MemberState::Invited,
        MemberState::Active => wire::MemberState::Active,
        MemberState::Suspended => wire::MemberState::Suspended,
    };
    wire::Member {
        name: member.id.name(),
        display_name: member.display_name.clone(),
        state: state.into(),
        groups: member.assigned_groups.iter().map(ToString::to_string).collect(),
        create_time: Some(write_time(member.created)),
        join_time: member.joined.map(write_time),
        link,
    }
}

pub(super) fn write_time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
        result.unwrap_err().violations.into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn an_invite_names_all_its_wrong_fields() {
        let message = wire::InviteMemberRequest {
            member_id: "Bad Id".to_owned(),
            display_name: "x".repeat(101),
            groups: ["alliance", "hot-work", "hot-work", "Nope"].map(str::to_owned).to_vec(),
            valid_hours: 721,
            replace_node: false,
        };
        let expected = ["member_id", "display_name", "groups[0]", "groups[2]", "groups[3]", "valid_hours"]
            .map(str::to_owned);
        assert_eq!(fields(read_invite(message)), expected);
    }

    #[test]
    fn defaults_of_an_invite() {
        let message = wire::InviteMemberRequest {
            member_id: "jinsuo-chem".to_owned(),
            ..wire::InviteMemberRequest::default()
        };
        let wish = read_invite(message).unwrap();
        assert_eq!((wish.life, wish.display_name, wish.groups), (SignedDuration::from_hours(72), None, None));
    }

    #[test]
    fn a_token_needs_its_member_and_no_other_has_one() {
        let token = |role: wire::Role, member: &str| wire::IssueTokenRequest {
            label: "大屏".to_owned(),
            role: role.into(),
            member_id: member.to_owned(),
            valid_days: 0,
        };
        assert_eq!(fields(read_token(token(wire::Role::Member, ""))), ["member_id"]);
        assert_eq!(fields(read_token(token(wire::Role::Council, "jinsuo-chem"))), ["member_id"]);
        assert_eq!(fields(read_token(token(wire::Role::Unspecified, ""))), ["role"]);
        let wish = read_token(token(wire::Role::Regulator, "")).unwrap();
        assert_eq!((wish.role, wish.life), (Role::Regulator, SignedDuration::from_hours(24 * 365)));
    }
}
