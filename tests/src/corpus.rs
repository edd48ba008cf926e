//! A large corpus that looks real: sentences of the demo park's practices, put together anew.
//!
//! The same seed gives the same corpus. Words keep the frequencies of real texts, because whole sentences are drawn; a
//! serial number in each text keeps the records apart.

use std::{fs, path::Path};

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde::Deserialize;
use shouwang_proto::wire;

/// What of a line of the demo corpus is used.
#[derive(Deserialize)]
struct Line {
    title: String,
    body: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    sectors: Vec<String>,
}

/// Where sentences are drawn from.
#[derive(Clone, Debug)]
pub struct Corpus {
    titles: Vec<String>,
    sentences: Vec<String>,
    tags: Vec<String>,
    sectors: Vec<String>,
}

impl Corpus {
    /// Reads the demo corpus of the source tree.
    ///
    /// # Errors
    /// When a file cannot be read or a line is not as the corpus has them.
    pub fn of_the_demo() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../admin-cli/demo");
        let mut files: Vec<_> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        files.retain(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().ends_with(".jsonl") && name != "thesaurus.jsonl")
        });
        files.sort();
        let mut corpus = Self { titles: vec![], sentences: vec![], tags: vec![], sectors: vec![] };
        for file in files {
            for line in fs::read_to_string(&file)?.lines() {
                let Line { title, body, tags, sectors } = serde_json::from_str(line)?;
                corpus.titles.push(title);
                corpus.sentences.extend(
                    body.split_inclusive(['。', '；', '\n'])
                        .map(|sentence| sentence.trim().to_owned())
                        .filter(|sentence| sentence.chars().count() > 6),
                );
                corpus.tags.extend(tags);
                corpus.sectors.extend(sectors);
            }
        }
        corpus.sectors.sort();
        corpus.sectors.dedup();
        anyhow::ensure!(corpus.sentences.len() > 100, "the demo corpus has too few sentences");
        Ok(corpus)
    }

    /// Record number `number` of the corpus that `seed` names: a practice of about 600 bytes.
    #[must_use]
    pub fn record(&self, seed: u64, number: u64) -> wire::Publication {
        let mut random = SmallRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
        let mut body = String::new();
        while body.len() < 420 + (random.next_u32() % 300) as usize {
            body.push_str(pick(&self.sentences, &mut random));
        }
        wire::Publication {
            external_id: format!("L{seed}-{number:07}"),
            title: format!("{}（{number}）", pick(&self.titles, &mut random)).chars().take(200).collect(),
            body,
            tags: vec![pick(&self.tags, &mut random).to_owned()],
            sectors: vec![pick(&self.sectors, &mut random).to_owned()],
            detail: Some(wire::publication::Detail::Practice(wire::Practice {
                standards: vec!["GB 30871-2022".to_owned()],
                ..wire::Practice::default()
            })),
            ..wire::Publication::default()
        }
    }
}

fn pick<'a>(from: &'a [String], random: &mut SmallRng) -> &'a str {
    &from[random.random_range(0..from.len())]
}

#[cfg(test)]
mod tests {
    use shouwang_proto::publication::Content;

    use super::*;

    #[test]
    fn records_are_valid_differ_and_repeat_with_their_seed() {
        let corpus = Corpus::of_the_demo().unwrap();
        let first = corpus.record(1, 7);
        assert_eq!(first, corpus.record(1, 7));
        assert_ne!(first.body, corpus.record(2, 7).body);
        assert_ne!(first.body, corpus.record(1, 8).body);
        for number in 0..200 {
            Content::from_wire(corpus.record(1, number)).unwrap();
        }
    }
}
