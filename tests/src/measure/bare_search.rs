//! The bare two-stage search on a `BareIndex`: one flat OR of bigrams with total and facet counts, the best 200
//! ranked again by single characters, ten of them with a snippet.

use std::collections::BTreeMap;

use tantivy::{
    DocAddress, DocId, Score, Searcher, SegmentOrdinal, SegmentReader, TERMINATED, TantivyDocument, Term,
    collector::{Collector, Count, SegmentCollector, TopDocs},
    columnar::StrColumn,
    postings::Postings as _,
    query::{Bm25StatisticsProvider as _, Bm25Weight, BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{IndexRecordOption, Value as _},
};

use super::bare_index::{FACETS, Fields, terms};

/// How many are ranked again.
const RERANKED: usize = 200;
/// Weight of the title's bigrams.
const TITLE: Score = 0.3;
/// Weight of the single characters.
const SINGLES: Score = 0.7;
/// Length of a snippet in characters.
const SNIPPET: usize = 120;

/// One hit.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Key of the publication.
    pub key: String,
    /// Title.
    pub title: String,
    /// Passage.
    pub snippet: String,
    /// Byte ranges of the passage that match.
    pub ranges: Vec<(usize, usize)>,
    /// Score.
    pub score: Score,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// How many match.
    pub total: usize,
    /// The best, best first.
    pub hits: Vec<Hit>,
    /// For each field of [`FACETS`], how many matches have each value.
    pub facets: Vec<BTreeMap<String, u64>>,
}

/// Searches.
///
/// # Errors
/// What tantivy said.
pub fn search(searcher: &Searcher, fields: &Fields, words: &str, wanted: usize) -> tantivy::Result<Answer> {
    let query = query(fields, words);
    let (mut best, total, facets) =
        searcher.search(&query, &(TopDocs::with_limit(RERANKED).order_by_score(), Count, FacetCounts))?;
    rerank(searcher, fields, words, &mut best)?;
    let pairs: Vec<String> = terms(words, true).into_iter().map(|token| token.text).collect();
    let hits = best
        .into_iter()
        .take(wanted)
        .map(|(score, address)| hit(searcher, fields, &pairs, score, address))
        .collect::<tantivy::Result<_>>()?;
    Ok(Answer { total, hits, facets })
}

fn query(fields: &Fields, words: &str) -> BooleanQuery {
    let one = |field, text: &str| -> Box<dyn Query> {
        Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
    };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for token in terms(words, true) {
        clauses.push((Occur::Should, one(fields.bigrams, &token.text)));
        let title = BoostQuery::new(one(fields.title_bigrams, &token.text), TITLE);
        clauses.push((Occur::Should, Box::new(title)));
    }
    BooleanQuery::new(clauses)
}

