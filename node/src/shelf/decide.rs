//! What may be made, revised, published and withdrawn, and what then has to be done.

use shouwang_proto::{
    publication::Content,
    refusal::{Refusal, Violations},
};
use tonic::Code;

use super::{Item, Standing};

/// What somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// A new publication.
    Create {
        /// What it says.
        content: Content,
        /// Publish it at once.
        publish: bool,
    },
    /// Another content.
    Revise {
        /// What it shall say.
        content: Content,
        /// The revision the change was made from; 0: any.
        expected_revision: u64,
    },
    /// As the record of a file says; a record that is not there yet is made.
    Import {
        /// What it shall say.
        content: Content,
        /// Publish it, unless its owner took it back.
        publish: bool,
    },
    /// Publish what is there.
    Publish,
    /// Take it back.
    Withdraw,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Nothing: it is so already.
    Leave,
    /// Keep this content; the log says nothing of it.
    Keep(Content),
    /// Publish this content as this revision.
    Put(Content, u64),
    /// Take it back.
    Withdraw,
}

/// Decides about a publication, or about none where there is none yet.
///
/// # Errors
/// The refusals that `publishing_service.proto` names.
pub fn decide(item: Option<&Item>, wish: Wish) -> Result<Command, Refusal> {
    match (item, wish) {
        (None, Wish::Create { content, publish } | Wish::Import { content, publish }) => {
            Ok(if publish { Command::Put(content, 1) } else { Command::Keep(content) })
        }
        (Some(_), Wish::Create { content, publish: _ }) => {
            Err(external_id_taken(content.external_id.as_deref().unwrap_or_default()))
        }
        (Some(item), Wish::Import { content, publish }) => import(item, content, publish),
        (Some(item), Wish::Revise { content, expected_revision }) => revise(item, content, expected_revision),
        (Some(item), Wish::Publish) => Ok(match item.standing {
            Standing::Published(_) => Command::Leave,
            Standing::Draft | Standing::Withdrawn(_) => Command::Put(item.content.clone(), next(item)),
        }),
        (Some(item), Wish::Withdraw) => match item.standing {
            Standing::Published(_) => Ok(Command::Withdraw),
            Standing::Withdrawn(_) => Ok(Command::Leave),
            Standing::Draft => Err(Refusal::precondition(
                "NOT_PUBLISHED",
                "this publication was never published, so there is nothing to withdraw （从未发布，无可撤回）",
            )),
        },
        (None, Wish::Revise { .. } | Wish::Publish | Wish::Withdraw) => Err(unknown()),
    }
}

/// The external id belongs to another publication.
#[must_use]
pub fn external_id_taken(external_id: &str) -> Refusal {
    Refusal::new(
        Code::AlreadyExists,
        "EXTERNAL_ID_TAKEN",
        format!(
            "another publication of this node has the external id “{external_id}” （外部编号已被本节点的其他内容使用）"
        ),
    )
}

/// There is no such publication here.
#[must_use]
pub fn unknown() -> Refusal {
    Refusal::not_found(
        "PUBLICATION_UNKNOWN",
        "this node has no such publication; `list` shows what it has （本节点没有该内容）",
    )
}

fn next(item: &Item) -> u64 {
    item.standing.revision() + 1
}

fn same_kind(item: &Item, content: &Content) -> Result<(), Refusal> {
    let (is, wanted) = (item.content.kind(), content.kind());
    if is == wanted {
        return Ok(());
    }
    let words = format!("is {is} and stays so; {wanted} needs a publication of its own （类型不可更改）");
    Err(Violations::one("kind", words).into_refusal())
}

fn revise(item: &Item, content: Content, expected: u64) -> Result<Command, Refusal> {
    same_kind(item, &content)?;
    let stored = item.standing.revision();
    if expected != 0 && expected != stored {
        return Err(Refusal::new(
            Code::Aborted,
            "REVISION_CONFLICT",
            format!(
                "revision {stored} is stored, the change was made from {expected}: read it again \
                 （内容已被他人修改，请重新读取）"
            ),
        ));
    }
    Ok(change(item, content))
}

/// A change of content; one that changes nothing makes no revision.
fn change(item: &Item, content: Content) -> Command {
    if content == item.content {
        return Command::Leave;
    }
    match item.standing {
        Standing::Published(_) => Command::Put(content, next(item)),
        Standing::Draft | Standing::Withdrawn(_) => Command::Keep(content),
    }
}

