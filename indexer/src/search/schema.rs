//! The fields of the index and how a publication becomes an index document.

use tantivy::{
    TantivyDocument, Term,
    schema::{
        FAST, Field, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing,
        TextOptions, Value as _,
    },
    tokenizer::TokenizerManager,
};

use super::{
    document::{Document, RecordKey},
    query::{standard_key, tag_key},
    signature::Signature,
    tokenizer::{BigramTokenizer, SingleTokenizer, SoundTokenizer},
};

/// Raised when the analysis changes without the schema: an index of another version is built anew.
pub(crate) const VERSION: u32 = 1;

/// Fields of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// `member/record`; the term that deletes.
    pub(crate) key: Field,
    /// Bigrams of all text.
    pub(crate) bigrams: Field,
    /// Bigrams of the title.
    pub(crate) title_bigrams: Field,
    /// Single characters of all text.
    pub(crate) singles: Field,
    /// Pairs of sounds of title, summary and tags.
    pub(crate) sounds: Field,
    /// Keys of the standards, with and without their year.
    pub(crate) standard: Field,
    /// Keys of the tags.
    pub(crate) tag: Field,
    /// Kind, language, sectors … in one value, see [`Signature`].
    pub(crate) signature: Field,
    /// Owner.
    pub(crate) member: Field,
    /// Milliseconds since 1970.
    pub(crate) published: Field,
    /// Hash of the key: orders what is equally good, the same way in every index of the same publications.
    pub(crate) tie: Field,
    pub(crate) title: Field,
    pub(crate) summary: Field,
    pub(crate) body: Field,
    pub(crate) facts: Field,
    pub(crate) tags: Field,
    pub(crate) standards: Field,
    pub(crate) revision: Field,
}

/// Frequencies, no positions: a bigram is adjacency already, and the index is a fifth smaller.
fn text(tokenizer: &str) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(tokenizer)
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(true);
    TextOptions::default().set_indexing_options(indexing)
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = SchemaBuilder::new();
    let raw_fast = || TextOptions::default().set_fast("raw");
    let fields = Fields {
        key: builder.add_text_field("key", STRING | STORED),
        bigrams: builder.add_text_field("bi", text("bigrams")),
        title_bigrams: builder.add_text_field("bt", text("bigrams")),
        singles: builder.add_text_field("uni", text("singles")),
        sounds: builder.add_text_field("py", text("sounds")),
        standard: builder.add_text_field("standard", STRING),
        tag: builder.add_text_field("tag", STRING),
        signature: builder.add_text_field("signature", raw_fast()),
        member: builder.add_text_field("member", raw_fast()),
        published: builder.add_i64_field("published", FAST),
        tie: builder.add_u64_field("tie", FAST),
        title: builder.add_text_field("title", STORED),
        summary: builder.add_text_field("summary", STORED),
        body: builder.add_text_field("body", STORED),
        facts: builder.add_text_field("facts", STORED),
        tags: builder.add_text_field("tags", STORED),
        standards: builder.add_text_field("standards", STORED),
        revision: builder.add_u64_field("revision", STORED),
    };
    (builder.build(), fields)
}

/// The tokenizers that the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register("bigrams", BigramTokenizer);
    manager.register("singles", SingleTokenizer);
    manager.register("sounds", SoundTokenizer);
    manager
}

/// The key as the index writes it.
pub(crate) fn key_text(key: &RecordKey) -> String {
    format!("{}/{}", key.member, key.record)
}

/// Reads the key back.
pub(crate) fn key_from_text(text: &str) -> Option<RecordKey> {
    let (member, record) = text.split_once('/')?;
    Some(RecordKey { member: member.parse().ok()?, record: record.parse().ok()? })
}

/// Hash of a key (FNV-1a, 64 bits): stable, because it is kept in the index.
pub(crate) fn key_hash(key: &str) -> u64 {
    key.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The key of a standard without its year, when it ends with one.
fn without_year(key: &str) -> Option<&str> {
    let (rest, year) = key.rsplit_once(' ')?;
    (year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit())).then_some(rest)
}

impl Fields {
    /// The index document of a publication.
    pub(crate) fn document(&self, key: &str, from: &Document) -> TantivyDocument {
        let mut to = TantivyDocument::default();
        to.add_text(self.key, key);
        to.add_u64(self.tie, key_hash(key));
        let texts = [&from.title, &from.summary, &from.body];
        let pieces = from.facts.iter().chain(&from.tags).chain(&from.standards);
        for text in texts.into_iter().chain(pieces).filter(|text| !text.is_empty()) {
            to.add_text(self.bigrams, text);
            to.add_text(self.singles, text);
        }
        to.add_text(self.title_bigrams, &from.title);
        for text in [&from.title, &from.summary].into_iter().chain(&from.tags) {
            to.add_text(self.sounds, text);
        }
        for standard in &from.standards {
            let key = standard_key(standard);
            if let Some(any_year) = without_year(&key) {
                to.add_text(self.standard, any_year);
            }
            to.add_text(self.standard, key);
            to.add_text(self.standards, standard);
        }
        for tag in &from.tags {
            to.add_text(self.tag, tag_key(tag));
            to.add_text(self.tags, tag);
        }
        to.add_text(self.signature, Signature::of(from).write());
        to.add_text(self.member, from.key.member.as_str());
        to.add_i64(self.published, from.published_ms);
        to.add_text(self.title, &from.title);
        to.add_text(self.summary, &from.summary);
        to.add_text(self.body, &from.body);
        for fact in &from.facts {
            to.add_text(self.facts, fact);
        }
        to.add_u64(self.revision, from.revision);
        to
    }

    /// The term that names one publication.
    pub(crate) fn key_term(&self, key: &str) -> Term {
        Term::from_field_text(self.key, key)
    }

    /// Reads the stored part back.
    pub(crate) fn stored(&self, document: &TantivyDocument) -> Stored {
        let mut stored = Stored::default();
        // Once through all of them, instead of once for each field.
        for (field, value) in document.field_values() {
            let text = || value.as_str().unwrap_or_default().to_owned();
            if field == self.key {
                stored.key = text();
            } else if field == self.title {
                stored.title = text();
            } else if field == self.summary {
                stored.summary = text();
            } else if field == self.body {
                stored.body = text();
            } else if field == self.facts {
                stored.facts.push(text());
            } else if field == self.tags {
                stored.tags.push(text());
            } else if field == self.standards {
                stored.standards.push(text());
            } else if field == self.revision {
                stored.revision = value.as_u64().unwrap_or_default();
            }
        }
        stored
    }
}

/// What the index keeps to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) body: String,
    pub(crate) facts: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) standards: Vec<String>,
    pub(crate) revision: u64,
}

impl Stored {
    /// Every text that a phrase can be in.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let one = [&self.title, &self.summary, &self.body];
        one.into_iter().chain(&self.facts).chain(&self.tags).chain(&self.standards).map(String::as_str)
    }
}
