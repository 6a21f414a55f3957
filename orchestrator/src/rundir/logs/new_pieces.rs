//! What is new in a log file since somebody looked, in pieces that travel. Reads the end of the
//! file only, whatever its size: what is older than that is not asked for elsewhere.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::input::open_below;
use crate::rundir::logs::log_chunk::{LARGEST_CHUNK, pack_chunk};

/// So much of the end of a log is shown elsewhere, in bytes of the file, and at most a piece more.
pub const KEPT_OF_LOG: u64 = 1 << 20;

/// A piece that is smaller is sent again with what follows, so that who writes little does not
/// make many.
const WHOLE_PIECE: u64 = 16 << 10;

/// How far a log was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogCursor {
    /// Where the next piece begins: the last one may come again with more of it.
    pub from: u64,
    /// Up to where it was read.
    pub until: u64,
}

/// Whether a log file will grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFileEnd {
    /// It may.
    Open,
    /// It was ended by its attempt.
    Whole,
    /// Nobody writes it any more, and nobody said that it was whole.
    Abandoned,
}

/// A piece of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Where in the file it begins: a record begins there, too.
    pub first: u64,
    /// How many bytes of the file it is.
    pub length: u64,
    /// Whether the file ends with it, and will not grow.
    pub last: bool,
    /// The bytes, packed.
    pub packed: Vec<u8>,
}

/// What is new in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPieces {
    /// In order. Between the first of them and what was read before there may be a hole.
    pub pieces: Vec<LogPiece>,
    /// Where the next look begins.
    pub cursor: LogCursor,
    /// Whether that was all there is.
    pub is_all: bool,
}

/// What came behind `cursor` into the log file `log` below the state directory: of `most` bytes and
/// of [`KEPT_OF_LOG`] the last ones at most, in whole records unless the file has its end.
///
/// # Errors
/// The file is not there, is something else than a file, or cannot be read.
pub fn read_new_pieces(
    (state_dir, log): (&Path, &str),
    mut cursor: LogCursor,
    end: LogFileEnd,
    most: u64,
) -> io::Result<NewPieces> {
    let mut file = open_below(state_dir, Path::new(log))?;
    let size = file.seek(SeekFrom::End(0))?;
    if size - cursor.from.min(size) > KEPT_OF_LOG {
        let first = next_record(&mut file, size - KEPT_OF_LOG)?;
        cursor = LogCursor {
            from: first,
            until: first,
        };
    }
    let (mut pieces, mut is_all) = (Vec::new(), false);
    let mut left = most.min(2 * KEPT_OF_LOG);
    while !is_all && left > 0 {
        let (bytes, reached) = read_piece(&mut file, cursor.from, size, end != LogFileEnd::Open)?;
        let length = bytes.len() as u64;
        // Nothing before the end: somebody has cut the file off since its size was asked.
        is_all = reached || length == 0;
        let piece_end = cursor.from + length;
        let last = is_all && end == LogFileEnd::Whole;
        // That a log has not a byte is known from its attempt.
        if piece_end > cursor.until || last && piece_end > 0 {
            pieces.push(LogPiece {
                first: cursor.from,
                length,
                last,
                packed: pack_chunk(&bytes)?,
            });
        }
        left = left.saturating_sub(length);
        cursor.until = piece_end;
        if length >= WHOLE_PIECE || !is_all {
            cursor.from = piece_end;
        }
    }
    Ok(NewPieces {
        pieces,
        cursor,
        is_all,
    })
}

/// The records from a place on, as many as a piece may have, and whether the file ends there.
fn read_piece(file: &mut File, from: u64, size: u64, is_closed: bool) -> io::Result<(Vec<u8>, bool)> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    let count = file.by_ref().take(LARGEST_CHUNK as u64).read_to_end(&mut bytes)?;
    let at_end = from + count as u64 >= size;
    let whole = match memchr::memrchr(b'\n', &bytes) {
        _ if at_end && is_closed => count,
        Some(end) => end + 1,
        // A record of ours is shorter than a piece; one that is not is cut.
        None if count == LARGEST_CHUNK => count,
        None => 0,
    };
    bytes.truncate(whole);
    Ok((bytes, at_end))
}