/// Adds the singles' scores to the best and orders them anew; postings are walked in the order of documents.
fn rerank(
    searcher: &Searcher,
    fields: &Fields,
    words: &str,
    best: &mut [(Score, DocAddress)],
) -> tantivy::Result<()> {
    best.sort_unstable_by_key(|(_, address)| *address);
    let documents = searcher.total_num_docs()?;
    if documents == 0 {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean length")]
    let average = searcher.total_num_tokens(fields.singles)? as Score / documents as Score;
    for token in terms(words, false) {
        let term = Term::from_field_text(fields.singles, &token.text);
        let bm25 = Bm25Weight::for_one_term_without_explain(searcher.doc_freq(&term)?, documents, average);
        for group in best.chunk_by_mut(|one, other| one.1.segment_ord == other.1.segment_ord) {
            let segment = searcher.segment_reader(group[0].1.segment_ord);
            let index = segment.inverted_index(fields.singles)?;
            let Some(mut postings) = index.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            let lengths = segment.get_fieldnorms_reader(fields.singles)?;
            for (score, address) in group {
                use tantivy::DocSet as _;
                if postings.doc() < address.doc_id {
                    postings.seek(address.doc_id);
                }
                if postings.doc() == address.doc_id && postings.doc() != TERMINATED {
                    *score +=
                        SINGLES * bm25.score(lengths.fieldnorm_id(address.doc_id), postings.term_freq());
                }
            }
        }
    }
    best.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    Ok(())
}

fn hit(
    searcher: &Searcher,
    fields: &Fields,
    pairs: &[String],
    score: Score,
    address: DocAddress,
) -> tantivy::Result<Hit> {
    let document: TantivyDocument = searcher.doc(address)?;
    let text =
        |field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let body = text(fields.body);
    let found: Vec<(usize, usize)> = terms(&body, true)
        .into_iter()
        .filter(|token| pairs.contains(&token.text))
        .map(|token| (token.offset_from, token.offset_to))
        .collect();
    let start = found.first().map_or(0, |(start, _)| *start);
    let snippet: String = body[start..].chars().take(SNIPPET).collect();
    let end = start + snippet.len();
    let ranges =
        found.into_iter().filter(|(_, to)| *to <= end).map(|(from, to)| (from - start, to - start)).collect();
    Ok(Hit { key: text(fields.key), title: text(fields.title), snippet, ranges, score })
}

/// Counts the values of [`FACETS`] over all matches.
struct FacetCounts;

/// The columns of one segment, and how often each of their values came.
struct SegmentFacets {
    columns: Vec<Option<(StrColumn, Vec<u64>)>>,
}

impl Collector for FacetCounts {
    type Fruit = Vec<BTreeMap<String, u64>>;
    type Child = SegmentFacets;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentFacets> {
        let columns = FACETS
            .into_iter()
            .map(|name| {
                Ok(segment.fast_fields().str(name)?.map(|column| {
                    let counts = vec![0; column.num_terms()];
                    (column, counts)
                }))
            })
            .collect::<tantivy::Result<_>>()?;
        Ok(SegmentFacets { columns })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<Self::Fruit>) -> tantivy::Result<Self::Fruit> {
        let mut all = vec![BTreeMap::new(); FACETS.len()];
        for segment in segments {
            for (sum, part) in all.iter_mut().zip(segment) {
                for (value, count) in part {
                    *sum.entry(value).or_default() += count;
                }
            }
        }
        Ok(all)
    }
}

impl SegmentCollector for SegmentFacets {
    type Fruit = Vec<BTreeMap<String, u64>>;

    fn collect(&mut self, document: DocId, _: Score) {
        for (column, counts) in self.columns.iter_mut().flatten() {
            for value in column.term_ords(document) {
                if let Some(count) = usize::try_from(value).ok().and_then(|value| counts.get_mut(value)) {
                    *count += 1;
                }
            }
        }
    }

    fn harvest(self) -> Self::Fruit {
        self.columns.into_iter().map(|column| column.map(name_values).unwrap_or_default()).collect()
    }
}

fn name_values((column, counts): (StrColumn, Vec<u64>)) -> BTreeMap<String, u64> {
    let mut named = BTreeMap::new();
    for (value, count) in (0..).zip(counts).filter(|(_, count)| *count > 0) {
        let mut name = String::new();
        if column.ord_to_str(value, &mut name).unwrap_or(false) {
            named.insert(name, count);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use shouwang_proto::wire;

    use super::*;
    use crate::measure::bare_index::BareIndex;

    #[test]
    fn the_better_match_comes_first_and_everything_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = BareIndex::create(folder.path(), 1, 15_000_000).unwrap();
        let publication = |id: &str, title: &str, body: &str| wire::Publication {
            external_id: id.to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            sectors: vec!["mining".to_owned()],
            ..wire::Publication::default()
        };
        index.add("north", &publication("1", "动火作业监护", "动火作业前检测可燃气体。")).unwrap();
        index.add("south", &publication("2", "高处作业", "系好安全带。")).unwrap();
        index.add("south", &publication("3", "应急演练", "每季度一次。")).unwrap();
        index.commit().unwrap();
        let answer = search(&index.reader.searcher(), &index.fields, "动火作业", 10).unwrap();
        assert_eq!((answer.total, answer.hits.len()), (2, 2));
        assert_eq!(answer.hits[0].key, "north/1");
        assert!(answer.hits[0].score > answer.hits[1].score);
        let (from, to) = answer.hits[0].ranges[0];
        assert_eq!(&answer.hits[0].snippet[from..to], "动火");
        assert_eq!(answer.facets[1], BTreeMap::from([("north".to_owned(), 1), ("south".to_owned(), 1)]));
        assert_eq!(answer.facets[2], BTreeMap::from([("mining".to_owned(), 2)]));
    }
}