/// A file never undoes a withdrawal: somebody took that back on purpose, and the same file is imported every night.
fn import(item: &Item, content: Content, publish: bool) -> Result<Command, Refusal> {
    same_kind(item, &content)?;
    Ok(match (item.standing, publish) {
        (Standing::Draft, true) => Command::Put(content, 1),
        (Standing::Draft, false) | (Standing::Published(_) | Standing::Withdrawn(_), _) => {
            change(item, content)
        }
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use shouwang_proto::{id::RecordId, log::Hash, wire};

    use super::*;
    use crate::shelf::{Edition, EntryRef};

    pub(crate) fn practice(title: &str) -> Content {
        Content::from_wire(wire::Publication {
            title: title.to_owned(),
            body: "作业前三十分钟检测，作业中连续监测。".to_owned(),
            detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
            ..wire::Publication::default()
        })
        .unwrap()
    }

    fn course() -> Content {
        Content::from_wire(wire::Publication {
            title: "受限空间救援".to_owned(),
            detail: Some(wire::publication::Detail::Course(wire::Course {
                provider: "训练基地".to_owned(),
                duration_hours: 4.0,
                format: "现场指导".to_owned(),
                seats: 20,
                ..wire::Course::default()
            })),
            ..wire::Publication::default()
        })
        .unwrap()
    }

    fn item(content: Content, standing: Standing) -> Item {
        let then = Timestamp::UNIX_EPOCH;
        Item { record: RecordId::from_bytes([1; 16]), content, standing, created: then, updated: then }
    }

    fn edition(revision: u64) -> Edition {
        let entry = EntryRef { seq: revision, hash: Hash([7; 32]) };
        Edition { revision, published: Timestamp::UNIX_EPOCH, entry }
    }

    #[track_caller]
    fn check(standing: Standing, wish: Wish, expected: Result<Command, &str>) {
        let found = decide(Some(&item(practice("甲"), standing)), wish);
        assert_eq!(found.map_err(|refusal| refusal.reason.into_owned()), expected.map_err(str::to_owned));
    }

    #[test]
    fn each_wish_in_each_standing() {
        let revised = || Wish::Revise { content: practice("乙"), expected_revision: 0 };
        let same = || Wish::Revise { content: practice("甲"), expected_revision: 0 };
        let (draft, out, back) =
            (Standing::Draft, Standing::Published(edition(2)), Standing::Withdrawn(edition(2)));
        check(draft, Wish::Publish, Ok(Command::Put(practice("甲"), 1)));
        check(out, Wish::Publish, Ok(Command::Leave));
        check(back, Wish::Publish, Ok(Command::Put(practice("甲"), 3)));
        check(draft, Wish::Withdraw, Err("NOT_PUBLISHED"));
        check(out, Wish::Withdraw, Ok(Command::Withdraw));
        check(back, Wish::Withdraw, Ok(Command::Leave));
        check(draft, revised(), Ok(Command::Keep(practice("乙"))));
        check(out, revised(), Ok(Command::Put(practice("乙"), 3)));
        check(back, revised(), Ok(Command::Keep(practice("乙"))));
        for standing in [draft, out, back] {
            check(standing, same(), Ok(Command::Leave));
            let create = Wish::Create { content: practice("丙"), publish: true };
            check(standing, create, Err("EXTERNAL_ID_TAKEN"));
        }
    }

    #[test]
    fn a_change_from_an_old_revision_and_another_kind_are_refused() {
        let out = Standing::Published(edition(2));
        let from = |expected_revision| Wish::Revise { content: practice("乙"), expected_revision };
        check(out, from(1), Err("REVISION_CONFLICT"));
        check(out, from(2), Ok(Command::Put(practice("乙"), 3)));
        check(out, Wish::Revise { content: course(), expected_revision: 0 }, Err("FIELDS_INVALID"));
        check(out, Wish::Import { content: course(), publish: true }, Err("FIELDS_INVALID"));
    }

    #[test]
    fn an_import_publishes_drafts_and_never_undoes_a_withdrawal() {
        let record = |title: &str, publish| Wish::Import { content: practice(title), publish };
        check(Standing::Draft, record("甲", true), Ok(Command::Put(practice("甲"), 1)));
        check(Standing::Draft, record("甲", false), Ok(Command::Leave));
        check(Standing::Published(edition(1)), record("甲", true), Ok(Command::Leave));
        check(Standing::Published(edition(1)), record("乙", false), Ok(Command::Put(practice("乙"), 2)));
        check(Standing::Withdrawn(edition(1)), record("甲", true), Ok(Command::Leave));
        check(Standing::Withdrawn(edition(1)), record("乙", true), Ok(Command::Keep(practice("乙"))));
    }

    #[test]
    fn nothing_becomes_of_what_is_not_there() {
        for wish in [Wish::Publish, Wish::Withdraw] {
            assert_eq!(decide(None, wish).unwrap_err().reason, "PUBLICATION_UNKNOWN");
        }
    }

    fn any_wish() -> impl Strategy<Value = Wish> {
        let content = prop_oneof![Just(practice("甲")), Just(practice("乙"))];
        prop_oneof![
            Just(Wish::Publish),
            Just(Wish::Withdraw),
            (content.clone(), 0_u64..3)
                .prop_map(|(content, expected_revision)| Wish::Revise { content, expected_revision }),
            (content, any::<bool>()).prop_map(|(content, publish)| Wish::Import { content, publish }),
        ]
    }

    proptest! {
        /// Revisions rise by one with each PUT, a withdrawal follows only a PUT, and repeating a wish that was granted
        /// changes nothing more.
        #[test]
        fn any_order_of_wishes_ends_well(wishes in proptest::collection::vec(any_wish(), 1..30)) {
            let mut now = item(practice("甲"), Standing::Draft);
            let mut puts = 0;
            for wish in wishes {
                let Ok(command) = decide(Some(&now), wish.clone()) else { continue };
                match command {
                    Command::Leave => continue,
                    Command::Keep(content) => now.content = content,
                    Command::Put(content, revision) => {
                        puts += 1;
                        prop_assert_eq!(revision, puts);
                        now.content = content;
                        now.standing = Standing::Published(edition(revision));
                    }
                    Command::Withdraw => {
                        prop_assert!(matches!(now.standing, Standing::Published(_)));
                        now.standing = Standing::Withdrawn(edition(puts));
                    }
                }
                if !matches!(wish, Wish::Revise { expected_revision: 1.., .. }) {
                    prop_assert_eq!(decide(Some(&now), wish), Ok(Command::Leave));
                }
            }
        }
    }
}
