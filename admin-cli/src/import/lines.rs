//! Cuts a stream of bytes into lines, never holding more than one line's limit.

use std::io::{BufRead, Read as _, Result};

/// Longest line in bytes.
pub(crate) const LINE_LIMIT: usize = 1024 * 1024;

/// One line that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Its bytes without the line break; `None` when there are more than the limit.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Where the next line begins.
    pub(crate) end: u64,
}

/// Reads lines.
pub(crate) struct Lines<R> {
    reader: R,
    limit: usize,
    number: u64,
    position: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads lines of at most `limit` bytes.
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, number: 0, position: 0 }
    }

    /// The next line that is not blank; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            let room = u64::try_from(self.limit).unwrap_or(u64::MAX).saturating_add(1);
            let read = self.reader.by_ref().take(room).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.position += read as u64;
            let ended = bytes.last() == Some(&b'\n');
            if !ended && bytes.len() > self.limit {
                self.skip()?;
                return Ok(Some(Line { number: self.number, bytes: None, end: self.position }));
            }
            let start = if self.number == 1 && bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
            let text = bytes[start..].trim_ascii();
            if !text.is_empty() {
                let bytes = Some(text.to_vec());
                return Ok(Some(Line { number: self.number, bytes, end: self.position }));
            }
        }
    }

    fn skip(&mut self) -> Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(());
            }
            let found = buffer.iter().position(|byte| *byte == b'\n');
            let used = found.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(used);
            self.position += used as u64;
            if found.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(u64, Option<&str>)]) {
        // A tiny buffer, so that lines cross its borders.
        let mut lines = Lines::new(std::io::BufReader::with_capacity(3, text.as_bytes()), 5);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.bytes.map(|bytes| String::from_utf8(bytes).unwrap())));
        }
        let expected: Vec<_> =
            expected.iter().map(|(number, text)| (*number, text.map(str::to_owned))).collect();
        assert_eq!(found, expected);
        assert_eq!(lines.position, text.len() as u64);
    }

    #[test]
    fn lines_are_cut_and_counted() {
        check("", &[]);
        check("a\nb", &[(1, Some("a")), (2, Some("b"))]);
        check("\u{FEFF}a\r\n\n  \nb\n", &[(1, Some("a")), (4, Some("b"))]);
        check("12345\n123456\n7", &[(1, Some("12345")), (2, None), (3, Some("7"))]);
        check("12345678901234567890", &[(1, None)]);
    }
}
