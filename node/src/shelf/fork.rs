//! What becomes of own publications when the log was written twice: the hub's branch stands, and what the own branch left
//! is written again on top of it where the two differ. Pure.

use std::collections::{BTreeMap, BTreeSet};

use shouwang_proto::{id::RecordId, publication::Content};

use super::{Edition, Item, Standing};

/// One record that at least one of the branches has written.
#[derive(Clone, Debug, PartialEq)]
pub struct Parted {
    /// Which.
    pub record: RecordId,
    /// As the hub's branch leaves it; none: it was never published there.
    pub hub: Option<Item>,
    /// As the own branch left it; none: only the hub's branch has written it.
    pub own: Option<Item>,
}

/// What is done about one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The shelf takes what the hub's branch left.
    TakeTheirs(Item),
    /// The own content is put again, as this revision of what the hub has.
    PutAgain {
        /// The record as the hub has it; a draft when it has none.
        base: Item,
        /// What it shall say.
        content: Box<Content>,
        /// Above every revision of either branch.
        revision: u64,
    },
    /// It is taken back again.
    WithdrawAgain {
        /// The record as the hub has it, with the own content.
        base: Item,
        /// The revision to take back.
        edition: Edition,
    },
    /// It was published and withdrawn without the hub having heard of it: a draft.
    KeepAsDraft(Item),
}

/// What is done about one record that the own branch has written, or the hub's alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Mended {
    /// What both had.
    pub parted: Parted,
    /// What is done.
    pub step: Step,
    /// True when the own content can stand nowhere, because its number belongs to another record at the hub: it is kept
    /// aside alone.
    pub left_out: bool,
}

impl Step {
    /// The record that the step is about.
    #[must_use]
    pub fn record(&self) -> RecordId {
        match self {
            Self::TakeTheirs(item) | Self::KeepAsDraft(item) => item.record,
            Self::PutAgain { base, .. } | Self::WithdrawAgain { base, .. } => base.record,
        }
    }
}

/// Decides on all of them. Those that the own branch has written come in the order in which it wrote them.
#[must_use]
pub fn mend(parted: Vec<Parted>) -> Vec<Mended> {
    let owners = owners(&parted);
    let only_theirs = parted.iter().filter(|one| one.own.is_none());
    let only_theirs: BTreeMap<RecordId, Item> =
        only_theirs.filter_map(|one| Some((one.record, one.hub.clone()?))).collect();
    let mended: Vec<Mended> =
        parted.into_iter().filter_map(|one| mend_one(one, &owners, &only_theirs)).collect();
    let own = mended.iter().filter(|one| one.parted.own.is_some());
    let written: BTreeSet<RecordId> = own.map(|one| one.step.record()).collect();
    // What an own content was put over is not taken as the hub has it.
    let stands = |one: &Mended| one.parted.own.is_some() || !written.contains(&one.parted.record);
    mended.into_iter().filter(stands).collect()
}

/// Whose an owner's number is at the hub.
fn owners(parted: &[Parted]) -> BTreeMap<String, RecordId> {
    let known = parted.iter().filter_map(|one| one.hub.as_ref());
    known.filter_map(|item| Some((item.content.external_id.clone()?, item.record))).collect()
}

fn mend_one(
    parted: Parted,
    owners: &BTreeMap<String, RecordId>,
    only_theirs: &BTreeMap<RecordId, Item>,
) -> Option<Mended> {
    let Some(own) = parted.own.clone() else {
        let step = Step::TakeTheirs(parted.hub.clone()?);
        return Some(Mended { parted, step, left_out: false });
    };
    let owner = own.content.external_id.as_ref().and_then(|number| owners.get(number));
    let (hub, left_out) = match owner.filter(|owner| **owner != own.record) {
        None => (parted.hub.clone(), false),
        // Both branches have published it under the same number for the first time: it is one publication.
        Some(owner) if parted.hub.is_none() => match only_theirs.get(owner) {
            Some(theirs) => (Some(theirs.clone()), false),
            None => (None, true),
        },
        Some(_) => (parted.hub.clone(), true),
    };
    let step = match (hub, left_out) {
        (Some(hub), true) => Step::TakeTheirs(hub),
        (None, true) => {
            let content = Content { external_id: None, ..own.content };
            Step::KeepAsDraft(Item { content, standing: Standing::Draft, ..own })
        }
        (hub, false) => step(hub, own),
    };
    Some(Mended { parted, step, left_out })
}

/// What makes `own` of what the hub has.
fn step(hub: Option<Item>, own: Item) -> Step {
    let Some(hub) = hub else {
        return match own.standing {
            Standing::Published(edition) => Step::PutAgain {
                base: Item { standing: Standing::Draft, ..own.clone() },
                content: Box::new(own.content),
                revision: edition.revision + 1,
            },
            Standing::Draft | Standing::Withdrawn(_) => {
                Step::KeepAsDraft(Item { standing: Standing::Draft, ..own })
            }
        };
    };
    match (own.standing, hub.standing) {
        (Standing::Published(_), Standing::Published(_)) if own.content == hub.content => {
            Step::TakeTheirs(hub)
        }
        (Standing::Published(edition), theirs) => {
            let revision = edition.revision.max(theirs.revision()) + 1;
            Step::PutAgain { base: hub, content: Box::new(own.content), revision }
        }
        (Standing::Withdrawn(_), Standing::Published(edition)) => {
            Step::WithdrawAgain { base: Item { content: own.content, ..hub }, edition }
        }
        // Taken back by both; the owner's people may have changed it since.
        (Standing::Withdrawn(_) | Standing::Draft, Standing::Withdrawn(_) | Standing::Draft)
        | (Standing::Draft, Standing::Published(_)) => Step::TakeTheirs(Item { content: own.content, ..hub }),
    }
}

#[cfg(test)]
mod tests;
