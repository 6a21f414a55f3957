//! A collector's log, read as it grows, and shown as it was asked for.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use super::args::LogsArgs;
use crate::model::Stream;
use crate::report::{Record, push_neutralised};

/// One log file and how far it has been read.
pub(super) struct LogReader {
    path: PathBuf,
    tag: String,
    file: Option<File>,
    /// The beginning of a line whose end has not been written yet.
    rest: Vec<u8>,
}

/// What of a log is shown, and how.
#[derive(Clone, Copy)]
pub(super) struct Look {
    stream: Option<Stream>,
    raw: bool,
}

impl Look {
    pub(super) fn new(args: &LogsArgs) -> Self {
        Self {
            stream: args.stream.map(Stream::from),
            raw: args.raw,
        }
    }

    /// A record as it is to be printed; `None` if it is not.
    fn show(self, tag: &str, line: &[u8]) -> Option<Vec<u8>> {
        let record = Record::parse(line)?;
        if self.stream.is_some_and(|wanted| wanted != record.stream) {
            return None;
        }
        if self.raw {
            let mut bytes = record.bytes.to_vec();
            bytes.extend_from_slice(if record.whole { b"\n" } else { b"" });
            return Some(bytes);
        }
        let mut text = String::new();
        push_neutralised(&mut text, tag.as_bytes());
        push_neutralised(
            &mut text,
            record.bytes.strip_suffix(b"\r").unwrap_or(record.bytes),
        );
        text.push('\n');
        Some(text.into_bytes())
    }
}

impl LogReader {
    /// The log at `path`, which need not be there yet.
    pub(super) fn new(path: PathBuf, group: &str, command: &str) -> Self {
        Self {
            path,
            tag: format!("[{group}/{command}] "),
            file: None,
            rest: Vec::new(),
        }
    }

    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Hands over what was written since the last time, line by line.
    ///
    /// # Errors
    /// The file cannot be read, or `print` fails.
    pub(super) fn read(
        &mut self,
        look: Look,
        print: &mut impl FnMut(Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.file.is_none() {
            self.file = match File::open(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                file => Some(file?),
            };
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut chunk = vec![0; 64 << 10];
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                return Ok(());
            }
            self.rest.extend_from_slice(&chunk[..count]);
            let whole = memchr::memrchr(b'\n', &self.rest).map_or(0, |end| end + 1);
            for line in self.rest[..whole].split_inclusive(|&byte| byte == b'\n') {
                if let Some(shown) = look.show(&self.tag, line.strip_suffix(b"\n").unwrap_or(line)) {
                    print(shown)?;
                }
            }
            self.rest.drain(..whole);
        }
    }

    /// Hands over a last line that has no end: its writer was killed.
    ///
    /// # Errors
    /// `print` fails.
    pub(super) fn finish(
        &mut self,
        look: Look,
        print: &mut impl FnMut(Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        match look.show(&self.tag, &std::mem::take(&mut self.rest)) {
            Some(shown) => print(shown),
            None => Ok(()),
        }
    }
}
