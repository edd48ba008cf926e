//! Documents are read one at a time, away from the threads that answer; PDFs by a program of their own, if there is one.

use std::{ffi::OsString, process::Stdio, sync::Arc, time::Duration};

use shouwang_proto::publication::Kind;
use shouwang_serving::grpc::internal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    sync::Semaphore,
    time::timeout,
};
use tonic::Status;

use crate::intake::{self, Format, Limits, Note, Reading, unreadable};

/// Most documents being read at once: each may take 64 MiB and a processor for a second or two.
const AT_ONCE: usize = 1;
/// Longest run of the program for PDFs.
const PDF_LIMIT: Duration = Duration::from_secs(30);
/// Most bytes of text taken from it: far more than a publication may have.
const PDF_TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// What of this process's surroundings the program may know.
const SURROUNDINGS: [&str; 3] = ["PATH", "LANG", "LC_ALL"];

/// Reads documents. Cheap to clone; the clones wait for each other.
#[derive(Clone, Debug)]
pub struct DocumentReader {
    turns: Arc<Semaphore>,
    limits: Limits,
    /// Program, and its first arguments, that reads a PDF from its standard input and writes its text, as poppler's
    /// `pdftotext` does.
    pdf_program: Arc<[OsString]>,
}

impl Default for DocumentReader {
    fn default() -> Self {
        Self::new(&["pdftotext"])
    }
}

impl DocumentReader {
    /// With this program for PDFs, and its first arguments.
    #[must_use]
    pub fn new(pdf_program: &[&str]) -> Self {
        let pdf_program = pdf_program.iter().map(OsString::from).collect();
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), limits: Limits::default(), pdf_program }
    }

    /// How much of a document is taken.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads a document; changes nothing. `kind` is what the rows of a table are when they do not say it themselves.
    ///
    /// # Errors
    /// Those of [`intake::read`]; INTERNAL.
    pub async fn read(&self, name: String, bytes: Vec<u8>, kind: Option<Kind>) -> Result<Reading, Status> {
        let _turn = self.turns.acquire().await.map_err(|error| internal(&error))?;
        if bytes.starts_with(b"%PDF-") {
            intake::recognise(&name, &bytes, &self.limits)?;
            return self.read_pdf(name, bytes).await;
        }
        let limits = self.limits;
        let read = tokio::task::spawn_blocking(move || intake::read(&name, &bytes, kind, &limits));
        match read.await {
            Ok(reading) => Ok(reading?),
            // A library stumbled over a document that somebody made for that: the document's fault, not the node's.
            Err(error) if error.is_panic() => {
                tracing::warn!("a document made its reader panic");
                Err(unreadable("the document is damaged （文件已损坏）").into())
            }
            Err(error) => Err(internal(&error)),
        }
    }

    async fn read_pdf(&self, name: String, bytes: Vec<u8>) -> Result<Reading, Status> {
        let (text, notes) = match self.text_of_pdf(bytes).await {
            Ok(text) => (text, Vec::new()),
            Err(words) => (String::new(), vec![Note::new("", words)]),
        };
        let made = tokio::task::spawn_blocking(move || intake::from_text(Format::Pdf, &name, &text, notes));
        made.await.map_err(|error| internal(&error))
    }

    /// The text of a PDF, or words about why there is none.
    async fn text_of_pdf(&self, bytes: Vec<u8>) -> Result<String, &'static str> {
        let known = SURROUNDINGS.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        let mut words = self.pdf_program.iter();
        let child = Command::new(words.next().cloned().unwrap_or_default())
            .args(words)
            .args(["-enc", "UTF-8", "-nopgbrk", "-q", "-", "-"])
            .env_clear()
            .envs(known)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let child = child.map_err(|error| {
            tracing::info!(%error, "there is no program that reads PDFs");
            "the text of a PDF cannot be read here (the node's machine has no pdftotext): paste the text （本节点未安装 pdftotext，无法读取 PDF，请粘贴正文）"
        })?;
        match timeout(PDF_LIMIT, attend(child, bytes)).await {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(
                "the PDF cannot be read: it is damaged, protected or too long; paste the text （PDF 无法读取：已损坏、受保护或过长，请粘贴正文）",
            ),
            Err(_late) => Err("reading the PDF took too long: paste the text （PDF 读取超时，请粘贴正文）"),
        }
    }
}

/// Feeds the program and takes what it says; nothing when it fails or says too much.
async fn attend(mut child: Child, bytes: Vec<u8>) -> Option<String> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let feeding = async {
        if let Some(mut stdin) = stdin {
            // It need not read everything before it fails.
            drop(stdin.write_all(&bytes).await);
            drop(stdin.shutdown().await);
        }
    };
    let mut said = Vec::new();
    let listening = async {
        let mut stdout = stdout?.take(PDF_TEXT_BYTES + 1);
        stdout.read_to_end(&mut said).await.ok()
    };
    let ((), read) = tokio::join!(feeding, listening);
    if u64::try_from(read?).unwrap_or(u64::MAX) > PDF_TEXT_BYTES {
        return None;
    }
    let ended = child.wait().await.ok()?;
    ended.success().then(|| String::from_utf8_lossy(&said).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that takes the place of `pdftotext`.
    fn reader(script: &str) -> DocumentReader {
        DocumentReader::new(&["/bin/sh", "-c", script])
    }

    async fn read(reader: &DocumentReader) -> Reading {
        let bytes = [b"%PDF-1.7 ".as_slice(), &vec![b'x'; 300_000]].concat();
        reader.read("动火.pdf".to_owned(), bytes, None).await.unwrap()
    }

    #[tokio::test]
    async fn a_pdf_is_read_by_its_program() {
        let script = "[ \"$*\" = 'UTF-8 -nopgbrk -q - -' ] || exit 9\n[ $(wc -c) = 300009 ] || exit 8\nprintf '动火要点\\n一看二测三清。\\n'";
        let reading = read(&reader(script)).await;
        assert_eq!((reading.format, reading.notes.as_slice()), (Format::Pdf, &[][..]));
        let publication = reading.rows[0].publication.clone().unwrap();
        assert_eq!((publication.title.as_str(), publication.body.as_str()), ("动火要点", "一看二测三清。"));
    }

    #[tokio::test]
    async fn without_a_text_the_answer_says_to_paste_it() {
        for (script, words) in [
            ("cat > /dev/null; echo half; exit 3", "损坏"),
            ("cat > /dev/null; head -c 5000000 /dev/zero", "过长"),
            ("exit 0", "扫描件"),
        ] {
            let reading = read(&reader(script)).await;
            assert!(reading.notes[0].words.contains(words), "{:?}", reading.notes);
            assert_eq!(reading.rows[0].violations[0].field, "body", "{script}");
        }
        let nobody = DocumentReader::new(&["/nowhere/at/all"]);
        assert!(read(&nobody).await.notes[0].words.contains("pdftotext"));
    }
}
