//! `logs --follow`: what a run writes, while it writes it, from another process. The
//! kernel says when there is something to read; nothing is polled.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use crate::cli::command_line::LogsArgs;
use crate::cli::verbs::look::log_reader::{LogOwner, LogReader, Look};
use crate::cli::verbs::look::logs::is_wanted;
use crate::events::RunEvent;
use crate::model::RunId;
use crate::rundir::StateDir;
use crate::rundir::Watch;
use crate::rundir::{JOURNAL_NAME, goes_on, parse_journal_line};

/// Prints what there is and what comes, until the run has ended or its process is gone.
pub(crate) fn follow(state_dir: &Path, run: &RunId, args: &LogsArgs, out: &mut impl Write) -> io::Result<()> {
    let dir = StateDir(state_dir).run(run);
    // First watch, then look: so nothing comes between.
    let watch = Watch::on(&dir)?;
    let mut follower = Follower {
        state_dir,
        journal: Journal {
            reader: BufReader::new(File::open(dir.join(JOURNAL_NAME))?),
            line: Vec::new(),
        },
        args,
        logs: Vec::new(),
    };
    let mut alive = goes_on(&dir);
    follower.look(true, out)?;
    while alive {
        out.flush()?;
        // The journal is closed at the end of the run, and when its writer is killed.
        let changes = watch.wait()?;
        alive = !changes
            .iter()
            .any(|change| change.closed && change.name == JOURNAL_NAME);
        follower.look(false, out)?;
    }
    follower.finish(out)
}

struct Follower<'a> {
    state_dir: &'a Path,
    journal: Journal,
    args: &'a LogsArgs,
    /// The logs of the attempts that were started and may still grow.
    logs: Vec<LogReader>,
}

struct Journal {
    reader: BufReader<File>,
    line: Vec<u8>,
}

impl Follower<'_> {
    /// Prints what is new. At first only the tails, if that was asked for.
    fn look(&mut self, first: bool, out: &mut impl Write) -> io::Result<()> {
        let look = Look::new(self.args);
        while let Some(event) = self.journal.next()? {
            if let RunEvent::TaskStarted { task, log, .. } = event
                && is_wanted(self.args, task.position, &task.command)
            {
                let owner = LogOwner {
                    group: task.group,
                    command: task.command,
                };
                self.logs.push(LogReader::new(self.state_dir.join(log), owner));
            }
        }
        for log in &mut self.logs {
            if let Some(count) = self.args.tail.filter(|_| first) {
                log.skip_to_tail(look, count)?;
            }
            log.read(look, &mut |shown| out.write_all(&shown))?;
        }
        // Tasks run one after another: only the last log can still grow.
        let past = self.logs.len().saturating_sub(1);
        for mut log in self.logs.drain(..past) {
            log.finish(look, &mut |shown| out.write_all(&shown))?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        let look = Look::new(self.args);
        self.logs
            .iter_mut()
            .try_for_each(|log| log.finish(look, &mut |shown| out.write_all(&shown)))
    }
}

impl Journal {
    /// The next event, if it is there whole.
    fn next(&mut self) -> io::Result<Option<RunEvent>> {
        loop {
            self.reader.read_until(b'\n', &mut self.line)?;
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
