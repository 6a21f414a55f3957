//! Every path below the state directory. The directory of one run,
//! `<state>/runs/<run id>/`, has `plan.json`, `journal.jsonl` and one log file per
//! attempt: it is written first and can tell the whole story without a database.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::{make_folder, make_new_folder, state_mode};
use crate::model::RunId;

/// The state directory.
#[derive(Debug, Clone, Copy)]
pub struct StateDir<'a>(pub &'a Path);

impl StateDir<'_> {
    /// The directories of all runs.
    pub fn runs(self) -> PathBuf {
        self.0.join("runs")
    }

    /// The directory of a run.
    pub fn run(self, run: &RunId) -> PathBuf {
        self.runs().join(run.as_str())
    }

    /// The log of the program itself.
    pub fn logs(self) -> PathBuf {
        self.0.join("logs")
    }

    /// What only this user may read.
    pub(crate) fn private(self) -> PathBuf {
        self.0.join("private")
    }

    /// The schedules as they were when they could last be used.
    pub(super) fn last_good(self) -> PathBuf {
        self.0.join("schedule.last-good")
    }

    /// What runs and attempts hold while they go on.
    pub(super) fn holds(self) -> PathBuf {
        self.0.join("holds")
    }

    /// The signs of schedulers that turn.
    pub(super) fn heartbeat_files(self) -> PathBuf {
        self.0.join("schedulers")
    }

    /// Notes of runs that the database does not have whole.
    pub(crate) fn unrecorded(self) -> PathBuf {
        self.0.join("unrecorded")
    }

    /// Notes of records that the database does not have.
    pub(crate) fn undelivered(self) -> PathBuf {
        self.0.join("undelivered")
    }

    /// The directories that collectors keep from run to run.
    pub(super) fn workspaces(self) -> PathBuf {
        self.0.join("workspaces")
    }
}

/// A run's directory. Log paths are handed out relative to the state directory,
/// so that a record stays true when the state directory moves.
#[derive(Debug, Clone)]
pub struct RunDir {
    state_dir: PathBuf,
    relative: PathBuf,
    /// Which claim of a run it is, where not the first: another one may have left files here.
    claim: Option<i64>,
}

impl RunDir {
    /// Creates it, with its parents.
    ///
    /// # Errors
    /// It exists, or cannot be created.
    pub fn create(state_dir: &Path, run: &RunId) -> io::Result<Self> {
        let relative = StateDir(Path::new("")).run(run);
        make_folder(&StateDir(state_dir).runs(), state_mode())?;
        make_new_folder(&state_dir.join(&relative), state_mode())?;
        Ok(Self {
            state_dir: state_dir.to_owned(),
            relative,
            claim: None,
        })
    }

    /// That of a run which another worker began, here or elsewhere; it may be there.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn resume(state_dir: &Path, run: &RunId, claim: i64) -> io::Result<Self> {
        let relative = StateDir(Path::new("")).run(run);
        make_folder(&StateDir(state_dir).runs(), state_mode())?;
        make_folder(&state_dir.join(&relative), state_mode())?;
        Ok(Self {
            state_dir: state_dir.to_owned(),
            relative,
            claim: Some(claim),
        })
    }

    pub(crate) fn state_dir(&self) -> StateDir<'_> {
        StateDir(&self.state_dir)
    }

    /// The directory itself.
    pub fn path(&self) -> PathBuf {
        self.state_dir.join(&self.relative)
    }

    /// The log of an attempt, relative to the state directory: `runs/<run>/1-run_x.log`,
    /// `runs/<run>/1-run_x.2.log` for the second attempt.
    pub fn log(&self, position: usize, command: &str, attempt: u32) -> PathBuf {
        let name = file_name(command);
        self.relative.join(match (attempt, self.claim) {
            (1, None) => format!("{position}-{name}.log"),
            (_, None) => format!("{position}-{name}.{attempt}.log"),
            (_, Some(claim)) => format!("{position}-{name}.{attempt}.claim-{claim}.log"),
        })
    }

    /// The events file of an attempt, relative to the state directory:
    /// `runs/<run>/1-run_x.events.jsonl`.
    pub fn events(&self, position: usize, command: &str, attempt: u32) -> PathBuf {
        self.log(position, command, attempt)
            .with_extension("events.jsonl")
    }

    /// A path below the state directory, made absolute or relative as that is.
    pub fn resolve(&self, relative: &Path) -> PathBuf {
        self.state_dir.join(relative)
    }
}

/// The last component of a command, with only characters that are safe in a file
/// name, and not too long for one.
pub fn file_name(command: &str) -> String {
    let last = command.rsplit('/').next().unwrap_or(command);
    let safe: String = last
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        })
        .take(80)
        .collect();
    let safe = safe.trim_start_matches('.');
    if safe.is_empty() {
        "collector".to_owned()
    } else {
        safe.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_names_are_safe_and_tell_attempts_apart() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::create(dir.path(), &RunId::new("r")).unwrap();
        assert_eq!(run.log(1, "run_x", 1), Path::new("runs/r/1-run_x.log"));
        assert_eq!(run.log(2, "../a b/..c\n", 3), Path::new("runs/r/2-c_.3.log"));
        assert_eq!(
            run.events(1, "run.x", 2),
            Path::new("runs/r/1-run.x.2.events.jsonl")
        );
        assert_eq!(run.log(2, "x/", 1), Path::new("runs/r/2-collector.log"));
        let resumed = RunDir::resume(dir.path(), &RunId::new("r"), 3).unwrap();
        assert_eq!(
            resumed.log(1, "run_x", 2),
            Path::new("runs/r/1-run_x.2.claim-3.log")
        );
        assert!(
            RunDir::create(dir.path(), &RunId::new("r")).is_err(),
            "a run id is never used twice"
        );
    }
}
