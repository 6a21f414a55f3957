//! The log file of one attempt, in the CRI log line format that container tools
//! read: `<RFC 3339 with nanoseconds> stdout|stderr F|P <bytes>`. `P` marks a
//! part: the line goes on in the next record of its stream (or, at the very end,
//! had no newline), so the collector's bytes can be restored exactly.
//!
//! <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>
//!
//! A log that outgrows its cap keeps its head and its tail and says what lies
//! between. A log that cannot be written never hurts the collector.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;

use crate::files::{FileUse, create_new, state_mode};
use crate::model::Stream;

/// Bytes of log kept where the schedule says nothing: 256 MiB.
pub const DEFAULT_CAP: u64 = 256 << 20;

/// How much of the end of an outgrown log is kept, at most.
const TAIL: usize = 64 << 10;

/// Where the lines of one attempt go.
pub struct AttemptLog {
    file: File,
    /// Records not yet written; emptied once per chunk of output.
    buffer: Vec<u8>,
    /// Timestamp, stream and tag of a whole line of the current chunk.
    prefix: Vec<u8>,
    head_left: u64,
    /// Once the head is full: the newest records, at most twice `tail_cap` of them.
    tail: Vec<u8>,
    tail_cap: usize,
    left_out: u64,
    failure: Option<io::Error>,
}

/// What became of the log.
#[derive(Debug, Default)]
pub struct LogEnd {
    /// Whether output is missing from it.
    pub truncated: bool,
    /// Why it could not be written, if it could not.
    pub failure: Option<io::Error>,
}

impl AttemptLog {
    /// Creates the file. `cap` is in bytes of the file.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path, cap: u64) -> io::Result<Self> {
        let tail_cap = usize::try_from(cap / 2).unwrap_or(TAIL).min(TAIL);
        Ok(Self {
            file: create_new(path, FileUse::ReadAndWrite, state_mode())?,
            buffer: Vec::with_capacity(128 << 10),
            prefix: Vec::with_capacity(48),
            head_left: cap - tail_cap as u64,
            tail: Vec::new(),
            tail_cap,
            left_out: 0,
            failure: None,
        })
    }

    /// The lines that follow were read from `stream` at `at`.
    pub fn begin(&mut self, stream: Stream, at: Timestamp) {
        self.prefix.clear();
        // Writing to a Vec cannot fail.
        let _ = write!(self.prefix, "{at:.9} {} F ", stream.as_str());
    }

    /// A line, and the bytes that ended it: `\n`, `\r\n`, or none for a part that
    /// goes on or has no newline.
    pub fn line(&mut self, text: &[u8], end: &[u8]) {
        self.buffer.extend_from_slice(&self.prefix);
        if end.is_empty() {
            let tag = self.buffer.len() - 2;
            self.buffer[tag] = b'P';
        }
        self.buffer.extend_from_slice(text);
        self.buffer
            .extend_from_slice(if end.is_empty() { b"\n" } else { end });
    }

    /// Writes what has gathered. Called once per chunk, so that a reader of the
    /// file is never more than a chunk behind.
    pub fn flush(&mut self) {
        let fits = usize::try_from(self.head_left).unwrap_or(usize::MAX);
        if self.buffer.len() <= fits && self.tail.is_empty() {
            self.head_left -= self.buffer.len() as u64;
            let buffer = std::mem::take(&mut self.buffer);
            self.write(&buffer);
            self.buffer = buffer;
        } else {
            self.keep_tail(fits);
        }
        self.buffer.clear();
    }

    /// Ends the log: the marker of what was left out, and the kept tail.
    pub fn finish(mut self) -> LogEnd {
        self.flush();
        let tail = std::mem::take(&mut self.tail);
        let tail = self.cut(&tail);
        if self.left_out > 0 {
            self.prefix.clear();
            let marker = format!("[orchestrate: {} bytes of log left out here]\n", self.left_out);
            let at = tail.split(|&byte| byte == b' ').next().unwrap_or_default();
            self.prefix.extend_from_slice(at);
            self.prefix.extend_from_slice(b" stderr F ");
            self.prefix.extend_from_slice(marker.as_bytes());
            let marker = std::mem::take(&mut self.prefix);
            self.write(&marker);
        }
        self.write(&tail);
        LogEnd {
            truncated: self.left_out > 0 || self.failure.is_some(),
            failure: self.failure,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_none()
            && let Err(error) = self.file.write_all(bytes)
        {
            self.failure = Some(error);
        }
    }

    /// The head is full: what still fits goes there, the rest replaces the oldest of the tail.
    fn keep_tail(&mut self, fits: usize) {
        let mut rest = 0;
        if self.tail.is_empty() {
            let records = &self.buffer[..fits.min(self.buffer.len())];
            rest = memchr::memrchr(b'\n', records).map_or(0, |end| end + 1);
            let head = self.buffer[..rest].to_vec();
            self.write(&head);
            self.head_left = 0;
        }
        self.tail.extend_from_slice(&self.buffer[rest..]);
        if self.tail.len() > 2 * self.tail_cap {
            let tail = std::mem::take(&mut self.tail);
            self.tail = self.cut(&tail);
        }
    }

    /// The last whole records of at most `tail_cap` bytes; counts what is dropped.
    fn cut(&mut self, tail: &[u8]) -> Vec<u8> {
        if tail.len() <= self.tail_cap {
            return tail.to_vec();
        }
        let from = tail.len() - self.tail_cap;
        let start = memchr::memchr(b'\n', &tail[from - 1..]).map_or(tail.len(), |end| from + end);
        self.left_out += start as u64;
        tail[start..].to_vec()
    }
}

