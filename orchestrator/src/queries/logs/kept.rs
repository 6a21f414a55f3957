//! What is kept in the database of a log whose file is on another machine, and what is missing of
//! it. Pure.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use crate::store::KeptLog;

/// What is not there of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogHole {
    /// So many bytes at this place: older than what is kept, or more than could be sent.
    Bytes(u64),
    /// What follows: its worker was gone before it had sent it.
    End,
    /// All of it.
    Whole,
}

impl fmt::Display for LogHole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(
                f,
                "{bytes} bytes of its log before this are not in the database, which keeps the newest MiB"
            ),
            Self::End => f.write_str("the end of its log did not reach the database"),
            Self::Whole => f.write_str("nothing of its log is in the database"),
        }
    }
}

impl LogHole {
    /// What is missing at the beginning of what is kept.
    pub(crate) fn before(kept: &KeptLog, read: u64) -> Option<Self> {
        let missing = kept.first.saturating_sub(read);
        (missing > 0).then_some(Self::Bytes(missing))
    }
}

/// What is kept of a log, read as its file would be: at the same places. Before what is kept there
/// is nothing but ends of lines.
#[derive(Debug)]
pub(crate) struct KeptFile {
    kept: KeptLog,
    at: u64,
}

impl KeptFile {
    pub(crate) fn new(kept: KeptLog) -> Self {
        Self { kept, at: 0 }
    }

    /// Where in the file it begins.
    pub(crate) fn first(&self) -> u64 {
        self.kept.first
    }
}

impl Read for KeptFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = match self.at.checked_sub(self.kept.first) {
            None => {
                let before = usize::try_from(self.kept.first - self.at).unwrap_or(usize::MAX);
                let count = into.len().min(before);
                into[..count].fill(b'\n');
                count
            }
            Some(within) => {
                let within = usize::try_from(within).unwrap_or(usize::MAX);
                let rest = self.kept.bytes.get(within..).unwrap_or_default();
                let count = into.len().min(rest.len());
                into[..count].copy_from_slice(&rest[..count]);
                count
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for KeptFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(back) => self.kept.end().checked_add_signed(back),
            SeekFrom::Current(step) => self.at.checked_add_signed(step),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::logs::window::{At, read_window};

    fn kept(first: u64, lines: usize) -> KeptFile {
        let line = |number| format!("2026-11-25T04:10:00.000000000Z stdout F {number}\n");
        KeptFile::new(KeptLog {
            first,
            bytes: (0..lines).map(line).collect::<String>().into_bytes(),
            ended: true,
        })
    }

    #[test]
    fn places_are_those_of_the_file() {
        for first in [0, 1, 1000, 300 << 20] {
            let mut file = kept(first, 3);
            let size = file.kept.end();
            let page = read_window(&mut file, At::Offset(first), true).unwrap();
            assert_eq!((page.from, page.to, page.size), (first, size, size));
            let begins: Vec<&[u8]> = page.records.iter().map(|record| &record.bytes[..]).collect();
            assert_eq!(begins, [b"0", b"1", b"2"]);
            let end = read_window(&mut file, At::End, true).unwrap();
            assert_eq!(end.records, page.records, "from {first}");
        }
    }
}
