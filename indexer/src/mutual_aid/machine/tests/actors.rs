//! Who may say what, and how it is written down when somebody speaks for somebody else.

use shouwang_proto::mutual_aid::{
    action::{Action, AssignmentAction, Confirm, Note},
    term::{AssignmentState, Channel, Mode, Priority},
};

use super::world::*;
use crate::mutual_aid::machine::command::Body;

#[test]
fn a_confirmation_by_phone_says_for_whom() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P1, 1);
    let held = world.order(request, &crane(), 1).unwrap();
    let action = AssignmentAction { assignment: held, epoch: 1, action: Action::Confirm(Confirm::default()) };
    let command = world.command(Body::Act { action: action.clone(), expected: None });
    let mut cx = world.context("dispatcher");
    assert_eq!(world.give(&cx, &command).unwrap_err().reason, "ON_BEHALF_OF_REQUIRED");
    let command = world.command(Body::Act { action, expected: None });
    cx.on_behalf_of = Some(member(FOUNDRY));
    cx.channel = Channel::Phone;
    cx.actor = "周调度（与王队长通话）".to_owned();
    cx.occurred = cx.now.checked_sub(jiff::SignedDuration::from_secs(40)).unwrap();
    world.give(&cx, &command).unwrap();
    let entry = world.entries.last().unwrap();
    assert_eq!(entry.told.on_behalf_of, Some(member(FOUNDRY)));
    assert_eq!((entry.told.channel, entry.told.occurred), (Channel::Phone, cx.occurred));
    assert_eq!(entry.recorded, cx.now);
    assert_eq!(world.assignment(held).state.word(), AssignmentState::Committed);
}

#[test]
fn members_do_what_is_theirs() {
    let mut world = World::new();
    let incident = world.incident(Mode::Actual, "二车间火灾");
    let request = world.submit(CHEM, incident, "吊起塌梁", Priority::P2, 1);
    let decided = world.decided(request);
    for (who, body, reason) in [
        (CHEM, Body::Accept(decided), "ROLE_MISSING"),
        (ELECTRONICS, Body::StandDown(decided, "够了".into()), "NOT_YOURS"),
    ] {
        assert_eq!(world.say(who, body).unwrap_err().reason, reason);
    }
    world.say("dispatcher", Body::Accept(decided)).unwrap();
    let held = world.order(request, &crane(), 1).unwrap();
    let yes = Action::Confirm(Confirm::default());
    assert_eq!(world.act(CHEM, held, yes.clone()).unwrap_err().reason, "NOT_YOURS");
    world.act(FOUNDRY, held, yes).unwrap();
    let there = Action::Arrive(Note::default());
    assert_eq!(world.act(ELECTRONICS, held, there.clone()).unwrap_err().reason, "NOT_YOURS");
    world.act(CHEM, held, there).unwrap();
    let confirm =
        AssignmentAction { assignment: held, epoch: 0, action: Action::Confirm(Confirm::default()) };
    let refusal = world.say(FOUNDRY, Body::Act { action: confirm, expected: None }).unwrap_err();
    assert_eq!(refusal.violations[0].field, "action.epoch");
}
