//! The rules of CAP 1.2 that its schema does not say, or says about values made here as well.

use super::{
    super::{forms, take::Mistakes},
    Alert, Area, Info, MsgType, Scope,
};
use crate::refusal::Refusal;

impl Alert {
    /// Checks the rules for a message made here.
    ///
    /// # Errors
    /// Every mistake with the path of its element.
    pub fn check(&self) -> Result<(), Refusal> {
        let mistakes = Mistakes::default();
        for (path, text) in [("alert/identifier", &self.identifier), ("alert/sender", &self.sender)] {
            if text.is_empty() {
                mistakes.note(path, "is empty （不能为空）");
            }
        }
        self.check_with(&mistakes);
        mistakes.finish(Some(()))
    }

    pub(super) fn check_with(&self, mistakes: &Mistakes) {
        for (path, text) in [("alert/identifier", &self.identifier), ("alert/sender", &self.sender)] {
            if text.contains([' ', ',', '<', '&']) || text.contains(char::is_whitespace) {
                mistakes.note(path, "must not have spaces, commas, < or & （不能含空格、逗号、< 或 &）");
            }
        }
        if self.scope == Scope::Restricted && self.restriction.is_empty() {
            mistakes.note("alert/restriction", "is required with scope Restricted （范围受限时必填）");
        }
        if self.scope == Scope::Private && self.addresses.is_empty() {
            mistakes.note("alert/addresses", "is required with scope Private （私密时必填）");
        }
        let refers =
            matches!(self.msg_type, MsgType::Update | MsgType::Cancel | MsgType::Ack | MsgType::Error);
        if refers && self.references.is_empty() {
            let word = self.msg_type.word();
            mistakes.note("alert/references", format!("is required with msgType {word} （该消息类型必填）"));
        }
        for reference in self.references.split_ascii_whitespace() {
            let parts: Vec<&str> = reference.split(',').collect();
            if parts.len() != 3 || parts.iter().any(|part| part.is_empty()) || forms::time(parts[2]).is_err()
            {
                mistakes.note(
                    "alert/references",
                    format!("`{reference}` is not sender,identifier,sent （格式有误）"),
                );
            }
        }
        for (index, said) in self.infos.iter().enumerate() {
            info(said, &format!("alert/info[{}]", index + 1), mistakes);
        }
    }
}

fn info(info: &Info, path: &str, mistakes: &Mistakes) {
    if info.categories.is_empty() {
        mistakes.note(&format!("{path}/category"), "is required （必填）");
    }
    if info.effective.is_some_and(|begins| info.expires.is_some_and(|ends| ends < begins)) {
        mistakes.note(&format!("{path}/expires"), "is before effective （早于生效时间）");
    }
    for (index, place) in info.areas.iter().enumerate() {
        area(place, &format!("{path}/area[{}]", index + 1), mistakes);
    }
}

fn area(area: &Area, path: &str, mistakes: &Mistakes) {
    for (index, polygon) in area.polygons.iter().enumerate() {
        if let Err(words) = forms::polygon_fits(polygon) {
            mistakes.note(&format!("{path}/polygon[{}]", index + 1), words);
        }
    }
    for (index, (centre, radius)) in area.circles.iter().enumerate() {
        let path = format!("{path}/circle[{}]", index + 1);
        if let Err(words) = forms::point_fits(*centre) {
            mistakes.note(&path, words);
        }
        if !(0.0..=40_000.0).contains(radius) {
            mistakes.note(&path, "has no such radius in kilometres （半径有误）");
        }
    }
    if area.ceiling.is_some() && area.altitude.is_none() {
        mistakes.note(&format!("{path}/ceiling"), "needs an altitude （须同时给出 altitude）");
    }
}
