//! Carries lines to the node: a thread reads and checks them, they travel without waiting for each other, the answers
//! are counted as they come.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use shouwang_proto::{refusal::Violation, wire::ImportPublicationsRequest};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    attach::Attacher,
    line::{self, Record},
    lines::{LINE_LIMIT, Lines},
    report::Report,
};
use crate::{
    connection::Node,
    failure::{Failure, Outcome},
    words::{Words, words},
};

/// Lines read ahead, and records under way to the node, each.
const AHEAD: usize = 512;

/// Where lines come from.
pub(crate) struct Source {
    reader: Box<dyn BufRead + Send>,
    /// Where relative paths of attachments begin.
    folder: PathBuf,
    /// Size in bytes, when known.
    pub(crate) size: Option<u64>,
}

impl Source {
    /// A file, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Outcome<Self> {
        if path == Path::new("-") {
            let reader = Box::new(BufReader::new(std::io::stdin()));
            return Ok(Self { reader, folder: PathBuf::from("."), size: None });
        }
        let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
        let facts = file.metadata().map_err(|error| Failure::file(path, &error))?;
        if facts.is_dir() {
            return Err(Failure::file(path, &"是目录，不是文件 （is a folder, not a file）"));
        }
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let size = facts.is_file().then_some(facts.len());
        Ok(Self { reader: Box::new(BufReader::with_capacity(256 * 1024, file)), folder, size })
    }

    /// A text that is part of the program.
    pub(crate) fn text(text: &'static str) -> Self {
        let size = Some(text.len() as u64);
        Self { reader: Box::new(text.as_bytes()), folder: PathBuf::from("."), size }
    }
}

/// A line on its way.
enum Step {
    /// It can be sent.
    Ready { number: u64, record: Box<Record> },
    /// It was refused here.
    Refused { number: u64, violations: Vec<Violation> },
    /// The source could not be read further.
    Broken(std::io::Error),
}

/// Told after each line: bytes read, report so far.
pub(crate) type Watch<'a> = &'a mut (dyn FnMut(u64, &Report) + Send);

/// What is known so far; lines refused here and answers of the node come from two sides.
struct Tally<'a> {
    report: Report,
    watch: Watch<'a>,
    position: Arc<AtomicU64>,
}

impl Tally<'_> {
    fn change(&mut self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report);
        (self.watch)(self.position.load(Ordering::Relaxed), &self.report);
    }
}

/// Imports all lines of a source.
///
/// # Errors
/// The node does not answer, or the source cannot be read; what was done until then stays done.
pub(crate) async fn import(node: &Node, source: Source, draft: bool, watch: Watch<'_>) -> Outcome<Report> {
    let (steps, read) = mpsc::channel(AHEAD);
    let (requests, outgoing) = mpsc::channel(AHEAD);
    let position = Arc::new(AtomicU64::new(0));
    let attacher = Attacher::new(node.clone(), source.folder);
    let (reader, at) = (source.reader, Arc::clone(&position));
    // A thread, because reading a file or a pipe blocks. It ends with the source or when nobody takes its lines.
    let thread = thread::Builder::new().name("import-lines".to_owned());
    let spawned = thread.spawn(move || read_lines(reader, &steps, &at));
    spawned.map_err(|error| Failure::failed(words!("无法启动线程：{error}", "no thread: {error}")))?;
    let tally = Mutex::new(Tally { report: Report::default(), watch, position });
    let sending = send(read, requests, &tally, attacher, draft);
    let receiving = receive(node, outgoing, &tally);
    // A node that is gone ends the sending too: nobody takes its requests any more.
    let (sent, received) = tokio::join!(sending, receiving);
    let report = tally.into_inner().unwrap_or_else(PoisonError::into_inner).report;
    match received.and(sent) {
        Ok(()) => Ok(report.finish()),
        Err(failure) => Err(failure.hint(so_far(&report))),
    }
}

fn so_far(report: &Report) -> Words {
    let lines = report.lines();
    words!(
        "已处理 {lines} 行；再次运行即可继续（导入按 external_id 去重）",
        "{lines} lines are done; run it again to go on (import is idempotent on external_id)"
    )
}

fn read_lines(reader: Box<dyn BufRead + Send>, steps: &mpsc::Sender<Step>, position: &AtomicU64) {
    let mut lines = Lines::new(reader, LINE_LIMIT);
    loop {
        let step = match lines.next() {
            Ok(None) => return,
            Ok(Some(found)) => {
                position.store(found.end, Ordering::Relaxed);
                match line::read_for_import(found.bytes.as_deref()) {
                    Ok(record) => Step::Ready { number: found.number, record: Box::new(record) },
                    Err(violations) => Step::Refused { number: found.number, violations },
                }
            }
            Err(error) => Step::Broken(error),
        };
        let broken = matches!(step, Step::Broken(_));
        if steps.blocking_send(step).is_err() || broken {
            return;
        }
    }
}

async fn send(
    mut read: mpsc::Receiver<Step>,
    requests: mpsc::Sender<ImportPublicationsRequest>,
    tally: &Mutex<Tally<'_>>,
    mut attacher: Attacher,
    draft: bool,
) -> Outcome<()> {
    let refuse = |number, violations| {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.change(|report| report.refuse(number, violations));
    };
    while let Some(step) = read.recv().await {
        let (line, record) = match step {
            Step::Ready { number, record } => (number, *record),
            Step::Refused { number, violations } => {
                refuse(number, violations);
                continue;
            }
            Step::Broken(error) => {
                return Err(Failure::failed(words!("读取失败：{error}", "reading failed: {error}")));
            }
        };
        let mut publication = record.publication;
        if !record.attachments.is_empty() {
            match attacher.attach(&record.attachments).await? {
                Ok(attachments) => publication.attachments = attachments,
                Err(violations) => {
                    refuse(line, violations);
                    continue;
                }
            }
        }
        let request = ImportPublicationsRequest { line, publication: Some(publication), draft };
        if requests.send(request).await.is_err() {
            // The other side says why.
            return Ok(());
        }
    }
    Ok(())
}

async fn receive(
    node: &Node,
    outgoing: mpsc::Receiver<ImportPublicationsRequest>,
    tally: &Mutex<Tally<'_>>,
) -> Outcome<()> {
    let failure = |status| node.failure(&status);
    let answers = node.publishing().import_publications(ReceiverStream::new(outgoing)).await;
    let mut answers = answers.map_err(failure)?.into_inner();
    while let Some(answer) = answers.message().await.map_err(failure)? {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.change(|report| report.add(answer));
    }
    Ok(())
}
