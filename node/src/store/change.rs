//! Changes of the shelf: one or many in one transaction, record and log entry and digest together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shouwang_proto::{
    id::RecordId,
    publication::Content,
    refusal::{Refusal, Violations},
};
use shouwang_serving::store::{StoreError, Tx};

use super::{
    attachment::{attachments_find, attachments_name, attachments_touch},
    log::{TipCache, appended},
    pen::{Pen, Sheet},
    publication::{publications_find, publications_put, withdraw_reason_put},
};
use crate::shelf::{Command, Item, Standing, Wish, decide, external_id_taken};

/// Which publication a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that is there.
    Record(RecordId),
    /// The one with the external id of the wish's content, or a new one.
    ByExternalId,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which publication.
    pub target: Target,
    /// What shall become of it.
    pub wish: Wish,
    /// Id of the record, should a new one be made.
    pub fresh: RecordId,
    /// Salt of the payload, should one be written.
    pub salt: [u8; 16],
    /// Why, if it is a withdrawal; kept at the node.
    pub reason: String,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Made the publication.
    Created,
    /// Changed it.
    Changed,
    /// Found everything as it was asked for.
    Unchanged,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// It, as it is now.
    pub item: Item,
    /// What was done.
    pub effect: Effect,
    /// The entry that was written, if one was.
    pub seq: Option<u64>,
}

/// Everything the changes of one operation may touch.
struct Desk {
    items: BTreeMap<RecordId, Item>,
    by_external_id: BTreeMap<String, RecordId>,
    attachments: BTreeMap<String, u64>,
    changed: BTreeSet<RecordId>,
    named: BTreeSet<String>,
    now: Timestamp,
}

/// Makes the changes in order. A refused one leaves the others alone; an error undoes all.
pub(super) async fn shelf_change(
    tx: &mut Tx,
    pen: &Pen,
    cache: &TipCache,
    changes: Vec<Change>,
    now: Timestamp,
) -> Result<Vec<Result<Outcome, Refusal>>, StoreError> {
    let mut desk = Desk::load(tx, &changes, now).await?;
    let mut sheet: Option<Sheet> = None;
    let mut outcomes = Vec::with_capacity(changes.len());
    let mut reasons = Vec::new();
    for change in changes {
        let decided = desk.decide(&change);
        if sheet.is_none() && matches!(decided, Ok(Command::Put(..) | Command::Withdraw)) {
            match pen.ready() {
                Ok(author) => sheet = Some(Sheet::new(author, now, cache.load(tx).await?)),
                Err(refusal) => {
                    outcomes.push(Err(refusal));
                    continue;
                }
            }
        }
        let outcome = decided.and_then(|command| desk.carry_out(&change, command, sheet.as_mut()));
        if let (Ok(outcome), Wish::Withdraw) = (&outcome, &change.wish)
            && outcome.effect == Effect::Changed
        {
            reasons.push((outcome.item.record, change.reason));
        }
        outcomes.push(outcome);
    }
    desk.store(tx).await?;
    attachments_touch(tx, &desk.attachments, now.as_millisecond()).await?;
    for (record, reason) in reasons {
        withdraw_reason_put(tx, record, &reason).await?;
    }
    if let Some(Sheet { tip, entries, .. }) = sheet {
        attachments_name(tx, &desk.named, tip.position.seq).await?;
        appended(tx, cache, tip, &entries).await?;
    }
    Ok(outcomes)
}

/// The content a wish brings, if it brings one.
fn content(wish: &Wish) -> Option<&Content> {
    match wish {
        Wish::Create { content, .. } | Wish::Revise { content, .. } | Wish::Import { content, .. } => {
            Some(content)
        }
        Wish::Publish | Wish::Withdraw => None,
    }
}

impl Desk {
    async fn load(tx: &mut Tx, changes: &[Change], now: Timestamp) -> Result<Self, StoreError> {
        let contents = || changes.iter().filter_map(|change| content(&change.wish));
        let records = changes
            .iter()
            .filter_map(|change| match change.target {
                Target::Record(record) => Some(record),
                Target::ByExternalId => None,
            })
            .collect();
        let external_ids = contents().filter_map(|content| content.external_id.as_deref()).collect();
        let named = contents()
            .flat_map(|content| content.attachments.iter().map(|attachment| attachment.sha256.as_str()))
            .collect();
        let found = publications_find(tx, &records, &external_ids).await?;
        Ok(Self {
            by_external_id: found
                .iter()
                .filter_map(|item| Some((item.content.external_id.clone()?, item.record)))
                .collect(),
            items: found.into_iter().map(|item| (item.record, item)).collect(),
            attachments: attachments_find(tx, &named).await?,
            changed: BTreeSet::new(),
            named: BTreeSet::new(),
            now,
        })
    }

