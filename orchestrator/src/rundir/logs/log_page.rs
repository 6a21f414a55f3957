//! Finding one's way in a log file of any size: the beginning of its last lines, and one
//! page of it by byte offset. Reads no more than it must and keeps a chunk in memory.
//! Called by whoever shows logs; knows nothing of how they are shown.

use std::io::{self, Read, Seek, SeekFrom};

use crate::model::Stream;
use crate::rundir::logs::attempt_log::LogRecord;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// As much of a record as says which stream it is of: a time, two words, three spaces.
const HEAD: usize = 64;

/// No record of ours is longer; whatever is, is cut here, so that memory stays bounded.
const LONGEST: usize = 1 << 20;

/// Whole records of a log file, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// Where the first of them begins.
    pub offset: u64,
    /// Where the next page begins: after the last of them.
    pub next_offset: u64,
    /// How large the file is.
    pub size: u64,
    /// The records, each with its newline, but perhaps the last one of a log that has ended.
    pub bytes: Vec<u8>,
}

/// The records that begin at `offset` or later, at most `limit` bytes of them, but at least
/// one if there is one. An `offset` within a record stands for the beginning of the next. A
/// last record without its end belongs to a page only if the log has `ended`.
///
/// # Errors
/// The file cannot be read.
pub fn read_page(
    file: &mut (impl Read + Seek),
    offset: u64,
    limit: usize,
    ended: bool,
) -> io::Result<LogPage> {
    let size = file.seek(SeekFrom::End(0))?;
    let offset = record_start(file, offset.min(size), size)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    let mut wanted = limit.max(1);
    loop {
        let more = (wanted - bytes.len()) as u64;
        let count = file.by_ref().take(more).read_to_end(&mut bytes)?;
        let at_end = count < wanted - (bytes.len() - count) || offset + bytes.len() as u64 >= size;
        let whole = if bytes.len() <= limit {
            memchr::memrchr(b'\n', &bytes)
        } else {
            memchr::memchr(b'\n', &bytes)
        };
        let within = bytes.len() <= limit;
        match whole {
            _ if at_end && ended && within => break,
            Some(end) => {
                bytes.truncate(end + 1);
                break;
            }
            None if at_end && ended || bytes.len() >= LONGEST => break,
            None if at_end => {
                bytes.clear();
                break;
            }
            // Not even one record: it is longer than the page.
            None => wanted = bytes.len() + CHUNK,
        }
    }
    Ok(LogPage {
        offset,
        next_offset: offset + bytes.len() as u64,
        size,
        bytes,
    })
}

/// Where the first record begins at `offset` or later; the size of the file if none does.
fn record_start(file: &mut (impl Read + Seek), offset: u64, size: u64) -> io::Result<u64> {
    if offset == 0 {
        return Ok(0);
    }
    // One that ends just before it makes this its beginning.
    let mut at = file.seek(SeekFrom::Start(offset - 1))?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok(size);
        }
        if let Some(end) = memchr::memchr(b'\n', &chunk[..count]) {
            return Ok(at + end as u64 + 1);
        }
        at += count as u64;
    }
}

