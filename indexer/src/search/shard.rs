//! One index folder: its writer, its reader, the facts of its segments.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, Searcher,
    directory::MmapDirectory,
    index::SegmentId,
    indexer::{IndexWriterOptions, LogMergePolicy},
};

use super::{
    document::Document,
    facts::{Names, SegmentFacts},
    schema::{Fields, VERSION, key_hash, schema, tokenizers},
};

/// Segments with fewer publications than this are merged with each other. The engine's own choice is ten times as many:
/// then the commits of a busy hour are written anew seven times on average before they are left alone, and now half as
/// often, for a few segments more.
const SMALLEST_LAYER: u32 = 1_000;

/// Deletes a folder. A merge of an index that has ended may still put a file there; then once more.
pub(crate) fn delete(folder: &Path) -> io::Result<()> {
    const TIMES: usize = 100;
    let mut last = Ok(());
    for _ in 0..TIMES {
        last = fs::remove_dir_all(folder);
        match &last {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(()) | Err(_) => break,
        }
    }
    last
}

/// What a commit carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payload {
    /// [`VERSION`] of the analysis that made the index.
    pub(crate) version: u32,
    /// Position in the hub's log up to which everything that concerns this index is in it.
    pub(crate) position: u64,
    /// Which life of the hub wrote the line of its log there: the same position of another history is another place.
    pub(crate) era: [u8; 16],
    /// Position of the restricted index when this commit was made; only the open index carries it.
    pub(crate) restricted: u64,
}

/// Memory and threads of a writer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriterSize {
    /// Threads.
    pub(crate) threads: usize,
    /// Bytes buffered by each thread, at least 15 MB.
    pub(crate) bytes: usize,
}

/// See the module.
pub(crate) struct Shard {
    folder: PathBuf,
    pub(crate) fields: Fields,
    index: Index,
    writer: IndexWriter,
    reader: IndexReader,
    facts: HashMap<SegmentId, Arc<SegmentFacts>>,
    /// Hashes of all keys that may be in it: what is not, needs no deletion.
    present: HashSet<u64>,
    pending: bool,
    committed: u64,
}

/// What of a shard a question looks at.
#[derive(Clone)]
pub(crate) struct ShardView {
    pub(crate) fields: Fields,
    pub(crate) searcher: Searcher,
    /// The facts of each segment, in the searcher's order.
    pub(crate) facts: Vec<Arc<SegmentFacts>>,
}

impl Shard {
    /// Opens the folder; what is missing, broken or of another version is made anew and says position 0.
    pub(crate) fn open(folder: &Path, size: WriterSize) -> tantivy::Result<(Self, Payload)> {
        match Self::open_existing(folder, size) {
            Ok(Some(opened)) => Ok(opened),
            Ok(None) => Self::create(folder, size),
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "index cannot be opened, it is built anew");
                Self::create(folder, size)
            }
        }
    }

    fn open_existing(folder: &Path, size: WriterSize) -> tantivy::Result<Option<(Self, Payload)>> {
        if !folder.join("meta.json").exists() {
            return Ok(None);
        }
        let index = Index::open(MmapDirectory::open(folder)?)?;
        let payload = index.load_metas()?.payload;
        let payload: Option<Payload> = payload.and_then(|text| serde_json::from_str(&text).ok());
        let (wanted, fields) = schema();
        match payload {
            Some(payload) if payload.version == VERSION && index.schema() == wanted => {
                let mut shard = Self::with(folder, index, fields, size)?;
                shard.committed = payload.position;
                Ok(Some((shard, payload)))
            }
            _ => Ok(None),
        }
    }

    /// Makes an empty index in place of whatever is there.
    pub(crate) fn create(folder: &Path, size: WriterSize) -> tantivy::Result<(Self, Payload)> {
        delete(folder)?;
        fs::create_dir_all(folder)?;
        let (schema, fields) = schema();
        let index = Index::create_in_dir(folder, schema)?;
        let mut shard = Self::with(folder, index, fields, size)?;
        let payload = Payload { version: VERSION, ..Payload::default() };
        shard.commit(payload)?;
        Ok((shard, payload))
    }

    fn with(folder: &Path, mut index: Index, fields: Fields, size: WriterSize) -> tantivy::Result<Self> {
        index.set_tokenizers(tokenizers());
        let options = IndexWriterOptions::builder()
            .num_worker_threads(size.threads)
            .memory_budget_per_thread(size.bytes)
            .num_merge_threads(1)
            .build();
        let writer = index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_layer_size(SMALLEST_LAYER);
        writer.set_merge_policy(Box::new(policy));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let mut shard = Self {
            folder: folder.to_owned(),
            fields,
            index,
            writer,
            reader,
            facts: HashMap::new(),
            present: HashSet::new(),
            pending: false,
            committed: 0,
        };
        shard.present = shard.read_present()?;
        Ok(shard)
    }

    fn read_present(&self) -> tantivy::Result<HashSet<u64>> {
        let mut present = HashSet::new();
        for segment in self.reader.searcher().segment_readers() {
            let tie = segment.fast_fields().u64("tie")?;
            present.extend(segment.doc_ids_alive().filter_map(|document| tie.first(document)));
        }
        Ok(present)
    }

    /// True when the files under the running index are gone.
    pub(crate) fn is_lost(&self) -> bool {
        !self.folder.join("meta.json").exists()
    }

    /// Puts a publication in, in place of what had its key.
    pub(crate) fn put(&mut self, key: &str, document: &Document) -> tantivy::Result<()> {
        self.remove(key);
        self.writer.add_document(self.fields.document(key, document))?;
        self.present.insert(key_hash(key));
        self.pending = true;
        Ok(())
    }

    /// Takes a publication out.
    pub(crate) fn remove(&mut self, key: &str) {
        if self.present.remove(&key_hash(key)) {
            self.writer.delete_term(self.fields.key_term(key));
            self.pending = true;
        }
    }

    /// True when something waits for a commit.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    /// Position of the last commit.
    pub(crate) fn committed(&self) -> u64 {
        self.committed
    }

    /// Makes everything so far searchable (after [`Shard::view`]) and durable, with the payload in the same write.
    pub(crate) fn commit(&mut self, payload: Payload) -> tantivy::Result<()> {
        let text = serde_json::to_string(&payload).unwrap_or_default();
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&text);
        prepared.commit()?;
        self.pending = false;
        self.committed = payload.position;
        Ok(())
    }

    /// The newest commit as questions see it.
    pub(crate) fn view(&mut self, names: &mut Arc<Names>) -> tantivy::Result<ShardView> {
        self.reader.reload()?;
        let searcher = self.reader.searcher();
        let mut kept = HashMap::new();
        let mut facts = Vec::new();
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            let known = match self.facts.get(&id) {
                Some(known) => Arc::clone(known),
                None => Arc::new(SegmentFacts::read(segment, names)?),
            };
            kept.insert(id, Arc::clone(&known));
            facts.push(known);
        }
        self.facts = kept;
        Ok(ShardView { fields: self.fields, searcher, facts })
    }

    /// Checks every file against its checksum; the names of the damaged ones.
    pub(crate) fn damaged(&self) -> tantivy::Result<Vec<PathBuf>> {
        Ok(self.index.validate_checksum()?.into_iter().collect())
    }
}