    fn target(&self, change: &Change) -> Option<RecordId> {
        match change.target {
            Target::Record(record) => Some(record),
            Target::ByExternalId => {
                let external_id = content(&change.wish)?.external_id.as_ref()?;
                self.by_external_id.get(external_id).copied()
            }
        }
    }

    fn decide(&self, change: &Change) -> Result<Command, Refusal> {
        let target = self.target(change);
        if let Some(content) = content(&change.wish) {
            self.check_attachments(content)?;
            if let Some(external_id) = &content.external_id
                && let Some(owner) = self.by_external_id.get(external_id)
                && target.is_some_and(|target| target != *owner)
            {
                return Err(external_id_taken(external_id));
            }
        }
        decide(target.and_then(|target| self.items.get(&target)), change.wish.clone())
    }

    fn check_attachments(&self, content: &Content) -> Result<(), Refusal> {
        let mut wrong = Violations::new();
        for (index, attachment) in content.attachments.iter().enumerate() {
            match self.attachments.get(attachment.sha256.as_str()) {
                None => wrong.add(
                    format!("attachments[{index}].sha256"),
                    "is not stored at this node; upload the file first （附件尚未上传到本节点）",
                ),
                Some(size) if *size != attachment.size_bytes => wrong.add(
                    format!("attachments[{index}].size_bytes"),
                    format!("must be {size}, as the stored file has （与已上传文件的大小 {size} 不符）"),
                ),
                Some(_) => {}
            }
        }
        wrong.finish(|| Some(()))
    }

    fn carry_out(
        &mut self,
        change: &Change,
        command: Command,
        sheet: Option<&mut Sheet>,
    ) -> Result<Outcome, Refusal> {
        let known = self.target(change).and_then(|target| self.items.get(&target)).cloned();
        let effect = if known.is_some() { Effect::Changed } else { Effect::Created };
        let missing_pen = || Refusal::precondition("NOT_JOINED", "this node cannot write its log");
        match (command, known) {
            (Command::Leave, Some(item)) => Ok(Outcome { item, effect: Effect::Unchanged, seq: None }),
            (Command::Keep(content), known) => {
                let mut item = known.unwrap_or_else(|| self.fresh(change, &content));
                item.content = content;
                Ok(self.keep(item, effect, None))
            }
            (Command::Put(content, revision), known) => {
                let mut item = known.unwrap_or_else(|| self.fresh(change, &content));
                item.standing = sheet.ok_or_else(missing_pen)?.put(&item, &content, revision, change.salt)?;
                self.named.extend(content.attachments.iter().map(|named| named.sha256.as_str().to_owned()));
                item.content = content;
                let seq = item.standing.edition().map(|edition| edition.entry.seq);
                Ok(self.keep(item, effect, seq))
            }
            (Command::Withdraw, Some(mut item)) => {
                if let Standing::Published(edition) = item.standing {
                    item.standing = sheet.ok_or_else(missing_pen)?.withdraw(&item, &edition);
                }
                let seq = item.standing.edition().map(|edition| edition.entry.seq);
                Ok(self.keep(item, effect, seq))
            }
            (Command::Leave | Command::Withdraw, None) => Err(crate::shelf::unknown()),
        }
    }

    fn fresh(&self, change: &Change, content: &Content) -> Item {
        Item {
            record: change.fresh,
            content: content.clone(),
            standing: Standing::Draft,
            created: self.now,
            updated: self.now,
        }
    }

    fn keep(&mut self, mut item: Item, effect: Effect, seq: Option<u64>) -> Outcome {
        item.updated = self.now;
        if let Some(old) = self.items.get(&item.record)
            && let Some(external_id) = &old.content.external_id
        {
            self.by_external_id.remove(external_id);
        }
        if let Some(external_id) = &item.content.external_id {
            self.by_external_id.insert(external_id.clone(), item.record);
        }
        self.changed.insert(item.record);
        self.items.insert(item.record, item.clone());
        Outcome { item, effect, seq }
    }

    async fn store(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let changed: Vec<&Item> = self.changed.iter().filter_map(|record| self.items.get(record)).collect();
        if changed.is_empty() { Ok(()) } else { publications_put(tx, &changed).await }
    }
}
