//! `journal.jsonl`: every event of a run, one JSON object a line, written before
//! anything follows from it. What the database may have missed is here.
//!
//! Its writer holds a lock on it (flock(2)) for as long as it lives: that is how
//! others know, whatever process ids say, that the run still goes on.

use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::events::{Listener, RunEvent};
use crate::files::{
    FileUse, LockHolder, create_new, is_lack_of_means, lock_patiently, state_mode, stranger_with_lock,
};
use crate::input::{open_regular, read_line};
use crate::rundir::RunDir;
use crate::rundir::missing_names::MissingNames;
use crate::rundir::unrecorded;

/// The name of a journal in its run's directory.
pub const JOURNAL_NAME: &str = "journal.jsonl";

/// No event of ours has a longer line, not the end of a run of thousands of tasks.
pub(crate) const LONGEST_EVENT: usize = 64 << 20;

/// No run of ours has a larger journal.
const LARGEST: u64 = 1 << 30;
/// How soon the end of a run is noticed.
const AGAIN: Duration = Duration::from_millis(50);

/// An event and its number, counted from 1 within its run.
pub(crate) type Numbered = (u64, Arc<RunEvent>);

/// The firsthand listener that writes the journal. A full disk does not end the run: what
/// could not be written waits in memory, is tried again with the next event and at the end, and
/// then whoever asks [`JournalState`] is told whether it is complete.
pub struct Journal {
    state: JournalState,
    line: Vec<u8>,
    events: u64,
    told: bool,
}

/// What is asked of a journal apart from its writer. Cheap to clone; the file is locked until
/// the last one is dropped.
#[derive(Debug, Clone)]
pub struct JournalState(Arc<Mutex<Unwritten>>);

/// The file, and what is still to be written at its end.
#[derive(Debug)]
struct Unwritten {
    file: File,
    /// Begins in the middle of a line if the disk was full there. Bounded by the plan: a run has
    /// few events, however much its collectors write.
    waiting: Vec<u8>,
}

