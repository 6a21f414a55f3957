//! The next place in a log at which something stands: a word, or a line of stderr. The whole file
//! is searched, in blocks, within a time: what took longer says how far it came.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use regex::bytes::{Regex, RegexBuilder};

use crate::model::Stream;
use crate::rundir::LogRecord;

/// How much is read at a time; no record of ours is longer.
const BLOCK: usize = 1 << 20;

/// One request searches no longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// A longer word is not looked for.
pub(crate) const LONGEST_WORD: usize = 1000;

/// What is looked for.
#[derive(Debug, Clone)]
pub(crate) enum Needle {
    /// As it is written, in whichever case.
    Word(Regex),
    /// A line of stderr.
    Stderr,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From a place on; a record that begins there counts.
    Onwards,
    /// From before a place back; a record that begins there does not.
    Back,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogHit {
    /// The record that has it begins there.
    At(u64),
    /// There is none that way.
    Nothing,
    /// The time was over; it can go on from there.
    NotYet(u64),
}

impl Needle {
    /// A word as it is written; `None` if it is empty or too long.
    pub(crate) fn word(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST_WORD {
            return None;
        }
        let pattern = RegexBuilder::new(&regex::escape(text))
            .case_insensitive(true)
            .build();
        pattern.ok().map(Self::Word)
    }

    fn is_in(&self, line: &[u8]) -> bool {
        let Some(record) = LogRecord::parse(line) else {
            return false;
        };
        match self {
            Self::Word(word) => word.is_match(record.bytes),
            Self::Stderr => record.stream == Stream::Stderr,
        }
    }

    /// A place in `bytes` from `from` on at or before which there is no hit, and near which there
    /// may be one: so that lines without it are not even cut.
    fn may_be_at(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        match self {
            Self::Word(word) => word.find(rest).map(|found| from + found.start()),
            Self::Stderr => memchr::memmem::find(rest, b" stderr ").map(|at| from + at),
        }
    }
}

/// Looks for it from `from` on.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn find(
    file: &mut (impl Read + Seek),
    needle: &Needle,
    from: u64,
    direction: Direction,
    until: Instant,
) -> io::Result<LogHit> {
    match direction {
        Direction::Onwards => onwards(file, needle, from, until),
        Direction::Back => back(file, needle, from, until),
    }
}

fn onwards(file: &mut (impl Read + Seek), needle: &Needle, from: u64, until: Instant) -> io::Result<LogHit> {
    // A record that ends just before it makes it a beginning; within one the next is the first.
    let mut at = from.saturating_sub(1);
    let mut is_within = from > 0;
    file.seek(SeekFrom::Start(at))?;
    let mut rest: Vec<u8> = Vec::with_capacity(2 * BLOCK);
    loop {
        let count = file.by_ref().take(BLOCK as u64).read_to_end(&mut rest)?;
        if is_within {
            let end = memchr::memchr(b'\n', &rest);
            let passed = end.map_or(rest.len(), |end| end + 1);
            rest.drain(..passed);
            at += passed as u64;
            is_within = end.is_none();
        }
        // A line without its end is looked at with the next block, or is the last one.
        let whole = match memchr::memrchr(b'\n', &rest) {
            Some(end) if count > 0 && rest.len() < 2 * BLOCK => end + 1,
            _ => rest.len(),
        };
        if let Some(hit) = first_in(&rest[..whole], needle) {
            return Ok(LogHit::At(at + hit as u64));
        }
        rest.drain(..whole);
        at += whole as u64;
        if count == 0 && rest.is_empty() {
            return Ok(LogHit::Nothing);
        }
        if Instant::now() >= until {
            return Ok(LogHit::NotYet(at));
        }
    }
}

fn back(file: &mut (impl Read + Seek), needle: &Needle, from: u64, until: Instant) -> io::Result<LogHit> {
    let mut end = from.min(file.seek(SeekFrom::End(0))?);
    while end > 0 {
        let begin = end.saturating_sub(BLOCK as u64);
        let length = usize::try_from(end - begin).unwrap_or(BLOCK);
        let mut block = vec![0; length];
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(&mut block)?;
        // What stands before the first line break began in the block before.
        let first = match begin {
            0 => 0,
            _ => memchr::memchr(b'\n', &block).map_or(0, |at| at + 1),
        };
        // A block that is one line, or the piece of one, is passed over as it is.
        let first = if first >= block.len() { 0 } else { first };
        if let Some(hit) = last_in(&block[first..], needle) {
            return Ok(LogHit::At(begin + (first + hit) as u64));
        }
        end = begin + first as u64;
        if end > 0 && Instant::now() >= until {
            return Ok(LogHit::NotYet(end));
        }
    }
    Ok(LogHit::Nothing)
}

