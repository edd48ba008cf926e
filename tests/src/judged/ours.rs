//! Our search over a judged collection, through the room's own door.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use shouwang_hub::search::{
    Caller, Deadline, Document, Found, IndexChange, IndexSettings, Kind, RecordKey, SearchIndex,
    SearchParameters,
    query::{CHARACTER_LIMIT, Filters, parse},
    thesaurus::{Synonym, Thesaurus},
};
use shouwang_proto::{
    id::{GroupId, RecordId},
    refusal::Refusal,
};

use super::{Collection, Run, Text};

/// A collection in a real index.
pub struct Ours {
    /// The index.
    pub index: Arc<SearchIndex>,
    ids: BTreeMap<RecordId, String>,
    _folder: tempfile::TempDir,
}

/// A text as a publication of one member.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant")]
pub fn document(number: u64, text: &Text) -> Document {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Document {
        key: RecordKey { member: "judged".parse().expect("a member id"), record: RecordId::from_bytes(id) },
        kind: Kind::Practice,
        title: text.title.clone(),
        summary: text.summary.clone(),
        body: text.body.clone(),
        facts: vec![],
        tags: text.tags.clone(),
        sectors: vec![],
        hazards: vec![],
        operations: vec![],
        standards: text.standards.clone(),
        language: "zh-CN".to_owned(),
        audience: [GroupId::alliance()].into(),
        published_ms: 0,
        revision: 1,
    }
}

/// Somebody who sees all of it.
#[must_use]
pub fn caller() -> Caller {
    Caller { groups: [GroupId::alliance()].into(), ..Caller::default() }
}

/// A question as it is typed; what is too long is cut, as a person would.
///
/// # Errors
/// When the query is refused.
pub fn asked(text: &str, page_size: usize) -> anyhow::Result<SearchParameters> {
    let text: String = text.chars().take(CHARACTER_LIMIT).collect();
    let now = Instant::now();
    Ok(SearchParameters {
        query: parse(&text)?,
        filters: Filters::default(),
        literal: false,
        page_size,
        page_token: String::new(),
        deadline: Deadline::at(now + Duration::from_secs(60)),
        now,
    })
}

impl Ours {
    /// Indexes a collection.
    ///
    /// # Errors
    /// When the index fails.
    pub fn build(collection: &Collection) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let index = SearchIndex::open(folder.path(), IndexSettings::default())?;
        let mut ids = BTreeMap::new();
        for (number, text) in (0..).zip(&collection.texts) {
            let document = document(number, text);
            ids.insert(document.key.record, text.id.clone());
            index.apply(&[IndexChange::Put(Box::new(document))])?;
        }
        index.commit(1)?;
        index.set_thesaurus(Thesaurus::new(collection.thesaurus.iter().map(|terms| {
            terms.iter().map(|text| Synonym { text: text.clone(), weight: Synonym::USUAL_WEIGHT }).collect()
        })));
        Ok(Self { index, ids, _folder: folder })
    }

    /// Asks one question.
    ///
    /// # Errors
    /// When the query is refused or the index fails.
    pub fn ask(&self, text: &str, page_size: usize) -> anyhow::Result<Found> {
        Ok(self.index.searcher(caller()).search(&asked(text, page_size)?)?)
    }

    /// Asks every question. One that is refused, such as a whole sentence in quotation marks, has found nothing.
    ///
    /// # Errors
    /// When the index fails.
    pub fn run(&self, collection: &Collection) -> anyhow::Result<Run> {
        let mut run = Run::new();
        for question in &collection.questions {
            let found = match self.ask(&question.text, 100) {
                Ok(found) => found.hits,
                Err(error) if error.is::<Refusal>() => Vec::new(),
                Err(error) => return Err(error),
            };
            let ids = found.iter().filter_map(|hit| self.ids.get(&hit.key.record).cloned()).collect();
            run.insert(question.id.clone(), ids);
        }
        Ok(run)
    }
}
