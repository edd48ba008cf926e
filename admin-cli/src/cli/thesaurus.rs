//! `shouwang thesaurus`.

use std::{collections::BTreeSet, fs, path::PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use shouwang_proto::wire::{
    DeleteThesaurusGroupRequest, ListThesaurusRequest, PutThesaurusGroupRequest, ThesaurusGroup,
};

use crate::{
    connection::Hub,
    exit::Exit,
    failure::{Failure, Outcome},
    output::{Answer, Style},
    render::council::{GroupView, ThesaurusView},
    session::Session,
    words::{Lang, words},
};

#[derive(Debug, Subcommand)]
pub(super) enum ThesaurusVerb {
    /// List all groups of synonyms （同义词列表）
    List,
    /// Add a group of terms that mean the same, or replace one （新增或替换一组同义词）
    Put {
        /// 2 to 16 terms （同义的词）
        #[arg(required = true, num_args = 2..=16)]
        terms: Vec<String>,
        /// Id of the group to replace （要替换的编号）
        #[arg(long, default_value = "", hide_default_value = true)]
        id: String,
    },
    /// Remove a group （删除一组同义词）
    Delete {
        /// Its id （编号）
        id: String,
    },
    /// Add the groups of a file, one JSON object {"terms": […]} a line; known ones are left alone （导入）
    Import {
        /// File （文件）
        file: PathBuf,
    },
}

/// A line of a file of synonyms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupLine {
    terms: Vec<String>,
}

/// What an import of synonyms did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Imported {
    /// New groups.
    pub(crate) created: u64,
    /// Groups that were there.
    pub(crate) unchanged: u64,
}

impl Answer for Imported {
    fn text(&self, style: Style) -> String {
        let Self { created, unchanged } = self;
        match style.lang {
            Lang::Zh => format!("新建 {created}，未变 {unchanged}"),
            Lang::En => format!("{created} created, {unchanged} unchanged"),
        }
    }
}

pub(super) async fn run(session: &Session, verb: ThesaurusVerb) -> Outcome<Exit> {
    match verb {
        ThesaurusVerb::Import { file } => {
            let text = fs::read_to_string(&file).map_err(|error| Failure::file(&file, &error))?;
            session.output.answer(&import(&session.hub().await?, &text).await?);
        }
        ThesaurusVerb::List => {
            let groups = list(&session.hub().await?).await?.into_iter().map(GroupView::from).collect();
            session.output.answer(&ThesaurusView { groups });
        }
        ThesaurusVerb::Put { terms, id } => {
            let group = put(&session.hub().await?, ThesaurusGroup { id, terms }).await?;
            session.output.answer(&GroupView::from(group));
        }
        ThesaurusVerb::Delete { id } => {
            let hub = session.hub().await?;
            let request = DeleteThesaurusGroupRequest { id: id.clone() };
            hub.council().delete_thesaurus_group(request).await.map_err(|status| hub.failure(&status))?;
            session.output.talk(&words!("同义词组 {id} 已删除", "the group {id} is gone"));
        }
    }
    Ok(Exit::Done)
}

async fn list(hub: &Hub) -> Outcome<Vec<ThesaurusGroup>> {
    let answer = hub.council().list_thesaurus(ListThesaurusRequest {}).await;
    Ok(answer.map_err(|status| hub.failure(&status))?.into_inner().groups)
}

async fn put(hub: &Hub, group: ThesaurusGroup) -> Outcome<ThesaurusGroup> {
    let answer = hub.council().put_thesaurus_group(PutThesaurusGroupRequest { group: Some(group) }).await;
    Ok(answer.map_err(|status| hub.failure(&status))?.into_inner())
}

/// Adds the groups of a text; those whose terms are all there already, in any order, are left alone.
pub(crate) async fn import(hub: &Hub, text: &str) -> Outcome<Imported> {
    let groups = read_groups(text)?;
    let key = |terms: &[String]| terms.iter().cloned().collect::<BTreeSet<_>>();
    let mut known: BTreeSet<_> = list(hub).await?.iter().map(|group| key(&group.terms)).collect();
    let mut imported = Imported { created: 0, unchanged: 0 };
    for terms in groups {
        if known.insert(key(&terms)) {
            put(hub, ThesaurusGroup { id: String::new(), terms }).await?;
            imported.created += 1;
        } else {
            imported.unchanged += 1;
        }
    }
    Ok(imported)
}

/// All groups of a text, or the first wrong line: a file of synonyms is small and goes in whole or not at all.
fn read_groups(text: &str) -> Outcome<Vec<Vec<String>>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| {
        let line_number = index + 1;
        serde_json::from_str::<GroupLine>(line).map(|group| group.terms).map_err(|error| {
            Failure::failed(words!("第 {line_number} 行有误：{error}", "line {line_number}: {error}")).hint(
                words!(
                    "每行应为 {{\"terms\": [\"有限空间\", \"受限空间\"]}}",
                    "each line is like {{\"terms\": [\"有限空间\", \"受限空间\"]}}"
                ),
            )
        })
    };
    lines.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_thesaurus_is_read_and_wrong_lines_are_named() {
        assert!(read_groups(crate::demo::park::THESAURUS).unwrap().len() > 50);
        let failure = read_groups("{\"terms\":[\"a\",\"b\"]}\n\n{\"terms\":1}").unwrap_err();
        assert!(failure.text(Lang::En).contains("line 3"), "{failure:?}");
        assert!(read_groups("{\"terms\":[],\"weight\":1}").is_err());
    }
}
