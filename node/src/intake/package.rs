//! Packages of Office (zip), measured before anybody unfolds them.

use std::io::{Cursor, Read as _};

use shouwang_proto::refusal::Refusal;
use zip::{CompressionMethod, ZipArchive};

use super::{Limits, too_large, unreadable};

/// From here on the ratio of unpacked to packed is looked at: small parts of blanks may be packed ever so tightly.
const RATIO_FROM: u64 = 1024 * 1024;
/// Most distinct texts that a workbook may announce.
const SHARED_TEXTS: u64 = 2_000_000;
/// Bytes read at once.
const PIECE: usize = 64 * 1024;

/// A package whose parts are within the limits.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    packed: u64,
    limits: Limits,
}

impl<'a> Package<'a> {
    /// Opens it.
    ///
    /// # Errors
    /// It is damaged, or has too many parts.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
        if archive.len() > limits.parts {
            let most = limits.parts;
            return Err(too_large(format!("has more than {most} parts （文件内部条目超过 {most} 个）")));
        }
        Ok(Self { archive, packed: u64::try_from(bytes.len()).unwrap_or(u64::MAX), limits: *limits })
    }

    /// True when there is such a part.
    pub(super) fn has(&self, part: &str) -> bool {
        self.archive.index_for_name(part).is_some()
    }

    /// Unpacks everything once, keeping nothing, to see that it stays within the limits: what a part says of its own size is
    /// not believed. Parts of XML are looked into for what makes a reader reserve memory.
    ///
    /// # Errors
    /// DOCUMENT_TOO_LARGE; DOCUMENT_UNREADABLE when it is damaged, protected, or packed in an unusual way.
    pub(super) fn measure(&mut self) -> Result<(), Refusal> {
        let allowed =
            self.limits.unpacked_bytes.min(self.packed.saturating_mul(self.limits.ratio).max(RATIO_FROM));
        let mut unpacked = 0_u64;
        let mut piece = vec![0; PIECE];
        for index in 0..self.archive.len() {
            let mut part = self.archive.by_index(index).map_err(|_| damaged())?;
            if !matches!(part.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                return Err(damaged());
            }
            let texts = part.name().is_ok_and(|name| name.to_ascii_lowercase().contains("sharedstrings"));
            let mut announced = Announced::default();
            loop {
                let read = part.read(&mut piece).map_err(|_| damaged())?;
                if read == 0 {
                    break;
                }
                unpacked = unpacked.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
                if unpacked > allowed {
                    return Err(too_large(
                        "unpacks to far more than it is: this is no ordinary document （解压后过大，疑似压缩炸弹，已拒绝）",
                    ));
                }
                if texts {
                    announced.look(&piece[..read])?;
                }
            }
        }
        Ok(())
    }

    /// The text of a part; `None` when there is none.
    ///
    /// # Errors
    /// It is damaged or larger than allowed.
    pub(super) fn text(&mut self, part: &str) -> Result<Option<String>, Refusal> {
        let Some(index) = self.archive.index_for_name(part) else { return Ok(None) };
        let mut bytes = Vec::new();
        let part = self.archive.by_index(index).map_err(|_| damaged())?;
        let most = self.limits.unpacked_bytes;
        part.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| damaged())?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
            return Err(super::too_much_text(&self.limits));
        }
        String::from_utf8(bytes).map(Some).map_err(|_| damaged())
    }

    /// Names of parts that begin so.
    pub(super) fn count(&self, beginning: &str) -> usize {
        self.archive.file_names().flatten().filter(|name| name.starts_with(beginning)).count()
    }
}

fn damaged() -> Refusal {
    unreadable("the file is damaged or protected （文件已损坏或受保护）")
}

/// Looks for the number of shared texts that a workbook announces: its reader reserves memory for them before it has seen one.
#[derive(Default)]
struct Announced {
    /// The end of the piece before, where the word may have begun.
    tail: Vec<u8>,
}

impl Announced {
    const WORD: &[u8] = b"uniqueCount";
    /// Bytes between the word and its number, and digits of it; more is nothing that a program of ours writes.
    const GAP: usize = 16;
    const DIGITS: usize = 10;

    fn look(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        // Another encoding than UTF-8 would hide the word.
        if piece.contains(&0) || piece.contains(&0x1B) {
            return Err(damaged());
        }
        self.tail.extend_from_slice(piece);
        let found = self.tail.windows(Self::WORD.len()).enumerate().filter(|(_, found)| *found == Self::WORD);
        for (at, _) in found {
            let rest = &self.tail[at + Self::WORD.len()..];
            let gap = rest.iter().take_while(|byte| !byte.is_ascii_digit()).count();
            let digits = rest.iter().skip(gap).take_while(|byte| byte.is_ascii_digit()).count();
            let number = std::str::from_utf8(&rest[gap..gap + digits]).unwrap_or_default();
            let count: u64 = number.parse().unwrap_or(if number.is_empty() { 0 } else { u64::MAX });
            if gap > Self::GAP || digits > Self::DIGITS || count > SHARED_TEXTS {
                return Err(too_large("announces too many texts （共享文本数量过大）"));
            }
        }
        let keep = self.tail.len().saturating_sub(Self::WORD.len() + Self::GAP + Self::DIGITS + 2);
        self.tail.drain(..keep);
        Ok(())
    }
}