/// Where a record begins at this place or later.
fn next_record(file: &mut File, place: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(place - 1))?;
    let mut bytes = Vec::new();
    file.by_ref().take(LARGEST_CHUNK as u64).read_to_end(&mut bytes)?;
    Ok(place + memchr::memchr(b'\n', &bytes).map_or(0, |end| end as u64))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::rundir::logs::log_chunk::unpack_chunk;

    struct Log {
        dir: tempfile::TempDir,
        file: File,
        cursor: LogCursor,
        /// What a reader has, from where on.
        kept: (u64, Vec<u8>),
        last: bool,
    }

    impl Log {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let file = File::create(dir.path().join("log")).unwrap();
            Self {
                dir,
                file,
                cursor: LogCursor::default(),
                kept: (0, Vec::new()),
                last: false,
            }
        }

        fn write(&mut self, text: &str) {
            self.file.write_all(text.as_bytes()).unwrap();
        }

        /// How many pieces it was.
        fn read(&mut self, end: LogFileEnd) -> usize {
            let log = (self.dir.path(), "log");
            let new = read_new_pieces(log, self.cursor, end, u64::MAX).unwrap();
            assert!(new.is_all);
            self.cursor = new.cursor;
            for piece in &new.pieces {
                let bytes = unpack_chunk(&piece.packed, piece.length).unwrap();
                if piece.first > self.kept.0 + self.kept.1.len() as u64 {
                    self.kept = (piece.first, Vec::new());
                }
                let at = usize::try_from(piece.first - self.kept.0).unwrap();
                self.kept.1.truncate(at);
                self.kept.1.extend(bytes);
                self.last |= piece.last;
            }
            new.pieces.len()
        }
    }

    #[test]
    fn what_grows_comes_in_whole_lines_and_a_small_piece_comes_again() {
        let mut log = Log::new();
        assert_eq!(log.read(LogFileEnd::Open), 0);
        log.write("one\ntw");
        assert_eq!(log.read(LogFileEnd::Open), 1);
        assert_eq!(log.kept, (0, b"one\n".to_vec()));
        assert_eq!(log.read(LogFileEnd::Open), 0, "nothing is new");
        log.write("o\nthree");
        assert_eq!(log.read(LogFileEnd::Open), 1);
        assert_eq!(log.cursor.from, 0);
        assert_eq!(log.kept.1, b"one\ntwo\n");
        assert!(!log.last);
        assert_eq!(log.read(LogFileEnd::Whole), 1);
        assert_eq!(log.kept.1, b"one\ntwo\nthree");
        assert!(log.last);
    }

    #[test]
    fn a_log_that_was_read_whole_still_has_an_end_and_an_empty_one_has_none() {
        let mut log = Log::new();
        assert_eq!(log.read(LogFileEnd::Whole), 0);
        let line = "x".repeat(99) + "\n";
        log.write(&line.repeat(1000));
        assert_eq!(log.read(LogFileEnd::Open), 1);
        assert_eq!(log.cursor.from, 100_000);
        assert_eq!(log.read(LogFileEnd::Abandoned), 0);
        assert!(!log.last);
        assert_eq!(log.read(LogFileEnd::Whole), 1);
        assert!(log.last);
        assert_eq!(log.kept.1.len(), 100_000);
    }

    #[test]
    fn of_a_flood_the_end_is_read_from_the_beginning_of_a_line() {
        let mut log = Log::new();
        log.write("begin\n");
        log.read(LogFileEnd::Open);
        for number in 0..40_000 {
            log.write(&format!("line {number} {}\n", "y".repeat(90)));
        }
        log.read(LogFileEnd::Open);
        let (first, bytes) = &log.kept;
        assert!(*first > 2 << 20, "{first}");
        assert!(bytes.len() as u64 <= KEPT_OF_LOG, "{}", bytes.len());
        assert!(bytes.starts_with(b"line ") && bytes.ends_with(b"y\n"));
    }

    #[test]
    fn a_line_that_is_larger_than_a_piece_is_cut_and_comes_whole() {
        let mut log = Log::new();
        let text = format!("short\n{}\nend\n", "z".repeat(2 * LARGEST_CHUNK));
        log.write(&text);
        log.read(LogFileEnd::Whole);
        assert_eq!(log.kept, (0, text.into_bytes()));
        assert!(log.last);
    }
}
