//! A delivery: the events file of a task that succeeded. One that the database could
//! not take is noted in `<state>/undelivered/`, so that a later start finds it without
//! looking at every run there ever was; the events file stays the truth until then.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::{make_folder, state_mode};
use crate::input::read_regular;
use crate::model::RunId;
use crate::records::error::RecordsError;
use crate::rundir::missing_names::MissingNames;
use crate::rundir::{StateDir, replace_file};

/// No note of ours is larger: a state, at most, and the names around it.
const LARGEST_NOTE: u64 = 4 << 20;

/// What is to be taken, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// That it was collected in.
    pub run: RunId,
    /// Which claim of it, where it was in a queue: nothing is taken for one that was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// The task's place in it, counted from 1.
    pub position: usize,
    /// Of the task, as in the schedule.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// When the collector had ended: what is older gives way.
    pub at: Timestamp,
    /// The events file, relative to the state directory.
    pub events: PathBuf,
    /// How many bytes of it were examined; nothing beyond them is taken.
    pub bytes: u64,
    /// What the collector left for its next run.
    pub state: Option<String>,
    /// The collections that it read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// The collections of which it brought all there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complete: Vec<String>,
    /// The releases that its task has dealt with by it: settled with it where nobody lived to record the
    /// end of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<SettledReleases>,
    /// Whether it brings nothing: it failed, or it only read. Nobody waits for that.
    #[serde(default)]
    pub only_reads: bool,
}

/// Releases that a task has dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledReleases {
    /// The key of their source ([`ReleaseSource::key`](crate::model::ReleaseSource::key)).
    pub source: String,
    /// What it was run for and has not put off.
    pub tags: Vec<String>,
}

impl Delivery {
    /// Notes that the database does not have it yet.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn note(&self, state_dir: &Path) -> Result<(), RecordsError> {
        let folder = StateDir(state_dir).undelivered();
        let path = folder.join(self.name());
        let write = || {
            make_folder(&folder, state_mode())?;
            let note = serde_json::to_vec(self)?;
            replace_file(&path, |file| file.write_all(&note))
        };
        write().map_err(|source| RecordsError::File {
            path: path.clone(),
            source,
        })
    }

    /// The database has it.
    ///
    /// # Errors
    /// The note cannot be removed.
    pub fn forget(&self, state_dir: &Path) -> Result<(), RecordsError> {
        let path = StateDir(state_dir).undelivered().join(self.name());
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(|source| RecordsError::File { path, source }),
        }
    }

    fn name(&self) -> String {
        let what = if self.only_reads { "-reads" } else { "" };
        format!("{}-{}{what}", self.run, self.position)
    }
}

fn parse_note(bytes: &[u8]) -> serde_json::Result<Delivery> {
    let mut note = serde_json::from_slice(bytes)?;
    MissingNames::default().add(&mut note);
    serde_json::from_value(note)
}

/// What was noted and can be read, oldest first, and what cannot.
#[derive(Debug, Default)]
pub struct Undelivered {
    /// What the database does not have yet.
    pub deliveries: Vec<Delivery>,
    /// Notes that cannot be read, and why.
    pub problems: Vec<String>,
}

impl Undelivered {
    /// Looks at the notes.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn find(state_dir: &Path) -> Result<Self, RecordsError> {
        let folder = StateDir(state_dir).undelivered();
        let failed = |source| RecordsError::File {
            path: folder.clone(),
            source,
        };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            entries => entries.map_err(failed)?,
        };
        let mut found = Self::default();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            // What begins with a dot is being written.
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if hidden {
                continue;
            }
            let read = read_regular(&path, LARGEST_NOTE).and_then(|bytes| Ok(parse_note(&bytes)?));
            match read {
                Ok(delivery) => found.deliveries.push(delivery),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => found.problems.push(format!("{}: {error}", path.display())),
            }
        }
        found
            .deliveries
            .sort_by(|a, b| (a.at, &a.run, a.position).cmp(&(b.at, &b.run, b.position)));
        Ok(found)
    }

    /// How many a run has left, but for those that bring nothing.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn of_run(state_dir: &Path, run: &RunId) -> Result<usize, RecordsError> {
        let found = Self::find(state_dir)?;
        Ok(found
            .deliveries
            .iter()
            .filter(|delivery| delivery.run == *run && !delivery.only_reads)
            .count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_found_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let delivery = |position, at: &str| Delivery {
            run: RunId::new("r"),
            epoch: None,
            position,
            group: "g".into(),
            name: "c".into(),
            command: "c".into(),
            at: at.parse().unwrap(),
            events: "runs/r/1-c.events.jsonl".into(),
            bytes: 7,
            state: Some("{}".into()),
            reads: Vec::new(),
            complete: Vec::new(),
            settles: None,
            only_reads: false,
        };
        let (late, early) = (
            delivery(1, "2026-11-25T05:00:00Z"),
            delivery(2, "2026-11-25T04:00:00Z"),
        );
        assert!(Undelivered::find(dir.path()).unwrap().deliveries.is_empty());
        late.note(dir.path()).unwrap();
        early.note(dir.path()).unwrap();
        early.note(dir.path()).unwrap();
        fs::write(StateDir(dir.path()).undelivered().join("nonsense"), "?").unwrap();
        let found = Undelivered::find(dir.path()).unwrap();
        assert_eq!(found.deliveries, [early.clone(), late.clone()]);
        assert_eq!(found.problems.len(), 1);
        early.forget(dir.path()).unwrap();
        early.forget(dir.path()).unwrap();
        assert_eq!(Undelivered::find(dir.path()).unwrap().deliveries, [late]);
    }
}
