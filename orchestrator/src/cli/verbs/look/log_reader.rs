//! A collector's log, read as it grows, and shown as it was asked for.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::command_line::{Format, LogsArgs};
use crate::model::Stream;
use crate::rundir::{LogRecord, tail_start};
use crate::text::push_safe;

/// No record is longer; what is, was not written by us, and is not held in memory.
const LONGEST: usize = 1 << 20;

/// One log file and how far it has been read.
pub(crate) struct LogReader {
    path: PathBuf,
    owner: LogOwner,
    file: Option<File>,
    /// The beginning of a line whose end has not been written yet.
    rest: Vec<u8>,
}

/// Whose log it is.
#[derive(Clone)]
pub(crate) struct LogOwner {
    pub(crate) group: String,
    pub(crate) command: String,
}

/// What of a log is shown, and how.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    stream: Option<Stream>,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Tagged,
    Raw,
    Json,
}

/// A line of JSON for one record.
#[derive(Serialize)]
struct Line<'a> {
    group: &'a str,
    command: &'a str,
    at: &'a str,
    stream: &'static str,
    text: &'a str,
    /// Whether the line goes on in the next record of its stream.
    partial: bool,
}

impl Look {
    pub(crate) fn new(args: &LogsArgs) -> Self {
        Self {
            stream: args.stream.map(Stream::from),
            form: match (args.raw, args.format) {
                (true, _) => Form::Raw,
                (false, Format::Json) => Form::Json,
                (false, Format::Text) => Form::Tagged,
            },
        }
    }

    /// A record as it is to be printed; `None` if it is not.
    pub(crate) fn show(self, owner: &LogOwner, line: &[u8]) -> Option<Vec<u8>> {
        let record = LogRecord::parse(line)?;
        if self.stream.is_some_and(|wanted| wanted != record.stream) {
            return None;
        }
        let without_cr = record.bytes.strip_suffix(b"\r").unwrap_or(record.bytes);
        match self.form {
            Form::Raw => {
                let mut bytes = record.bytes.to_vec();
                bytes.extend_from_slice(if record.whole { b"\n" } else { b"" });
                Some(bytes)
            }
            Form::Tagged => {
                let mut text = String::new();
                let tag = format!("[{}/{}] ", owner.group, owner.command);
                push_safe(&mut text, tag.as_bytes());
                push_safe(&mut text, without_cr);
                text.push('\n');
                Some(text.into_bytes())
            }
            Form::Json => {
                let line = Line {
                    group: &owner.group,
                    command: &owner.command,
                    at: record.at,
                    stream: record.stream.as_str(),
                    text: &String::from_utf8_lossy(without_cr),
                    partial: !record.whole,
                };
                let mut bytes = serde_json::to_vec(&line).ok()?;
                bytes.push(b'\n');
                Some(bytes)
            }
        }
    }
}

impl LogReader {
    /// The log at `path`, which need not be there yet.
    pub(crate) fn new(path: PathBuf, owner: LogOwner) -> Self {
        Self {
            path,
            owner,
            file: None,
            rest: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Passes over all but the last `count` records that are shown.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn skip_to_tail(&mut self, look: Look, count: usize) -> io::Result<()> {
        if let Some(file) = self.file()? {
            let start = tail_start(file, look.stream, count)?;
            file.seek(SeekFrom::Start(start))?;
        }
        Ok(())
    }

    fn file(&mut self) -> io::Result<Option<&mut File>> {
        if self.file.is_none() {
            self.file = match File::open(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                file => Some(file?),
            };
        }
        Ok(self.file.as_mut())
    }

    /// Hands over what was written since the last time, line by line.
    ///
    /// # Errors
    /// The file cannot be read, or `print` fails.
    pub(crate) fn read(
        &mut self,
        look: Look,
        print: &mut impl FnMut(Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut chunk = vec![0; 64 << 10];
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
            for line in self.rest[..whole].split_inclusive(|&byte| byte == b'\n') {
                if let Some(shown) = look.show(&self.owner, line.strip_suffix(b"\n").unwrap_or(line)) {
                    print(shown)?;
                }
            }
            self.rest.drain(..whole);
            self.rest.truncate(LONGEST);
        }
    }

    /// Hands over a last line that has no end: its writer was killed.
    ///
    /// # Errors
    /// `print` fails.
    pub(crate) fn finish(
        &mut self,
        look: Look,
        print: &mut impl FnMut(Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        match look.show(&self.owner, &std::mem::take(&mut self.rest)) {
            Some(shown) => print(shown),
            None => Ok(()),
        }
    }
}