/// Where the first line begins that has it.
fn first_in(bytes: &[u8], needle: &Needle) -> Option<usize> {
    let mut from = 0;
    while let Some(near) = needle.may_be_at(bytes, from) {
        let begin = memchr::memrchr(b'\n', &bytes[..near]).map_or(0, |at| at + 1);
        let end = memchr::memchr(b'\n', &bytes[near..]).map_or(bytes.len(), |at| near + at);
        if needle.is_in(&bytes[begin..end]) {
            return Some(begin);
        }
        from = end;
        if from >= bytes.len() {
            return None;
        }
    }
    None
}

/// Where the last line begins that has it.
fn last_in(bytes: &[u8], needle: &Needle) -> Option<usize> {
    let mut found = None;
    let mut from = 0;
    while let Some(hit) = first_in(&bytes[from..], needle) {
        found = Some(from + hit);
        let end = memchr::memchr(b'\n', &bytes[from + hit..]);
        match end {
            Some(end) => from += hit + end + 1,
            None => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn log(lines: &[(&str, &str)]) -> (Cursor<Vec<u8>>, Vec<u64>) {
        let mut text = Vec::new();
        let mut offsets = Vec::new();
        for (stream, line) in lines {
            offsets.push(text.len() as u64);
            text.extend(format!("2026-11-25T04:10:00.000000000Z {stream} F {line}\n").into_bytes());
        }
        (Cursor::new(text), offsets)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_word_is_found_in_what_was_written_and_nowhere_else() {
        let (mut file, offsets) = log(&[
            ("stdout", "a Timeout"),
            ("stderr", "nothing"),
            ("stdout", "<b> (timeout)"),
            ("stdout", "stderr F 2026"),
        ]);
        let mut look = |word: &str, from, direction| {
            find(&mut file, &Needle::word(word).unwrap(), from, direction, soon()).unwrap()
        };
        use Direction::{Back, Onwards};
        assert_eq!(look("timeout", 0, Onwards), LogHit::At(offsets[0]));
        assert_eq!(look("timeout", offsets[1], Onwards), LogHit::At(offsets[2]));
        assert_eq!(look("timeout", offsets[3], Onwards), LogHit::Nothing);
        assert_eq!(look("timeout", offsets[2], Back), LogHit::At(offsets[0]));
        assert_eq!(look("timeout", u64::MAX, Back), LogHit::At(offsets[2]));
        assert_eq!(look("timeout", 0, Back), LogHit::Nothing);
        assert_eq!(look("<b> (", 0, Onwards), LogHit::At(offsets[2]));
        // The head of a record is ours: it is no hit.
        assert_eq!(look("stderr", 0, Onwards), LogHit::At(offsets[3]));
        assert_eq!(look("2026-11-25", 0, Onwards), LogHit::Nothing);
        assert!(Needle::word("").is_none() && Needle::word(&"x".repeat(1001)).is_none());
    }

    #[test]
    fn a_line_of_stderr_is_told_by_its_head() {
        let (mut file, offsets) = log(&[
            ("stdout", "x stderr F y"),
            ("stderr", "one"),
            ("stdout", "z"),
            ("stderr", "two"),
        ]);
        let mut look = |from, direction| find(&mut file, &Needle::Stderr, from, direction, soon()).unwrap();
        assert_eq!(look(0, Direction::Onwards), LogHit::At(offsets[1]));
        assert_eq!(look(offsets[2], Direction::Onwards), LogHit::At(offsets[3]));
        assert_eq!(look(offsets[3], Direction::Back), LogHit::At(offsets[1]));
    }

    #[test]
    fn hits_across_blocks_are_found_both_ways_and_time_is_bounded() {
        let mut lines = vec![("stdout", "first needle")];
        let filler = "x".repeat(1000);
        lines.extend(std::iter::repeat_n(("stdout", filler.as_str()), 3500));
        lines.push(("stdout", "last needle"));
        let (mut file, offsets) = log(&lines);
        let needle = Needle::word("needle").unwrap();
        let last = *offsets.last().unwrap();
        let found = find(&mut file, &needle, 1, Direction::Onwards, soon()).unwrap();
        assert_eq!(found, LogHit::At(last));
        let found = find(&mut file, &needle, last, Direction::Back, soon()).unwrap();
        assert_eq!(found, LogHit::At(0));
        // It goes on where it stopped, and comes to the same end.
        let mut at = 1;
        let mut turns = 0;
        loop {
            turns += 1;
            match find(&mut file, &needle, at, Direction::Onwards, Instant::now()).unwrap() {
                LogHit::NotYet(place) => {
                    assert!(place > at);
                    at = place;
                }
                found => {
                    assert_eq!(found, LogHit::At(last));
                    break;
                }
            }
        }
        assert!(turns > 2, "{turns}");
    }
}
