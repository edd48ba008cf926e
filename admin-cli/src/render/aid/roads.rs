//! Roads and closures.

use shouwang_proto::{
    mutual_aid::term::Worded as _,
    wire::{Closure, ListClosuresResponse, RemoveClosureResponse, UploadRoadGraphResponse},
};

use super::{Look, tail, when};
use crate::{render::table, words::Lang};

/// The graph in force.
pub(crate) fn uploaded(answer: &UploadRoadGraphResponse, look: Look) -> String {
    let UploadRoadGraphResponse { nodes, edges } = answer;
    match look.lang {
        Lang::Zh => format!("路网已生效：{nodes} 个路口，{edges} 条路段"),
        Lang::En => format!("the road graph is in force: {nodes} junctions, {edges} roads"),
    }
}

/// One closure.
pub(crate) fn one(closure: &Closure, look: Look) -> String {
    list(&ListClosuresResponse { closures: vec![closure.clone()] }, look)
}

/// The closures in force.
pub(crate) fn list(answer: &ListClosuresResponse, look: Look) -> String {
    let headings = [
        look.say("编号", "NAME"),
        look.say("类型", "KIND"),
        look.say("原因", "REASON"),
        look.say("顶点", "CORNERS"),
        look.say("事件", "INCIDENT"),
        look.say("至", "UNTIL"),
    ];
    let row = |closure: &Closure| {
        let kind = look.pick(closure.kind().words());
        let kind =
            if closure.slowdown > 0 { format!("{kind} ×{}", closure.slowdown) } else { kind.to_owned() };
        vec![
            tail(&closure.name).to_owned(),
            kind,
            closure.reason.clone(),
            closure.polygon.len().to_string(),
            tail(&closure.incident).to_owned(),
            when::clock_and_age(closure.expire_time.as_ref(), look),
        ]
    };
    table(&headings, answer.closures.iter().map(row).collect())
}

/// A closure is gone.
pub(crate) fn removed(_answer: &RemoveClosureResponse, look: Look) -> String {
    look.say("已解除封闭", "the closure is removed").to_owned()
}
