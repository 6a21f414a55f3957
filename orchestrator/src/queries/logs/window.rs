//! A screenful of a log by byte offset: at most 64 KiB and 1,000 records, wherever in a log of any
//! size. What it reads does not grow with the log.

use std::io::{self, Read, Seek};

use crate::model::Stream;
use crate::queries::logs::page::PAGE_BYTES;
use crate::rundir::{LogRecord, read_page};

/// More records are not shown at once.
pub(crate) const PAGE_LINES: usize = 1000;

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// At the first record that begins there or later.
    Offset(u64),
    /// So that the page ends there.
    Before(u64),
    /// At the end.
    End,
}

/// A record of the log, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedRecord {
    /// Where it begins in the file: a link to it stays true for ever.
    pub(crate) offset: u64,
    /// When it was read from the collector, as written.
    pub(crate) at: String,
    pub(crate) stream: Stream,
    /// Whether it ends its line.
    pub(crate) whole: bool,
    /// The collector's bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The records of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogWindow {
    pub(crate) records: Vec<PlacedRecord>,
    /// Where the first of them begins, and where the next page does.
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// How large the file is.
    pub(crate) size: u64,
}

/// Reads one page. A last record without its end belongs to it only if the log has `ended`.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read_window(file: &mut (impl Read + Seek), at: At, ended: bool) -> io::Result<LogWindow> {
    let limit = usize::try_from(PAGE_BYTES).unwrap_or(usize::MAX);
    match at {
        At::Offset(offset) => {
            let page = read_page(file, offset, limit, ended)?;
            let mut window = LogWindow {
                records: placed(&page.bytes, page.offset),
                from: page.offset,
                to: page.next_offset,
                size: page.size,
            };
            if let Some(next) = window.records.get(PAGE_LINES) {
                window.to = next.offset;
                window.records.truncate(PAGE_LINES);
            }
            Ok(window)
        }
        At::End => {
            let size = file.seek(io::SeekFrom::End(0))?;
            ending_at(file, size, ended)
        }
        At::Before(end) => ending_at(file, end, ended),
    }
}

fn ending_at(file: &mut (impl Read + Seek), end: u64, ended: bool) -> io::Result<LogWindow> {
    let begin = end.saturating_sub(PAGE_BYTES);
    let limit = usize::try_from(PAGE_BYTES).unwrap_or(usize::MAX);
    let page = read_page(file, begin, limit, ended)?;
    if page.offset >= end {
        // One record is longer than the page: it is shown as its own.
        let page = read_page(file, begin.saturating_sub(PAGE_BYTES), limit, ended)?;
        return Ok(last_of(
            placed(&page.bytes, page.offset),
            page.next_offset,
            page.size,
            end,
        ));
    }
    let mut records = placed(&page.bytes, page.offset);
    records.retain(|record| record.offset < end);
    Ok(last_of(records, page.next_offset.min(end), page.size, end))
}

fn last_of(mut records: Vec<PlacedRecord>, to: u64, size: u64, end: u64) -> LogWindow {
    let surplus = records.len().saturating_sub(PAGE_LINES);
    records.drain(..surplus);
    LogWindow {
        from: records.first().map_or(end.min(to), |record| record.offset),
        to,
        size,
        records,
    }
}

/// The records of whole lines that begin at `start`; what is none of ours is passed over.
fn placed(bytes: &[u8], start: u64) -> Vec<PlacedRecord> {
    let mut offset = start;
    let mut records = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if let Some(record) = LogRecord::parse(line.strip_suffix(b"\n").unwrap_or(line)) {
            records.push(PlacedRecord {
                offset,
                at: record.at.to_owned(),
                stream: record.stream,
                whole: record.whole,
                bytes: record.bytes.to_vec(),
            });
        }
        offset += line.len() as u64;
    }
    records
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn log(lines: usize, length: usize) -> Vec<u8> {
        let text = "x".repeat(length);
        let line = |number| format!("2026-11-25T04:10:00.000000000Z stdout F {number} {text}\n");
        (0..lines).map(line).collect::<String>().into_bytes()
    }

    #[test]
    fn a_page_has_bounds_and_the_next_goes_on_behind_it() {
        let mut file = Cursor::new(log(5000, 1));
        let first = read_window(&mut file, At::Offset(0), true).unwrap();
        assert_eq!((first.records.len(), first.from), (PAGE_LINES, 0));
        let second = read_window(&mut file, At::Offset(first.to), true).unwrap();
        assert!(second.records[0].bytes.starts_with(b"1000 "));
        let end = read_window(&mut file, At::End, true).unwrap();
        assert!(end.records.last().unwrap().bytes.starts_with(b"4999 "));
        assert_eq!((end.records.len(), end.to), (PAGE_LINES, end.size));
        let before = read_window(&mut file, At::Before(second.from), true).unwrap();
        assert_eq!(before, first);
    }

    #[test]
    fn a_line_longer_than_a_page_is_a_page() {
        let mut file = Cursor::new(log(3, 200_000));
        let first = read_window(&mut file, At::Offset(0), true).unwrap();
        assert_eq!(first.records.len(), 1);
        let empty = read_window(&mut Cursor::new(Vec::new()), At::End, true).unwrap();
        assert_eq!((empty.records.len(), empty.from, empty.to), (0, 0, 0));
    }

    proptest! {
        /// Whatever is in the file, pages forwards cover it once, in order.
        #[test]
        fn pages_cover_the_log(lengths in proptest::collection::vec(0_usize..40_000, 0..30)) {
            let mut text = Vec::new();
            for (number, length) in lengths.iter().enumerate() {
                text.extend(format!("2026-11-25T04:10:00.000000000Z stderr F {number} ").into_bytes());
                text.extend(std::iter::repeat_n(b'y', *length));
                text.push(b'\n');
            }
            let mut file = Cursor::new(text);
            let mut at = 0;
            let mut seen = 0;
            loop {
                let page = read_window(&mut file, At::Offset(at), true).unwrap();
                prop_assert_eq!(page.from, at);
                for record in &page.records {
                    let begins = format!("{seen} ");
                    prop_assert!(record.bytes.starts_with(begins.as_bytes()));
                    seen += 1;
                }
                if page.to >= page.size {
                    break;
                }
                prop_assert!(page.to > at);
                at = page.to;
            }
            prop_assert_eq!(seen, lengths.len());
        }
    }
}