/// Where the last `count` records begin, of one stream or of both; 0 if there are fewer.
/// Reads backwards from the end, and only as far as it must.
///
/// # Errors
/// The file cannot be read.
pub fn tail_start(file: &mut (impl Read + Seek), stream: Option<Stream>, count: usize) -> io::Result<u64> {
    let size = file.seek(SeekFrom::End(0))?;
    if count == 0 {
        return Ok(size);
    }
    let mut left = count;
    let mut chunk = vec![0; CHUNK];
    // The first bytes after the chunk: a record's head may go on there.
    let mut after: Vec<u8> = Vec::new();
    let (mut end, mut record_end) = (size, size);
    while end > 0 {
        let start = end.saturating_sub(CHUNK as u64);
        let piece = &mut chunk[..usize::try_from(end - start).unwrap_or(CHUNK)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(piece)?;
        let mut until = piece.len();
        loop {
            // A record begins after a newline, and at the beginning of the file.
            let newline = memchr::memrchr(b'\n', &piece[..until]);
            let begin = match newline {
                Some(newline) => newline + 1,
                None if start == 0 => 0,
                None => break,
            };
            let at = start + begin as u64;
            // After the last newline there is nothing, or a record without its end.
            if at < record_end {
                left -= usize::from(is_of(stream, &piece[begin..], &after));
                if left == 0 {
                    return Ok(at);
                }
                record_end = at;
            }
            let Some(newline) = newline else { return Ok(0) };
            until = newline;
        }
        after.clear();
        after.extend_from_slice(&piece[..HEAD.min(piece.len())]);
        end = start;
    }
    Ok(0)
}

/// Whether the record that begins with `first`, and perhaps goes on with `then`, is of
/// this stream.
fn is_of(stream: Option<Stream>, first: &[u8], then: &[u8]) -> bool {
    stream.is_none_or(|stream| {
        let head: Vec<u8> = first.iter().chain(then).take(HEAD).copied().collect();
        let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        LogRecord::parse(line).is_some_and(|record| record.stream == stream)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn record(stream: &str, text: &str) -> String {
        format!("2026-11-25T04:10:00.500000000Z {stream} F {text}\n")
    }

    fn log() -> String {
        (0..5000)
            .map(|number| {
                let stream = if number % 1000 == 0 { "stderr" } else { "stdout" };
                record(stream, &format!("line {number} {}", "x".repeat(number % 90)))
            })
            .collect()
    }

    fn tail(log: &str, stream: Option<Stream>, count: usize) -> &str {
        let start = tail_start(&mut Cursor::new(log), stream, count).unwrap();
        &log[usize::try_from(start).unwrap()..]
    }

    #[test]
    fn the_tail_is_found_from_the_end() {
        let log = log();
        for count in [0, 1, 2, 700, 4999, 5000, 5001] {
            let lines: Vec<&str> = log.split_inclusive('\n').collect();
            let expected = lines[lines.len() - count.min(5000)..].concat();
            assert_eq!(tail(&log, None, count), expected, "{count}");
        }
        assert!(tail(&log, Some(Stream::Stderr), 2).contains(" stderr F line 3000 "));
        assert!(!tail(&log, Some(Stream::Stderr), 2).contains(" line 2999 "));
        assert_eq!(tail(&log, Some(Stream::Stderr), 6), log, "there are only five");
        assert_eq!(tail("", None, 3), "");
        // The last one has no end: its writer was killed.
        let torn = format!("{log}2026-11-25T04:10:00.5Z stdout F to");
        assert!(tail(&torn, None, 1).ends_with(" F to"));
        assert_eq!(tail(&torn, None, 1).lines().count(), 1);
        assert_eq!(tail(&torn, None, 2).lines().count(), 2);
    }

    #[test]
    fn a_line_longer_than_the_page_is_a_page() {
        let log = [record("stdout", &"y".repeat(100_000)), record("stdout", "z")].concat();
        let page = read_page(&mut Cursor::new(&log), 0, 10, true).unwrap();
        assert_eq!(page.bytes.len(), log.find('\n').unwrap() + 1);
        let next = read_page(&mut Cursor::new(&log), page.next_offset, 10, true).unwrap();
        assert!(next.bytes.ends_with(b" z\n"));
        assert_eq!(next.next_offset, next.size);
        let past = read_page(&mut Cursor::new(&log), u64::MAX, 10, true).unwrap();
        assert_eq!((past.bytes.len(), past.next_offset), (0, past.size));
    }

    #[test]
    fn what_is_still_being_written_comes_with_a_later_page() {
        let log = [
            record("stdout", "whole"),
            "2026-11-25T04:10:00.5Z stdo".to_owned(),
        ]
        .concat();
        let page = |ended| read_page(&mut Cursor::new(&log), 0, 1 << 20, ended).unwrap();
        assert!(page(false).bytes.ends_with(b" whole\n"));
        assert!(page(true).bytes.ends_with(b" stdo"));
        let waiting = read_page(&mut Cursor::new(&log), page(false).next_offset, 100, false).unwrap();
        assert_eq!(
            (waiting.bytes.len(), waiting.next_offset),
            (0, page(false).next_offset)
        );
    }

    proptest! {
        /// Page after page is the log, wherever one begins and whatever the size.
        #[test]
        fn pages_make_up_the_log(
            lines in prop::collection::vec("[a-z]{0,40}", 0..40),
            limit in 1_usize..300,
            start in any::<prop::sample::Index>(),
        ) {
            let log: String = lines.iter().map(|line| record("stdout", line)).collect();
            let mut offset = start.index(log.len() + 1) as u64;
            let first = log.split_inclusive('\n').scan(0, |at, line| {
                let begin = *at;
                *at += line.len();
                Some(begin)
            }).find(|begin| *begin as u64 >= offset).unwrap_or(log.len());
            let mut read = Vec::new();
            loop {
                let page = read_page(&mut Cursor::new(&log), offset, limit, true).unwrap();
                if page.bytes.is_empty() {
                    prop_assert_eq!(page.next_offset, page.size);
                    break;
                }
                prop_assert_eq!(page.next_offset, page.offset + page.bytes.len() as u64);
                offset = page.next_offset;
                read.extend(page.bytes);
            }
            prop_assert_eq!(String::from_utf8(read).unwrap(), &log[first..]);
        }
    }
}
