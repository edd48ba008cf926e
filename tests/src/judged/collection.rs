//! Judged collections: texts, questions, and which text answers which question how well.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use serde::Deserialize;

/// A text to be found.
#[derive(Clone, Debug)]
pub struct Text {
    /// Id within the collection.
    pub id: String,
    /// Title; may be empty.
    pub title: String,
    /// Summary; may be empty.
    pub summary: String,
    /// Text.
    pub body: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Standards it cites.
    pub standards: Vec<String>,
}

/// A question.
#[derive(Clone, Debug, Deserialize)]
pub struct Question {
    /// Id within the collection.
    pub id: String,
    /// As people asked it.
    pub text: String,
}

/// A judged collection.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// Texts.
    pub texts: Vec<Text>,
    /// Questions that have at least one judged text.
    pub questions: Vec<Question>,
    /// For each question the grades of its texts, above 0.
    pub grades: HashMap<String, BTreeMap<String, u32>>,
    /// Groups of terms that mean the same, for the collection that has a thesaurus.
    pub thesaurus: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct DemoLine {
    external_id: String,
    title: String,
    #[serde(default)]
    summary: String,
    body: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    standards: Vec<String>,
}

#[derive(Deserialize)]
struct Terms {
    terms: Vec<String>,
}

fn lines<T: serde::de::DeserializeOwned>(file: &Path) -> anyhow::Result<Vec<T>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| Ok(serde_json::from_str(line)?)).collect()
}

impl Collection {
    fn new(
        name: String,
        texts: Vec<Text>,
        questions: Vec<Question>,
        qrels: &Path,
        thesaurus: Vec<Vec<String>>,
    ) -> anyhow::Result<Self> {
        let mut grades: HashMap<String, BTreeMap<String, u32>> = HashMap::new();
        for line in fs::read_to_string(qrels)?.lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            if let [question, text, grade] = parts[..]
                && grade.parse::<u32>()? > 0
            {
                grades.entry(question.to_owned()).or_default().insert(text.to_owned(), grade.parse()?);
            }
        }
        let questions = questions.into_iter().filter(|question| grades.contains_key(&question.id)).collect();
        Ok(Self { name, texts, questions, grades, thesaurus })
    }

    /// Reads a folder with `corpus.jsonl`, `queries*.jsonl` and `qrels.tsv`: one collection for each file of queries.
    ///
    /// # Errors
    /// When a file is missing or not as described.
    pub fn of_folder(folder: &Path) -> anyhow::Result<Vec<Self>> {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let texts: Vec<Text> = lines::<Line>(&folder.join("corpus.jsonl"))?
            .into_iter()
            .map(|Line { id, title, text }| Text {
                id,
                title,
                summary: String::new(),
                body: text,
                tags: vec![],
                standards: vec![],
            })
            .collect();
        let mut all = Vec::new();
        for (file, suffix) in [("queries.jsonl", ""), ("queries_swapped.jsonl", " (other script)")] {
            if folder.join(file).exists() {
                let questions = lines(&folder.join(file))?;
                let name = format!("{name}{suffix}");
                all.push(Self::new(name, texts.clone(), questions, &folder.join("qrels.tsv"), vec![])?);
            }
        }
        Ok(all)
    }

    /// The project's own: questions of safety people over the demo park's publications.
    ///
    /// # Errors
    /// When a file of the source tree is missing or not as it should be.
    pub fn safety() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files: Vec<PathBuf> =
            fs::read_dir(root.join("admin-cli/demo"))?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        files.sort();
        let (mut texts, mut thesaurus) = (Vec::new(), Vec::new());
        for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "jsonl")) {
            let member = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if member == "thesaurus" {
                thesaurus = lines::<Terms>(file)?.into_iter().map(|line| line.terms).collect();
                continue;
            }
            texts.extend(lines::<DemoLine>(file)?.into_iter().map(|line| Text {
                id: format!("{member}/{}", line.external_id),
                title: line.title,
                summary: line.summary,
                body: line.body,
                tags: line.tags,
                standards: line.standards,
            }));
        }
        let judged = root.join("tests/judged/safety");
        Self::new("safety".to_owned(), texts, lines(&judged.join("queries.jsonl"))?, &judged.join("qrels.tsv"), thesaurus)
    }

    /// All collections there are: those of the folder (unpacked or `.tar.xz`) and the project's own.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn all(folder: Option<&Path>, unpack_to: &Path) -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        let mut entries: Vec<PathBuf> = match folder {
            Some(folder) => fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?,
            None => Vec::new(),
        };
        entries.sort();
        for entry in entries {
            if entry.join("corpus.jsonl").exists() {
                all.extend(Self::of_folder(&entry)?);
            } else if let Some(name) = entry.to_string_lossy().strip_suffix(".tar.xz") {
                let done = Command::new("tar").arg("-xf").arg(&entry).arg("-C").arg(unpack_to).status()?;
                anyhow::ensure!(done.success(), "tar cannot unpack {}", entry.display());
                let name = Path::new(name).file_name().unwrap_or_default();
                all.extend(Self::of_folder(&unpack_to.join(name))?);
            }
        }
        all.push(Self::safety()?);
        Ok(all)
    }
}
