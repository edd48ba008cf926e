//! The baseline: what Lucene's `CJKAnalyzer` makes of a text, in one field, ranked with BM25 by the same engine.
//!
//! `StandardTokenizer` (words of letters and digits; `.`, `,`, `'` inside numbers and words do not part them),
//! `CJKWidthFilter`, `LowerCaseFilter`, `CJKBigramFilter` (bigrams of adjacent ideographs and kana, single ones as they
//! are) and its English stop words; a query is the OR of its tokens, repeated ones counted as often as they are there.

use std::collections::BTreeMap;

use tantivy::{
    Index, IndexWriter, TantivyDocument, Term,
    collector::{Count, TopDocs},
    query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _},
    tokenizer::{Token, TokenStream, Tokenizer},
};

use super::{Collection, Run};

const STOP_WORDS: &[&str] = &[
    "a", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of", "on",
    "or", "s", "such", "t", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will",
    "with", "www",
];

fn is_ideograph(one: char) -> bool {
    matches!(one, '\u{3400}'..='\u{9fff}' | '\u{3005}' | '\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Full-width ASCII becomes half-width, as `CJKWidthFilter` does.
fn narrow(one: char) -> char {
    match one {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(one) - 0xfee0).unwrap_or(one),
        _ => one,
    }
}

/// The tokens of a text.
#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut ideographs: Vec<char> = Vec::new();
    let mut word = String::new();
    for (place, one) in characters.iter().copied().enumerate() {
        if is_ideograph(one) {
            end_word(&mut word, &mut tokens);
            ideographs.push(one);
            continue;
        }
        end_ideographs(&mut ideographs, &mut tokens);
        let narrowed = narrow(one);
        if narrowed.is_alphanumeric() || narrowed == '_' {
            word.extend(narrowed.to_lowercase());
        } else if !joins(narrowed, word.chars().last(), characters.get(place + 1).copied().map(narrow)) {
            end_word(&mut word, &mut tokens);
        } else {
            word.push(narrowed);
        }
    }
    end_word(&mut word, &mut tokens);
    end_ideographs(&mut ideographs, &mut tokens);
    tokens
}

/// UAX #29: a mark that stands between two letters or between two digits is part of the word.
fn joins(mark: char, before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let letters = before.is_alphabetic() && after.is_alphabetic() && !is_ideograph(after);
    let digits = before.is_numeric() && after.is_numeric();
    match mark {
        '.' | '\'' | '’' => letters || digits,
        ':' | '·' => letters,
        ',' | ';' => digits,
        _ => false,
    }
}

fn end_word(word: &mut String, tokens: &mut Vec<String>) {
    let word = std::mem::take(word);
    if !word.is_empty() && !STOP_WORDS.contains(&word.as_str()) {
        tokens.push(word);
    }
}

fn end_ideographs(ideographs: &mut Vec<char>, tokens: &mut Vec<String>) {
    match ideographs[..] {
        [] => {}
        [one] => tokens.push(one.to_string()),
        _ => tokens.extend(ideographs.windows(2).map(|pair| pair.iter().collect::<String>())),
    }
    ideographs.clear();
}

/// The analysis as the engine wants it.
#[derive(Clone, Debug, Default)]
pub struct LuceneTokenizer;

/// Tokens made beforehand.
pub struct Tokens {
    tokens: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for LuceneTokenizer {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens {
        Tokens { tokens: tokens(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        let Some(text) = self.tokens.next() else { return false };
        self.token.text = text;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The baseline's index.
pub struct Baseline {
    index: Index,
    id: Field,
    text: Field,
}

impl Baseline {
    /// Indexes a collection in memory.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn build(collection: &Collection) -> anyhow::Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("lucene")
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(true);
        let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
        let id = schema.add_text_field("id", STRING | STORED);
        let index = Index::create_in_ram(schema.build());
        index.tokenizers().register("lucene", LuceneTokenizer);
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 200_000_000)?;
        for one in &collection.texts {
            let mut document = TantivyDocument::default();
            document.add_text(id, &one.id);
            let tags = [one.tags.join("\n"), one.standards.join("\n")].join("\n");
            document.add_text(text, format!("{}\n{}\n{}\n{tags}", one.title, one.summary, one.body));
            writer.add_document(document)?;
        }
        writer.commit()?;
        Ok(Self { index, id, text })
    }

    /// Asks every question.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn run(&self, collection: &Collection) -> anyhow::Result<Run> {
        let searcher = self.index.reader()?.searcher();
        let mut run = Run::new();
        for question in &collection.questions {
            let mut counted: BTreeMap<String, f32> = BTreeMap::new();
            for token in tokens(&question.text) {
                *counted.entry(token).or_default() += 1.0;
            }
            let clauses: Vec<(Occur, Box<dyn Query>)> = counted
                .into_iter()
                .map(|(token, times)| {
                    let term = Term::from_field_text(self.text, &token);
                    let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
                    (Occur::Should, Box::new(BoostQuery::new(query, times)) as Box<dyn Query>)
                })
                .collect();
            let top = TopDocs::with_limit(100).order_by_score();
            let (best, _) = searcher.search(&BooleanQuery::new(clauses), &(top, Count))?;
            let mut ids = Vec::new();
            for (_, address) in best {
                let document: TantivyDocument = searcher.doc(address)?;
                ids.extend(document.get_first(self.id).and_then(|id| id.as_str()).map(str::to_owned));
            }
            run.insert(question.id.clone(), ids);
        }
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_lucene() {
        assert_eq!(tokens("有限空间GB30871-2022，氨 the Don't 4.5m"), [
            "有限", "限空", "空间", "gb30871", "2022", "氨", "don't", "4.5m"
        ]);
        assert_eq!(tokens("ＧＢ３０８７１ カタ"), ["gb30871", "カタ"]);
    }
}
