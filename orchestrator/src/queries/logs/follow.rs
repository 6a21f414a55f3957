//! What a run writes, while it writes it, from another process. The kernel says when there
//! is something to read; nothing is polled.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use crate::events::RunEvent;
use crate::input::{open_regular, read_line};
use crate::model::RunId;
use crate::queries::logs::choice::LogChoice;
use crate::queries::logs::line::LogOwner;
use crate::queries::logs::reader::LogReader;
use crate::rundir::{JOURNAL_NAME, LONGEST_EVENT, LogRecord, StateDir, Watch, goes_on, parse_journal_line};

/// The logs of a run that goes on. Ask in turn: [`read`](Self::read) what there is,
/// [`wait`](Self::wait) for more, and at the end [`finish`](Self::finish).
pub(crate) struct LogFollower {
    state_dir: PathBuf,
    choice: LogChoice,
    watch: Watch,
    journal: JournalReader,
    /// Whether the run goes on.
    alive: bool,
    /// Only so many records at first, if that was asked for.
    tail: Option<usize>,
    /// The logs of the attempts that were started and may still grow.
    logs: Vec<LogReader>,
}

impl LogFollower {
    /// # Errors
    /// The run's directory cannot be watched or read.
    pub(crate) fn open(
        state_dir: &Path,
        run: &RunId,
        choice: LogChoice,
        tail: Option<usize>,
    ) -> io::Result<Self> {
        let dir = StateDir(state_dir).run(run);
        // First watch, then look: so nothing comes between.
        let watch = Watch::on(&dir)?;
        let journal = JournalReader {
            reader: BufReader::new(open_regular(&dir.join(JOURNAL_NAME))?),
            line: Vec::new(),
        };
        Ok(Self {
            state_dir: state_dir.to_owned(),
            choice,
            watch,
            journal,
            alive: goes_on(&dir),
            tail,
            logs: Vec::new(),
        })
    }

    /// Hands over what is new.
    ///
    /// # Errors
    /// A file cannot be read, or `each` fails.
    pub(crate) fn read(
        &mut self,
        each: &mut impl FnMut(&LogOwner, &LogRecord<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.open_started()?;
        let tail = self.tail.take();
        for log in &mut self.logs {
            if let Some(count) = tail {
                log.skip_to_tail(count)?;
            }
            log.read(each)?;
        }
        // Tasks run one after another: only the last log can still grow.
        let past = self.logs.len().saturating_sub(1);
        self.logs.drain(..past).try_for_each(|mut log| log.finish(each))
    }

    /// Waits until there may be something new; `false` once the run has ended or its process
    /// is gone, and everything it wrote was read.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn wait(&mut self) -> io::Result<bool> {
        if !self.alive {
            return Ok(false);
        }
        let changes = self.watch.wait()?;
        // The journal is closed at the end of the run, and when its writer is killed.
        self.alive = !changes
            .iter()
            .any(|change| change.closed && change.name == JOURNAL_NAME);
        Ok(true)
    }

    /// Hands over a last line that has no end.
    ///
    /// # Errors
    /// `each` fails.
    pub(crate) fn finish(
        &mut self,
        each: &mut impl FnMut(&LogOwner, &LogRecord<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.logs.iter_mut().try_for_each(|log| log.finish(each))
    }

    /// The logs of attempts that were started since the last time.
    fn open_started(&mut self) -> io::Result<()> {
        while let Some(event) = self.journal.next()? {
            if let RunEvent::TaskStarted { task, log, .. } = event
                && self
                    .choice
                    .wants(task.position, (&task.group, &task.name), &task.command)
            {
                let owner = LogOwner {
                    group: task.group,
                    name: task.name,
                    command: task.command,
                };
                let path = self.state_dir.join(log);
                self.logs.push(LogReader::new(path, owner, self.choice.stream));
            }
        }
        Ok(())
    }
}

struct JournalReader {
    reader: BufReader<File>,
    line: Vec<u8>,
}

impl JournalReader {
    /// The next event, if it is there whole.
    fn next(&mut self) -> io::Result<Option<RunEvent>> {
        loop {
            read_line(&mut self.reader, &mut self.line, LONGEST_EVENT)?;
            if self.line.last() != Some(&b'\n') {
                return Ok(None);
            }
            let event = parse_journal_line(&self.line);
            self.line.clear();
            if event.is_some() {
                return Ok(event);
            }
        }
    }
}
