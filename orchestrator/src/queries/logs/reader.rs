//! A collector's log, read as it grows.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::input::open_regular;
use crate::model::Stream;
use crate::queries::logs::line::LogOwner;
use crate::rundir::{LogRecord, tail_start};

/// No record is longer; what is, was not written by us, and is not held in memory.
const LONGEST: usize = 1 << 20;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// A log and how far it has been read: of a file, or of what is kept of one elsewhere.
pub(crate) struct LogReader {
    path: PathBuf,
    owner: LogOwner,
    /// Only what was written there.
    stream: Option<Stream>,
    file: Option<Box<dyn ReadSeek>>,
    /// The beginning of a line whose end has not been written yet.
    rest: Vec<u8>,
}

/// What is read.
trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

impl LogReader {
    /// Whole records of a log whose file is elsewhere.
    pub(crate) fn of_kept(bytes: Vec<u8>, owner: LogOwner, stream: Option<Stream>) -> Self {
        Self {
            file: Some(Box::new(Cursor::new(bytes))),
            ..Self::new(PathBuf::new(), owner, stream)
        }
    }

    /// The log at `path`, which need not be there yet.
    pub(crate) fn new(path: PathBuf, owner: LogOwner, stream: Option<Stream>) -> Self {
        Self {
            path,
            owner,
            stream,
            file: None,
            rest: Vec::new(),
        }
    }

    /// Passes over all but the last `count` records that are wanted.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn skip_to_tail(&mut self, count: usize) -> io::Result<()> {
        let stream = self.stream;
        if let Some(mut file) = self.file()? {
            let start = tail_start(&mut file, stream, count)?;
            file.seek(SeekFrom::Start(start))?;
        }
        Ok(())
    }

    fn file(&mut self) -> io::Result<Option<&mut dyn ReadSeek>> {
        if self.file.is_none() {
            self.file = match open_regular(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                file => Some(Box::new(file?)),
            };
        }
        Ok(self.file.as_deref_mut().map(|file| file as &mut dyn ReadSeek))
    }

    /// Hands over what was written since the last time, record by record.
    ///
    /// # Errors
    /// The file cannot be read, or `each` fails.
    pub(crate) fn read(
        &mut self,
        each: &mut impl FnMut(&LogOwner, &LogRecord<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let Some(file) = self.file()? else {
                return Ok(());
            };
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok(());
            }
            self.rest.extend_from_slice(&chunk[..count]);
            let whole = memchr::memrchr(b'\n', &self.rest).map_or(0, |end| end + 1);
            each_record(&self.rest[..whole], self.stream, |record| {
                each(&self.owner, record)
            })?;
            self.rest.drain(..whole);
            self.rest.truncate(LONGEST);
        }
    }

    /// Hands over a last line that has no end: its writer was killed.
    ///
    /// # Errors
    /// `each` fails.
    pub(crate) fn finish(
        &mut self,
        each: &mut impl FnMut(&LogOwner, &LogRecord<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        each_record(&rest, self.stream, |record| each(&self.owner, record))
    }
}

/// Hands over the records of some lines of a log, those of one stream if one is wanted.
/// What is none of ours is passed over.
///
/// # Errors
/// `each` fails.
pub(crate) fn each_record(
    lines: &[u8],
    stream: Option<Stream>,
    mut each: impl FnMut(&LogRecord<'_>) -> io::Result<()>,
) -> io::Result<()> {
    lines
        .split_inclusive(|&byte| byte == b'\n')
        .filter_map(|line| LogRecord::parse(line.strip_suffix(b"\n").unwrap_or(line)))
        .filter(|record| stream.is_none_or(|wanted| wanted == record.stream))
        .try_for_each(|record| each(&record))
}
