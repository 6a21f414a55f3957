//! The log of an attempt, opened for whoever reads it by byte offset: the file where it is here, else
//! what the database has of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::model::RunId;
use crate::queries::logs::attempt_file::open_attempt_log;
use crate::queries::logs::kept::{KeptFile, LogHole};
use crate::store::{RecordedAttempt, Store};

/// A log.
#[derive(Debug)]
pub(crate) enum OpenedLog {
    Here(File),
    Kept {
        file: KeptFile,
        /// Whether its end is missing, too.
        lacks_end: bool,
    },
}

impl OpenedLog {
    /// Where the first record is that can be read.
    pub(crate) fn first(&self) -> u64 {
        match self {
            Self::Here(_) => 0,
            Self::Kept { file, .. } => file.first(),
        }
    }

    /// What cannot be read of it.
    pub(crate) fn holes(&self) -> Vec<LogHole> {
        let before = (self.first() > 0).then_some(LogHole::Bytes(self.first()));
        let lacks_end = matches!(self, Self::Kept { lacks_end: true, .. });
        before
            .into_iter()
            .chain(lacks_end.then_some(LogHole::End))
            .collect()
    }
}

impl Read for OpenedLog {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Here(file) => file.read(into),
            Self::Kept { file, .. } => file.read(into),
        }
    }
}

impl Seek for OpenedLog {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Here(file) => file.seek(to),
            Self::Kept { file, .. } => file.seek(to),
        }
    }
}

/// Opens it.
///
/// # Errors
/// Those of [`open_attempt_log`]; it is [not found](io::ErrorKind::NotFound) where the database has
/// nothing of it either. Or the database fails.
pub(crate) async fn open_log(
    store: &Store,
    state_dir: &Path,
    run: &RunId,
    attempt: &RecordedAttempt,
) -> io::Result<OpenedLog> {
    let missing = match open_attempt_log(state_dir, run, attempt) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => error,
        opened => return opened.map(OpenedLog::Here),
    };
    let kept = store.kept_log(run, &attempt.log, 0).await;
    let kept = kept.map_err(io::Error::other)?.ok_or(missing)?;
    Ok(OpenedLog::Kept {
        lacks_end: attempt.finished_at.is_some() && !kept.ended,
        file: KeptFile::new(kept),
    })
}
