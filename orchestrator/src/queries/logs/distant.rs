//! The logs of a queued run as they come, whatever machine its worker is on: of files that are
//! here, and of what is kept in the database of the others.

use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use tokio::time::Instant;

use crate::model::{RunId, Stream};
use crate::queries::logs::choice::{LogChoice, is_silent};
use crate::queries::logs::kept::LogHole;
use crate::queries::logs::line::LogOwner;
use crate::queries::logs::reader::LogReader;
use crate::rundir::LogRecord;
use crate::store::{QueuedState, RecordedAttempt, RunRecord, Store, StoreError, TaskState};

/// How long the last lines of a run that has ended may be on their way.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is there, line by line.
pub(crate) enum Heard<'a> {
    Line {
        /// The place of its collector in the run's plan.
        position: usize,
        owner: &'a LogOwner,
        record: &'a LogRecord<'a>,
    },
    /// Something is missing here.
    Hole {
        owner: &'a LogOwner,
        hole: LogHole,
        /// Where the whole of it is, relative to the state directory of its worker.
        file: &'a str,
    },
}

/// Why it cannot be followed.
#[derive(Debug)]
pub(crate) enum FollowError {
    /// The database fails: it may be asked again.
    Store(StoreError),
    /// A file cannot be read, or the reader does not want more.
    Io(io::Error),
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// One log and how far it was read.
struct FollowedLog {
    position: usize,
    owner: LogOwner,
    /// Relative to the state directory.
    path: String,
    /// The file, if it is here.
    here: Option<LogReader>,
    /// How far what is kept was read.
    at: u64,
    over: bool,
}

/// Follows a run. Ask it to [`read`](Self::read) until it says that it is over, and in between
/// wait for a [`LogBell`](crate::queries::logs::LogBell).
pub(crate) struct DistantFollower {
    store: Store,
    run: RunId,
    state_dir: PathBuf,
    choice: LogChoice,
    /// Only so many records at first, if that was asked for.
    tail: Option<usize>,
    logs: Vec<FollowedLog>,
    /// When the run was first seen to have ended.
    ended: Option<Instant>,
}

impl DistantFollower {
    pub(crate) fn new(
        store: Store,
        run: RunId,
        state_dir: PathBuf,
        choice: LogChoice,
        tail: Option<usize>,
    ) -> Self {
        Self {
            store,
            run,
            state_dir,
            choice,
            tail,
            logs: Vec::new(),
            ended: None,
        }
    }

