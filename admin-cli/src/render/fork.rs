//! A log that was written twice, as people and programs read it.

use jiff::Timestamp;
use serde::Serialize;
use shouwang_proto::wire::{Fork, ForkOutcome, ForkedWrite, LogPosition};

use super::{facts, publication::state_code, table, time};
use crate::{
    output::{Answer, Style},
    words::Lang,
};

/// A fork.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ForkView {
    /// `forks/{id}`.
    pub(crate) name: String,
    /// Seq of the last entry that both have; 0: none.
    pub(crate) common: u64,
    /// Seq of the newest own entry.
    pub(crate) own_head: u64,
    /// Seq of the newest entry at the hub.
    pub(crate) hub_head: u64,
    /// Own writes since, exactly.
    pub(crate) total: u64,
    /// Publications that only the hub's branch has written.
    pub(crate) taken: u64,
    /// When it was resolved.
    pub(crate) resolve_time: Option<Timestamp>,
    /// Seq of the newest entry since.
    pub(crate) new_head: Option<u64>,
    /// The own writes, the first 1,000.
    pub(crate) writes: Vec<WriteView>,
}

/// One publication that the own branch has written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct WriteView {
    /// `members/{member}/publications/{uuid}`.
    pub(crate) id: String,
    /// Empty: none.
    pub(crate) external_id: String,
    /// Title.
    pub(crate) title: String,
    /// `published` or `withdrawn`.
    pub(crate) own_state: &'static str,
    /// Its revision.
    pub(crate) own_revision: u64,
    /// The same at the hub; empty: the hub does not have it.
    pub(crate) hub_state: &'static str,
    /// Its revision there.
    pub(crate) hub_revision: u64,
    /// Its title there.
    pub(crate) hub_title: String,
    /// `same`, `published-again`, `withdrawn-again`, `kept-as-draft`, `left-out`.
    pub(crate) outcome: &'static str,
    /// The new revision, if it is published again.
    pub(crate) revision: u64,
}

impl From<Fork> for ForkView {
    fn from(fork: Fork) -> Self {
        let seq = |position: &Option<LogPosition>| position.as_ref().map(|position| position.seq);
        Self {
            common: seq(&fork.common).unwrap_or(0),
            own_head: seq(&fork.own_head).unwrap_or(0),
            hub_head: seq(&fork.hub_head).unwrap_or(0),
            new_head: seq(&fork.new_head),
            name: fork.name,
            total: fork.total,
            taken: fork.taken,
            resolve_time: time::read(fork.resolve_time.as_ref()),
            writes: fork.writes.into_iter().map(WriteView::from).collect(),
        }
    }
}

impl From<ForkedWrite> for WriteView {
    fn from(write: ForkedWrite) -> Self {
        Self {
            own_state: state_code(write.own_state()),
            hub_state: state_code(write.hub_state()),
            outcome: outcome_code(write.outcome()),
            id: write.name,
            external_id: write.external_id,
            title: write.title,
            own_revision: write.own_revision,
            hub_revision: write.hub_revision,
            hub_title: write.hub_title,
            revision: write.revision,
        }
    }
}

fn outcome_code(outcome: ForkOutcome) -> &'static str {
    match outcome {
        ForkOutcome::Unspecified => "",
        ForkOutcome::Same => "same",
        ForkOutcome::PublishedAgain => "published-again",
        ForkOutcome::WithdrawnAgain => "withdrawn-again",
        ForkOutcome::KeptAsDraft => "kept-as-draft",
        ForkOutcome::LeftOut => "left-out",
    }
}

fn outcome_words(write: &WriteView, lang: Lang) -> String {
    match write.outcome {
        "same" => lang.pick("枢纽相同，不再写入", "the hub has the same").to_owned(),
        "published-again" => match lang {
            Lang::Zh => format!("重新发布为第 {} 版", write.revision),
            Lang::En => format!("published again as revision {}", write.revision),
        },
        "withdrawn-again" => lang.pick("再次撤回", "withdrawn again").to_owned(),
        "kept-as-draft" => lang.pick("留作草稿", "kept as a draft").to_owned(),
        "left-out" => {
            lang.pick("以枢纽为准，本单位内容另存", "the hub's stands, the own one is kept aside").to_owned()
        }
        other => other.to_owned(),
    }
}

fn edition(state: &str, revision: u64, lang: Lang) -> String {
    match state {
        "published" => format!("{} {revision}", lang.pick("已发布", "published")),
        "withdrawn" => format!("{} {revision}", lang.pick("已撤回", "withdrawn")),
        _ => "-".to_owned(),
    }
}

impl Answer for ForkView {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        let mut out = facts(&[
            (name("分叉", "fork"), self.name.clone()),
            (name("共同部分至", "common up to"), self.common.to_string()),
            (name("本节点至", "this node up to"), self.own_head.to_string()),
            (name("枢纽至", "the hub up to"), self.hub_head.to_string()),
            (name("仅枢纽有改动", "only changed at the hub"), self.taken.to_string()),
            (name("已解决", "resolved"), time::show(self.resolve_time)),
            (name("新日志至", "log up to"), self.new_head.map(|seq| seq.to_string()).unwrap_or_default()),
        ]);
        let headings = match lang {
            Lang::Zh => ["外部编号", "标题", "本节点", "枢纽", "结果"],
            Lang::En => ["EXTERNAL ID", "TITLE", "THIS NODE", "HUB", "OUTCOME"],
        };
        let row = |one: &WriteView| {
            vec![
                one.external_id.clone(),
                one.title.clone(),
                edition(one.own_state, one.own_revision, lang),
                edition(one.hub_state, one.hub_revision, lang),
                outcome_words(one, lang),
            ]
        };
        out.push_str("\n\n");
        out.push_str(&table(&headings, self.writes.iter().map(row).collect()));
        if self.resolve_time.is_none() {
            let next = match lang {
                Lang::Zh => {
                    format!("\n以上为拟写入的结果。确认后：shouwang publication fork resolve {}", self.name)
                }
                Lang::En => format!(
                    "\nNothing is written yet. To do it: shouwang publication fork resolve {}",
                    self.name
                ),
            };
            out.push_str(&next);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::wire::PublicationState;

    use super::*;

    #[test]
    fn what_would_be_written_and_how_to_go_on() {
        let position = |seq| Some(LogPosition { epoch: 1, seq, entry_hash: vec![0; 32] });
        let write = ForkedWrite {
            name: "members/a1/publications/x".to_owned(),
            external_id: "P-1".to_owned(),
            title: "受限空间作业".to_owned(),
            own_state: PublicationState::Published as i32,
            own_revision: 2,
            hub_state: PublicationState::Withdrawn as i32,
            hub_revision: 1,
            hub_title: "受限空间".to_owned(),
            outcome: ForkOutcome::PublishedAgain as i32,
            revision: 3,
        };
        let fork = Fork {
            name: "forks/ab".to_owned(),
            common: None,
            own_head: position(2),
            hub_head: position(4),
            writes: vec![write],
            total: 1,
            taken: 2,
            resolve_time: None,
            new_head: None,
        };
        let view = ForkView::from(fork);
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!((&json["common"], &json["writes"][0]["outcome"]), (&0.into(), &"published-again".into()));
        let text = view.text(Style { lang: Lang::En, colour: false });
        for part in ["withdrawn 1", "published again as revision 3", "fork resolve forks/ab"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
