//! Stories of the search room, each against a real index in a temporary folder.

mod finding;
mod healing;
mod helping;
mod history;
mod scopes;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use shouwang_proto::id::RecordId;

use super::{
    Caller, Deadline, Document, Found, IndexChange, IndexSettings, Kind, RecordKey, SearchError, SearchIndex,
    SearchParameters,
    query::{Filters, parse},
    thesaurus::{Synonym, Thesaurus},
};

/// An index, its folder and the position of its last commit.
struct Hub {
    folder: tempfile::TempDir,
    index: Arc<SearchIndex>,
    position: u64,
}

impl Hub {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = SearchIndex::open(folder.path(), IndexSettings::default()).unwrap();
        Self { folder, index, position: 0 }
    }

    fn with(documents: impl IntoIterator<Item = Document>) -> Self {
        let mut hub = Self::new();
        hub.put(documents);
        hub
    }

    fn put(&mut self, documents: impl IntoIterator<Item = Document>) {
        let changes: Vec<IndexChange> =
            documents.into_iter().map(|one| IndexChange::Put(Box::new(one))).collect();
        self.change(&changes);
    }

    fn change(&mut self, changes: &[IndexChange]) {
        self.index.apply(changes).unwrap();
        self.position += changes.len() as u64;
        self.index.commit(self.position).unwrap();
    }

    fn ask(&self, query: &str) -> Found {
        self.ask_as(&member(), query)
    }

    fn ask_as(&self, caller: &Caller, query: &str) -> Found {
        self.index.searcher(caller.clone()).search(&parameters(query)).unwrap()
    }

    fn titles(&self, query: &str) -> String {
        titles(&self.ask(query))
    }
}

fn titles(found: &Found) -> String {
    found.hits.iter().map(|hit| hit.title.text.as_str()).collect::<Vec<_>>().join(" | ")
}

fn parameters(query: &str) -> SearchParameters {
    let now = Instant::now();
    SearchParameters {
        query: parse(query).unwrap(),
        filters: Filters::default(),
        literal: false,
        page_size: 10,
        page_token: String::new(),
        deadline: Deadline::at(now + Duration::from_secs(30)),
        now,
    }
}

fn groups<G: std::str::FromStr<Err: std::fmt::Debug> + Ord>(names: &[&str]) -> BTreeSet<G> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// An ordinary member.
fn member() -> Caller {
    Caller { groups: groups(&["alliance"]), ..Caller::default() }
}

/// An open practice of `hengrui`; its number orders it in time.
fn practice(number: u8, title: &str, body: &str) -> Document {
    let mut id = [0; 16];
    id[15] = number;
    Document {
        key: RecordKey { member: "hengrui".parse().unwrap(), record: RecordId::from_bytes(id) },
        kind: Kind::Practice,
        title: title.to_owned(),
        summary: String::new(),
        body: body.to_owned(),
        facts: Vec::new(),
        tags: Vec::new(),
        sectors: Vec::new(),
        hazards: Vec::new(),
        operations: Vec::new(),
        standards: Vec::new(),
        language: "zh-CN".to_owned(),
        audience: groups(&["alliance"]),
        published_ms: 1_750_000_000_000 + i64::from(number) * 86_400_000,
        revision: 1,
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn thesaurus() -> Thesaurus {
    let group = |terms: &[&str]| -> Vec<Synonym> {
        terms.iter().map(|text| Synonym { text: (*text).to_owned(), weight: 0.5 }).collect()
    };
    Thesaurus::new([group(&["有限空间", "受限空间", "confined space"]), group(&["上锁挂牌", "LOTO"])])
}
