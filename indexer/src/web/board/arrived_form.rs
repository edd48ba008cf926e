//! Aid that came by itself and is booked afterwards: a fact, so it is booked also when nothing is missing any more. Pure.

use shouwang_pages::Fields;
use shouwang_proto::{
    refusal::Refusal,
    wire::{self, RequestState},
};

use super::{
    form::{Form, Input, Kind, Maker},
    forms::{channel, count},
    sent::{Sent, owner},
};

/// Things to choose from at most; the command line knows them all.
const CHOICES: usize = 500;

/// May aid still be booked for it?
pub(super) fn is_open(request: &wire::MutualAidRequest) -> bool {
    matches!(request.state(), RequestState::Open | RequestState::StandingDown)
}

/// Booking what came for one of the request's lines; `lent` are names of resources and what they are called. None when
/// nothing is lent that could have come.
pub(super) fn form(
    maker: &Maker<'_>,
    request: &wire::MutualAidRequest,
    lent: &[(String, String)],
) -> Option<Form> {
    if !is_open(request) || lent.is_empty() {
        return None;
    }
    let lang = maker.lang;
    let mut things = lent.to_vec();
    things.sort_by(|one, other| one.1.cmp(&other.1));
    things.truncate(CHOICES);
    let lines = request.lines.iter().map(|line| (line.number.to_string(), line.what.clone()));
    let where_it_is = [("1", "board.arrived.on-scene"), ("", "board.arrived.on-way")];
    let where_it_is = where_it_is.map(|(value, key)| (value.to_owned(), lang.say(key).to_owned()));
    let title = lang.say("board.do.arrived");
    let form = maker
        .form("arrived", &format!("/board/{}/self-deployed", request.name), title, title)
        .ask(Input::new(lang, "line", "board.field.line", Kind::Choice(lines.collect())).required())
        .ask(Input::new(lang, "resource", "board.field.resource", Kind::Choice(things)).required())
        .ask(count(lang, "quantity", "board.field.quantity", 1))
        .ask(
            Input::new(lang, "on_scene", "board.field.on-scene", Kind::Choice(where_it_is.into())).value("1"),
        )
        .ask(Input::new(lang, "note", "board.field.note", Kind::Line))
        .ask(channel(lang));
    Some(maker.finish(form))
}

/// What came, said on behalf of its owner.
pub(super) fn read(fields: &Fields, request: &str) -> Result<wire::BookSelfDeploymentRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let resource = sent.text("resource");
    let on_behalf_of = owner(&resource);
    let context = sent.context().map(|context| wire::ChangeContext { on_behalf_of, ..context });
    let deployment = wire::SelfDeployment {
        request: request.to_owned(),
        line: sent.small("line"),
        resource,
        quantity: sent.number("quantity"),
        on_scene: fields.has("on_scene", "1"),
        note: sent.text("note"),
    };
    sent.finish(wire::BookSelfDeploymentRequest { context, deployment: Some(deployment) })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use shouwang_pages::Lang;

    use super::*;

    #[test]
    fn what_came_is_booked_for_its_owner_while_the_request_goes_on() {
        let maker =
            Maker { lang: Lang::Zh, key: &|| "k".to_owned(), attempt: None, placed: Cell::new(false) };
        let lent =
            |number: usize| (format!("members/a/publications/{number}"), format!("恒锐 · 泵 {number:03}"));
        let many: Vec<_> = (0..CHOICES + 5).rev().map(lent).collect();
        let mut request =
            wire::MutualAidRequest { name: "requests/a".to_owned(), ..wire::MutualAidRequest::default() };
        assert!(form(&maker, &request, &many).is_none(), "nothing goes on");
        request.set_state(RequestState::StandingDown);
        assert!(form(&maker, &request, &[]).is_none());
        let made = form(&maker, &request, &many).unwrap();
        let Kind::Choice(things) = &made.inputs[1].kind else { panic!("{:?}", made.inputs[1]) };
        assert_eq!((things.len(), things[0].1.as_str()), (CHOICES, "恒锐 · 泵 000"));

        let fields = Fields::read(
            b"line=2&resource=members/hengrui-crane/publications/x&quantity=3&on_scene=1&key=k&channel=phone",
        );
        let read = read(&fields, "requests/a").unwrap();
        assert_eq!(read.context.unwrap().on_behalf_of, "members/hengrui-crane");
        let deployment = read.deployment.unwrap();
        assert_eq!((deployment.line, deployment.quantity, deployment.on_scene), (2, 3, true));
    }
}