    /// Hands over what is new; `true` once the run has ended and nothing more comes.
    ///
    /// # Errors
    /// Those of [`FollowError`]; what was handed over is not handed over again.
    pub(crate) async fn read(
        &mut self,
        each: &mut impl FnMut(Heard<'_>) -> io::Result<()>,
    ) -> Result<bool, FollowError> {
        let queued = self
            .store
            .queued_run(&self.run)
            .await
            .map_err(FollowError::Store)?;
        let has_ended = queued.is_none_or(|queued| queued.state == QueuedState::Ended);
        let Some(record) = self.store.run(&self.run).await.map_err(FollowError::Store)? else {
            return Ok(has_ended);
        };
        if has_ended {
            self.ended.get_or_insert_with(Instant::now);
        }
        let is_late = self.ended.is_some_and(|ended| ended.elapsed() >= FAREWELL);
        self.open(&record);
        let tail = self.tail.take();
        for log in &mut self.logs {
            let Some((task, attempt)) = find(&record, log) else {
                continue;
            };
            let attempt_ended = attempt.finished_at.is_some();
            match &mut log.here {
                Some(_) => log
                    .read_here(tail, attempt_ended || is_late, each)
                    .map_err(FollowError::Io)?,
                None if log.over => {}
                None => {
                    log.read_kept((&self.store, &self.run), self.choice.stream, tail, each)
                        .await?;
                    log.over |= is_silent(task, attempt);
                    if !log.over && is_late {
                        log.tell_no_end(each).map_err(FollowError::Io)?;
                    }
                }
            }
        }
        Ok(has_ended && self.logs.iter().all(|log| log.over))
    }

    /// The logs of attempts that were started since the last time.
    fn open(&mut self, record: &RunRecord) {
        for task in &record.tasks {
            let summary = &task.summary;
            let name = (&*summary.group, &*summary.name);
            if !self.choice.wants(summary.position, name, &summary.command) {
                continue;
            }
            for attempt in &task.attempt_list {
                if self.logs.iter().any(|log| log.path == attempt.log) {
                    continue;
                }
                let owner = LogOwner {
                    group: summary.group.clone(),
                    name: summary.name.clone(),
                    command: summary.command.clone(),
                };
                let file = self.state_dir.join(&attempt.log);
                let is_here = file.exists();
                self.logs.push(FollowedLog {
                    position: summary.position,
                    here: is_here.then(|| LogReader::new(file, owner.clone(), self.choice.stream)),
                    owner,
                    path: attempt.log.clone(),
                    at: 0,
                    over: false,
                });
            }
        }
    }
}

fn find<'a>(record: &'a RunRecord, log: &FollowedLog) -> Option<(&'a TaskState, &'a RecordedAttempt)> {
    let task = record
        .tasks
        .iter()
        .find(|task| task.summary.position == log.position)?;
    let attempt = task.attempt_list.iter().find(|attempt| attempt.log == log.path)?;
    Some((task, attempt))
}

impl FollowedLog {
    fn read_here(
        &mut self,
        tail: Option<usize>,
        attempt_ended: bool,
        each: &mut impl FnMut(Heard<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(reader) = self.here.as_mut().filter(|_| !self.over) else {
            return Ok(());
        };
        if let Some(count) = tail {
            reader.skip_to_tail(count)?;
        }
        let position = self.position;
        let mut line = |owner: &LogOwner, record: &LogRecord<'_>| {
            each(Heard::Line {
                position,
                owner,
                record,
            })
        };
        reader.read(&mut line)?;
        if attempt_ended {
            reader.finish(&mut line)?;
            self.over = true;
        }
        Ok(())
    }

    async fn read_kept(
        &mut self,
        (store, run): (&Store, &RunId),
        stream: Option<Stream>,
        tail: Option<usize>,
        each: &mut impl FnMut(Heard<'_>) -> io::Result<()>,
    ) -> Result<(), FollowError> {
        let kept = store.kept_log(run, &self.path, self.at).await;
        let Some(kept) = kept.map_err(FollowError::Store)? else {
            return Ok(());
        };
        if let Some(hole) = LogHole::before(&kept, self.at).filter(|_| tail.is_none()) {
            self.tell(hole, each).map_err(FollowError::Io)?;
        }
        (self.at, self.over) = (kept.end().max(self.at), kept.ended);
        let position = self.position;
        let mut line = |owner: &LogOwner, record: &LogRecord<'_>| {
            each(Heard::Line {
                position,
                owner,
                record,
            })
        };
        let mut reader = LogReader::of_kept(kept.bytes, self.owner.clone(), stream);
        let mut read = || {
            if let Some(count) = tail {
                reader.skip_to_tail(count)?;
            }
            reader.read(&mut line)?;
            reader.finish(&mut line)
        };
        read().map_err(FollowError::Io)
    }

    fn tell_no_end(&mut self, each: &mut impl FnMut(Heard<'_>) -> io::Result<()>) -> io::Result<()> {
        self.over = true;
        let hole = if self.at == 0 {
            LogHole::Whole
        } else {
            LogHole::End
        };
        self.tell(hole, each)
    }

    fn tell(&self, hole: LogHole, each: &mut impl FnMut(Heard<'_>) -> io::Result<()>) -> io::Result<()> {
        each(Heard::Hole {
            owner: &self.owner,
            hole,
            file: &self.path,
        })
    }
}