impl Unwritten {
    /// One write for a whole line where there is room: a crash leaves whole lines, or none.
    fn write(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match self.file.write(&self.waiting) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.waiting.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl JournalState {
    /// Writes what still waits. Why the journal is not complete, if it is not.
    pub fn incomplete(&self) -> Option<io::Error> {
        self.lock().write().err()
    }

    fn lock(&self) -> MutexGuard<'_, Unwritten> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct LineOut<'a> {
    seq: u64,
    #[serde(flatten)]
    event: &'a RunEvent,
}

#[derive(Deserialize)]
struct LineIn {
    seq: u64,
    #[serde(flatten)]
    event: RunEvent,
}

impl Journal {
    /// Creates `journal.jsonl` and notes that the database does not have the run yet: in
    /// this order, so that whoever sees the note finds the journal locked and does not
    /// bring in what has only begun.
    ///
    /// # Errors
    /// One of them cannot be written.
    pub fn create(dir: &RunDir) -> io::Result<Self> {
        Self::open(dir, 0)
    }

    /// The same, behind so many events of the run that are recorded elsewhere. A journal that
    /// an earlier claim left here is kept beside it: nobody brings that in any more.
    ///
    /// # Errors
    /// One of them cannot be written.
    pub fn create_after(dir: &RunDir, recorded: u64) -> io::Result<Self> {
        set_aside(&path(&dir.path()))?;
        Self::open(dir, recorded)
    }

    fn open(dir: &RunDir, recorded: u64) -> io::Result<Self> {
        let file = create_new(&path(&dir.path()), FileUse::Append, state_mode())?;
        lock_patiently(&file)?;
        unrecorded::note(dir)?;
        let waiting = Vec::new();
        Ok(Self {
            state: JournalState(Arc::new(Mutex::new(Unwritten { file, waiting }))),
            line: Vec::with_capacity(512),
            events: recorded,
            told: false,
        })
    }

    /// What can be asked of it when it was given away.
    pub fn state(&self) -> JournalState {
        self.state.clone()
    }

    fn write(&mut self, event: &RunEvent) -> io::Result<()> {
        self.events += 1;
        self.line.clear();
        let line = LineOut {
            seq: self.events,
            event,
        };
        serde_json::to_writer(&mut self.line, &line)?;
        self.line.push(b'\n');
        let mut unwritten = self.state.lock();
        unwritten.waiting.extend_from_slice(&self.line);
        unwritten.write()
    }
}

impl Listener for Journal {
    fn event(&mut self, event: &RunEvent) {
        match self.write(event) {
            Err(error) if !std::mem::replace(&mut self.told, true) => tracing::error!(
                "the run's journal cannot be written: {error}; the run goes on, and it is tried again"
            ),
            Ok(()) if std::mem::take(&mut self.told) => {
                tracing::info!("the run's journal can be written again; nothing is missing in it");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Renames a journal that is there: `journal.1.jsonl`, or the next number that is free.
fn set_aside(journal: &Path) -> io::Result<()> {
    let mut number = 1_u32;
    loop {
        let aside = journal.with_extension(format!("{number}.jsonl"));
        // Whoever has the run has its directory: nobody else renames here.
        match std::fs::exists(&aside)? {
            true => number += 1,
            false => {
                return match std::fs::rename(journal, &aside) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    done => done,
                };
            }
        }
    }
}

/// Where the journal of a run directory is.
pub(crate) fn path(run_dir: &Path) -> PathBuf {
    run_dir.join(JOURNAL_NAME)
}

/// Whether the process that writes this journal is alive. No journal, no writer; and whoever
/// else may have locked it, a run of another user it is not. While this machine has no room to
/// look, it may be.
pub(crate) fn is_written(journal: &Path) -> bool {
    let locked = open_regular(journal).map(|file| (file.try_lock_shared(), file));
    match locked {
        Ok((Err(TryLockError::WouldBlock), file)) => stranger_with_lock(&file).is_none(),
        Ok((Err(TryLockError::Error(error)), _)) | Err(error) => is_lack_of_means(&error),
        Ok((Ok(()), _)) => false,
    }
}

/// Somebody who has locked this journal and does not write it.
pub(crate) fn stranger(journal: &Path) -> Option<LockHolder> {
    let file = open_regular(journal).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => stranger_with_lock(&file),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Whether the run of this directory goes on: whether the process is alive that
/// writes its journal.
pub fn goes_on(run_dir: &Path) -> bool {
    is_written(&path(run_dir))
}

/// Waits until nobody writes this journal any more: until its run has ended, or its
/// process has. Blocks; asks again and again, since another user could lock it afterwards and
/// keep a wait that knows no end waiting for ever.
///
/// # Errors
/// The journal cannot be opened.
pub fn wait_for_end(run_dir: &Path) -> io::Result<()> {
    let file = open_regular(&path(run_dir))?;
    loop {
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) if stranger_with_lock(&file).is_none() => std::thread::sleep(AGAIN),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) | Err(TryLockError::WouldBlock) => return Ok(()),
        }
    }
}

/// One line of a journal; `None` if it is none.
pub fn parse_journal_line(line: &[u8]) -> Option<RunEvent> {
    parse_line(line, &mut MissingNames::default())
        .ok()
        .map(|line| line.event)
}

/// A line of before tasks had names gets them.
fn parse_line(line: &[u8], names: &mut MissingNames) -> serde_json::Result<LineIn> {
    serde_json::from_slice(line).or_else(|error| {
        let Ok(mut value) = serde_json::from_slice(line) else {
            return Err(error);
        };
        names.add(&mut value);
        serde_json::from_value(value)
    })
}

/// The events of a journal, and what could not be read of it. A last line that has
/// no end was being written when its writer was killed: what it tells did not happen.
pub(crate) fn read(journal: &Path) -> io::Result<(Vec<Numbered>, Vec<String>)> {
    let file = open_regular(journal)?;
    if file.metadata()?.len() > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} GiB", LARGEST >> 30),
        ));
    }
    let mut reader = BufReader::new(file.take(LARGEST));
    let (mut events, mut problems) = (Vec::new(), Vec::new());
    let mut names = MissingNames::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        match read_line(&mut reader, &mut line, LONGEST_EVENT) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                problems.push(format!("line {number}: {error}"));
                continue;
            }
            read => {
                if !read? || line.last() != Some(&b'\n') {
                    break;
                }
            }
        }
        if line.len() == 1 {
            continue;
        }
        match parse_line(&line, &mut names) {
            Ok(LineIn { seq, event }) => events.push((seq, Arc::new(event))),
            Err(error) => problems.push(format!("line {number}: {error}")),
        }
    }
    Ok((events, problems))
}
