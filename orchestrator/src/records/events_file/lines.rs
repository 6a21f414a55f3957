//! The lines of a file that may still grow, in bounded memory whatever it holds.

use std::io::{self, BufRead};

/// The longest line that is read, in bytes without its end. A longer one is passed
/// over, and only counted.
pub const LONGEST_LINE: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A line and its number, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FileLine<'a> {
    /// Its bytes, without the newline.
    Whole(u64, &'a [u8]),
    /// How many bytes it has.
    TooLong(u64, u64),
}

/// Reads lines; what has no end yet is kept until it has.
pub(crate) struct Lines<R> {
    reader: R,
    /// The beginning of a line whose end has not been seen.
    begun: Vec<u8>,
    /// Bytes of that line, kept or not.
    length: u64,
    number: u64,
    /// Bytes of all lines that were read.
    read: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            begun: Vec::new(),
            length: 0,
            number: 0,
            read: 0,
        }
    }

    pub(crate) fn reader(&self) -> &R {
        &self.reader
    }

    /// How many bytes were read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.read
    }

    /// The next whole line; `None` where the file ends for now.
    pub(crate) fn next(&mut self) -> io::Result<Option<FileLine<'_>>> {
        if self.length == 0 {
            self.begun.clear();
        }
        loop {
            let available = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                return Ok(None);
            }
            let end = memchr::memchr(b'\n', available);
            let part = &available[..end.unwrap_or(available.len())];
            let room = (LONGEST_LINE + 1).saturating_sub(self.begun.len());
            self.begun.extend_from_slice(&part[..part.len().min(room)]);
            self.length += part.len() as u64;
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            self.read += used as u64;
            if end.is_some() {
                return Ok(Some(self.line()));
            }
        }
    }

    /// What follows the last newline, if anything: nothing more will come.
    pub(crate) fn rest(&mut self) -> Option<FileLine<'_>> {
        (self.length > 0).then(|| self.line())
    }

    fn line(&mut self) -> FileLine<'_> {
        self.number += 1;
        let length = std::mem::take(&mut self.length);
        if length > LONGEST_LINE as u64 {
            self.begun.clear();
            return FileLine::TooLong(self.number, length);
        }
        let whole = match self.number {
            // A mark at the beginning of a file is none of its text (RFC 8259, section 8.1).
            1 => self.begun.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.begun),
            _ => &self.begun,
        };
        FileLine::Whole(self.number, whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn all(bytes: &[u8], capacity: usize) -> Vec<(u64, Result<Vec<u8>, u64>)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, bytes));
        let owned = |line: FileLine<'_>| match line {
            FileLine::Whole(number, bytes) => (number, Ok(bytes.to_vec())),
            FileLine::TooLong(number, bytes) => (number, Err(bytes)),
        };
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push(owned(line));
        }
        assert_eq!(lines.bytes(), bytes.len() as u64);
        seen.extend(lines.rest().map(owned));
        assert!(lines.rest().is_none());
        seen
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let mark = "\u{feff}";
        let text = format!("{mark}one\n{mark}two\n");
        let second = format!("{mark}two").into_bytes();
        assert_eq!(
            all(text.as_bytes(), 2),
            [(1, Ok(b"one".to_vec())), (2, Ok(second))]
        );
        assert_eq!(all(mark.as_bytes(), 8), [(1, Ok(Vec::new()))]);
    }

    #[test]
    fn lines_are_whole_whatever_the_reads_are() {
        let expected: Vec<_> = [&b"one"[..], b"", b"two", b"three"]
            .iter()
            .zip(1..)
            .map(|(line, number)| (number, Ok(line.to_vec())))
            .collect();
        for capacity in 1..20 {
            assert_eq!(all(b"one\n\ntwo\nthree", capacity), expected, "{capacity}");
        }
    }

    #[test]
    fn a_line_at_the_limit_is_read_and_one_beyond_is_counted() {
        let mut bytes = vec![b'x'; LONGEST_LINE];
        bytes.push(b'\n');
        bytes.extend_from_slice(&vec![b'y'; LONGEST_LINE + 1]);
        bytes.extend_from_slice(b"\nshort\n");
        let seen = all(&bytes, 8192);
        assert_eq!(seen[0].1.as_ref().map(Vec::len), Ok(LONGEST_LINE));
        assert_eq!(seen[1], (2, Err(LONGEST_LINE as u64 + 1)));
        assert_eq!(seen[2], (3, Ok(b"short".to_vec())));
    }
}