/// One record of a log file, as read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRecord<'a> {
    /// When it was read from the collector, as written.
    pub at: &'a str,
    /// Which stream it came from.
    pub stream: Stream,
    /// Whether it ends its line.
    pub whole: bool,
    /// The collector's bytes, without the newline.
    pub bytes: &'a [u8],
}

impl<'a> LogRecord<'a> {
    /// Reads a line of a log file, without its newline; `None` if it is none of ours.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let mut parts = line.splitn(4, |&byte| byte == b' ');
        let at = std::str::from_utf8(parts.next()?).ok()?;
        let stream = match parts.next()? {
            b"stdout" => Stream::Stdout,
            b"stderr" => Stream::Stderr,
            _ => return None,
        };
        let whole = match parts.next()? {
            b"F" => true,
            b"P" => false,
            _ => return None,
        };
        Some(Self {
            at,
            stream,
            whole,
            bytes: parts.next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(cap: u64, write: impl FnOnce(&mut AttemptLog)) -> (String, LogEnd) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1-c.log");
        let mut log = AttemptLog::create(&path, cap).unwrap();
        log.begin(Stream::Stdout, "2026-11-25T04:10:00.5Z".parse().unwrap());
        write(&mut log);
        let end = log.finish();
        (String::from_utf8(std::fs::read(path).unwrap()).unwrap(), end)
    }

    #[test]
    fn lines_are_cri_records_and_read_back() {
        let (text, end) = log(DEFAULT_CAP, |log| {
            log.line(b"a b", b"\n");
            log.line(b"", b"");
        });
        assert_eq!(
            text,
            "2026-11-25T04:10:00.500000000Z stdout F a b\n2026-11-25T04:10:00.500000000Z stdout P \n"
        );
        assert!(!end.truncated && end.failure.is_none());
        let record = LogRecord::parse(text.lines().next().unwrap().as_bytes()).unwrap();
        assert_eq!(
            (record.stream, record.whole, record.bytes),
            (Stream::Stdout, true, &b"a b"[..])
        );
        assert_eq!(LogRecord::parse(b"no record"), None);
    }

    #[test]
    fn an_outgrown_log_keeps_head_and_tail_and_says_so() {
        let cap = 4096;
        let (text, end) = log(cap, |log| {
            for number in 0..10_000 {
                log.line(format!("line {number}").as_bytes(), b"\n");
                if number % 7 == 0 {
                    log.flush();
                }
            }
        });
        assert!(end.truncated);
        assert!(text.len() as u64 <= cap + 100, "{}", text.len());
        assert!(text.lines().next().unwrap().ends_with(" F line 0"), "{text}");
        assert!(text.lines().last().unwrap().ends_with(" F line 9999"), "{text}");
        let marker = text
            .lines()
            .position(|line| line.contains("bytes of log left out here"))
            .unwrap();
        assert!(marker > 10);
        assert!(
            text.lines()
                .all(|line| LogRecord::parse(line.as_bytes()).is_some()),
            "{text}"
        );
    }

    #[test]
    fn what_fits_in_head_and_tail_together_is_kept_whole() {
        let (text, end) = log(4096, |log| {
            for number in 0..60 {
                log.line(format!("line {number}").as_bytes(), b"\n");
                log.flush();
            }
        });
        assert!(!end.truncated);
        assert_eq!(text.lines().count(), 60);
    }

    #[test]
    fn a_full_disk_is_an_end_not_a_panic() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut log = AttemptLog::create(&dir.path().join("1-c.log"), DEFAULT_CAP).unwrap();
        log.file = full;
        log.begin(Stream::Stderr, Timestamp::UNIX_EPOCH);
        log.line(b"lost", b"\n");
        let end = log.finish();
        assert!(end.truncated);
        assert_eq!(end.failure.unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
