//! The bare index: tantivy with the fields that the recommended ranking needs, fed directly.
//!
//! The same fields as the recommendation (bigrams of all text, bigrams of the title, single characters, the text
//! itself, kind, member and sector for facets) and the plainest tokenizer that gives them: lower case, bigrams. No
//! normalisation of scripts and widths, no sounds, no scopes, no positions of a log, no check of any kind.

use std::path::Path;

use shouwang_proto::wire;
use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument,
    indexer::IndexWriterOptions,
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{Token, TokenStream, Tokenizer},
};

/// The fields that facets are counted over.
pub const FACETS: [&str; 3] = ["kind", "member", "sector"];

/// Fields of the bare index.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// Key of the publication.
    pub key: Field,
    /// Bigrams of all text.
    pub bigrams: Field,
    /// Bigrams of the title.
    pub title_bigrams: Field,
    /// Single characters of all text.
    pub singles: Field,
    /// The title.
    pub title: Field,
    /// The text.
    pub body: Field,
    /// Fast fields for [`FACETS`].
    pub facets: [Field; 3],
}

/// A bare index with its only writer.
pub struct BareIndex {
    /// The index.
    pub index: Index,
    /// Its fields.
    pub fields: Fields,
    /// Its reader; searches see what was committed when it was last reloaded.
    pub reader: IndexReader,
    writer: IndexWriter,
}

impl BareIndex {
    /// Makes an empty index in a folder.
    ///
    /// # Errors
    /// What tantivy said.
    pub fn create(folder: &Path, threads: usize, bytes_each: usize) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (schema, fields) = schema();
        let index = Index::create_in_dir(folder, schema)?;
        index.tokenizers().register("bigrams", Plain { pairs: true });
        index.tokenizers().register("singles", Plain { pairs: false });
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            .memory_budget_per_thread(bytes_each)
            .build();
        let writer = index.writer_with_options(options)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, fields, reader, writer })
    }

    /// Adds a publication.
    ///
    /// # Errors
    /// What tantivy said.
    pub fn add(&self, member: &str, publication: &wire::Publication) -> anyhow::Result<()> {
        let fields = &self.fields;
        let mut document = TantivyDocument::default();
        document.add_text(fields.key, format!("{member}/{}", publication.external_id));
        let texts = [&publication.title, &publication.summary, &publication.body];
        for text in texts.into_iter().chain(&publication.tags).filter(|text| !text.is_empty()) {
            document.add_text(fields.bigrams, text);
            document.add_text(fields.singles, text);
        }
        document.add_text(fields.title_bigrams, &publication.title);
        document.add_text(fields.title, &publication.title);
        document.add_text(fields.body, &publication.body);
        let [kind, owner, sector] = fields.facets;
        document.add_text(kind, "practice");
        document.add_text(owner, member);
        for code in &publication.sectors {
            document.add_text(sector, code);
        }
        self.writer.add_document(document)?;
        Ok(())
    }

    /// Commits and lets searches see it.
    ///
    /// # Errors
    /// What tantivy said.
    pub fn commit(&mut self) -> anyhow::Result<()> {
        self.writer.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// Ends the writer after its merges.
    ///
    /// # Errors
    /// What tantivy said.
    pub fn finish(self) -> anyhow::Result<IndexReader> {
        self.writer.wait_merging_threads()?;
        self.reader.reload()?;
        Ok(self.reader)
    }
}

fn schema() -> (Schema, Fields) {
    let text = |tokenizer: &str| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(true);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut builder = Schema::builder();
    let fields = Fields {
        key: builder.add_text_field("key", STRING | STORED),
        bigrams: builder.add_text_field("bi", text("bigrams")),
        title_bigrams: builder.add_text_field("bt", text("bigrams")),
        singles: builder.add_text_field("uni", text("singles")),
        title: builder.add_text_field("title", STORED),
        body: builder.add_text_field("body", STORED),
        facets: FACETS.map(|name| builder.add_text_field(name, TextOptions::default().set_fast("raw"))),
    };
    (builder.build(), fields)
}

/// Words of letters and digits in lower case, ideographs alone or in overlapping pairs.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    /// Pairs, or else single ideographs.
    pub pairs: bool,
}

/// CJK unified ideographs.
fn is_ideograph(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// The terms of a text.
#[must_use]
pub fn terms(text: &str, pairs: bool) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut push = |text: String, offset_from, offset_to| {
        let position = tokens.len();
        tokens.push(Token { offset_from, offset_to, position, text, position_length: 1 });
    };
    let mut characters = text.char_indices().peekable();
    let mut before: Option<(usize, char)> = None;
    let mut paired = false;
    while let Some((at, character)) = characters.next() {
        if is_ideograph(character) {
            if !pairs {
                push(character.to_string(), at, at + character.len_utf8());
            } else if let Some((start, first)) = before {
                push(String::from_iter([first, character]), start, at + character.len_utf8());
                paired = true;
            }
            before = Some((at, character));
            continue;
        }
        if let (Some((start, alone)), false, true) = (before.take(), paired, pairs) {
            push(alone.to_string(), start, start + alone.len_utf8());
        }
        paired = false;
        if character.is_alphanumeric() {
            let mut word: String = character.to_lowercase().collect();
            let mut end = at + character.len_utf8();
            while let Some((at, next)) =
                characters.next_if(|(_, next)| next.is_alphanumeric() && !is_ideograph(*next))
            {
                word.extend(next.to_lowercase());
                end = at + next.len_utf8();
            }
            push(word, at, end);
        }
    }
    if let (Some((start, alone)), false, true) = (before, paired, pairs) {
        push(alone.to_string(), start, start + alone.len_utf8());
    }
    tokens
}

impl Tokenizer for Plain {
    type TokenStream<'a> = PlainStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> PlainStream {
        PlainStream { tokens: terms(text, self.pairs), next: 0 }
    }
}

/// The terms of one text, one after another.
#[derive(Debug)]
pub struct PlainStream {
    tokens: Vec<Token>,
    next: usize,
}

impl TokenStream for PlainStream {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pairs: bool, expected: &[&str]) {
        let found = terms(text, pairs);
        assert_eq!(found.iter().map(|token| token.text.as_str()).collect::<Vec<_>>(), expected);
        for token in found {
            assert_eq!(text[token.offset_from..token.offset_to].to_lowercase(), token.text);
        }
    }

    #[test]
    fn texts_become_pairs_singles_and_words() {
        check("动火作业GB30871 安 全", true, &["动火", "火作", "作业", "gb30871", "安", "全"]);
        check("动火作业 KYT", false, &["动", "火", "作", "业", "kyt"]);
        check("", true, &[]);
        check("，。", true, &[]);
        check("氨", true, &["氨"]);
    }
}
