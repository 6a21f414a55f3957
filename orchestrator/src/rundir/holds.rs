//! What is held while it is used: an entry of the timetable by a run, a task and a workspace by an
//! attempt. `<state>/holds/` has a file for each holder, which says what it holds and is locked
//! (flock(2)) for as long as it does: who is killed lets go at once. Looking and taking are one
//! step, behind a lock at the entrance. Asked by admission and by attempts; what collides with what
//! they decide.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::files::{FileUse, LockWait, create_new, make_folder, open_or_create};
use crate::input::open_own;
use crate::model::{HoldKey, RunId, StateMode};
use crate::rundir::paths::StateDir;

/// Held only while somebody looks and takes. No run is called so.
const ENTRANCE: &str = ".entrance";

/// Between a run and the attempt of it that holds. No run has it in its name.
const OF_ATTEMPT: char = '.';

/// No holder's file is larger: a plan names a few entries.
const LARGEST: u64 = 1 << 20;

/// The holds of a state directory.
#[derive(Debug, Clone)]
pub struct Holds(PathBuf);

/// Nobody else looks or takes until this is dropped.
#[derive(Debug)]
pub struct LockedHolds<'h> {
    folder: &'h Path,
    _locked: File,
}

/// Who wants to hold something.
#[derive(Debug, Clone)]
pub struct HoldRequest<'a> {
    /// The run; what it holds itself is not in its way.
    pub run: &'a RunId,
    /// The entry of the timetable whose slot it runs, if it does.
    pub entry: Option<&'a str>,
    /// The task and attempt, counted from 1; `None` for the run as a whole.
    pub attempt: Option<(usize, u32)>,
    /// What it wants.
    pub keys: &'a [HoldKey],
}

/// What is done about something that another run holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collision {
    /// It is held together.
    Share,
    /// It is left to the other run.
    LeaveOut,
    /// Nothing is taken until the other run lets go.
    Wait,
}

/// What came of a request.
#[derive(Debug)]
pub enum Taken {
    /// It holds what it could have.
    Held {
        /// Lets go when it is dropped.
        hold: Hold,
        /// What is left to other runs, and to which.
        left_out: Vec<(HoldKey, RunId)>,
    },
    /// Nothing was taken: this one is waited for.
    Busy(Holder),
}

/// What was taken, until this is dropped.
#[derive(Debug)]
pub struct Hold {
    path: PathBuf,
    locked: File,
}

/// Somebody who holds something.
#[derive(Debug)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// The entry of the timetable whose slot it runs, if it does.
    pub entry: Option<String>,
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Document {
    run: RunId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    keys: Vec<HoldKey>,
}

impl Holds {
    /// Those of a state directory.
    pub fn of(state_dir: StateDir<'_>) -> Self {
        Self(state_dir.holds())
    }

    /// Waits until nobody else looks or takes, which is a moment.
    ///
    /// # Errors
    /// The state directory cannot be written, or a stranger has the lock and keeps it.
    pub async fn lock(&self) -> io::Result<LockedHolds<'_>> {
        let path = self.0.join(ENTRANCE);
        let open = || open_or_create(&path, FileUse::ReadAndWrite, StateMode::Private);
        let locked = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(&self.0, StateMode::Private)?;
                open()?
            }
            opened => opened?,
        };
        let mut wait = LockWait::on(&locked);
        while let Some(pause) = wait.attempt()? {
            tokio::time::sleep(pause).await;
        }
        Ok(LockedHolds {
            folder: &self.0,
            _locked: locked,
        })
    }
}

impl LockedHolds<'_> {
    /// Takes what nobody else holds. Where somebody does, `judge` says what is done about it.
    ///
    /// # Errors
    /// The state directory cannot be read or written; nothing is held.
    pub fn take(
        &self,
        request: &HoldRequest<'_>,
        judge: impl Fn(&HoldKey, &Holder) -> Collision,
    ) -> io::Result<Taken> {
        let mut left_out: Vec<(HoldKey, RunId)> = Vec::new();
        for (holder, held) in self.others(request.run)? {
            for key in request.keys.iter().filter(|key| held.contains(key)) {
                match judge(key, &holder) {
                    Collision::Share => {}
                    Collision::Wait => return Ok(Taken::Busy(holder)),
                    Collision::LeaveOut if left_out.iter().any(|(left, _)| left == key) => {}
                    Collision::LeaveOut => left_out.push((key.clone(), holder.run.clone())),
                }
            }
        }
        let mut keys = request.keys.to_vec();
        keys.retain(|key| !left_out.iter().any(|(left, _)| left == key));
        let hold = self.write(request, keys)?;
        Ok(Taken::Held { hold, left_out })
    }

    /// Everybody else who holds something. What killed processes left is removed: nothing is made
    /// here without the entrance, which is ours.
    fn others(&self, run: &RunId) -> io::Result<Vec<(Holder, Vec<HoldKey>)>> {
        let mut others = Vec::new();
        for entry in fs::read_dir(self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == ENTRANCE || is_of(run, &name.to_string_lossy()) {
                continue;
            }
            let mut file = match open_own(&entry.path()) {
                // It let go in this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            match file.try_lock_shared() {
                Ok(()) => {
                    remove(&entry.path())?;
                    continue;
                }
                Err(fs::TryLockError::WouldBlock) => {}
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
            let mut text = Vec::new();
            Read::by_ref(&mut file).take(LARGEST).read_to_end(&mut text)?;
            let Document { run, entry, keys } = serde_json::from_slice(&text)?;
            others.push((Holder { run, entry, file }, keys));
        }
        // Whoever began first is the one that is named.
        others.sort_by(|(one, _), (other, _)| one.run.as_str().cmp(other.run.as_str()));
        Ok(others)
    }

    fn write(&self, request: &HoldRequest<'_>, keys: Vec<HoldKey>) -> io::Result<Hold> {
        let HoldRequest { run, entry, .. } = *request;
        let name = match request.attempt {
            None => run.to_string(),
            Some((position, attempt)) => format!("{run}{OF_ATTEMPT}{position}.{attempt}"),
        };
        let document = Document {
            run: run.clone(),
            entry: entry.map(str::to_owned),
            keys,
        };
        let path = self.folder.join(name);
        let locked = create_new(&path, FileUse::ReadAndWrite, StateMode::Private)?;
        // From here on it goes with us, also if it cannot be written.
        let mut hold = Hold { path, locked };
        hold.locked.lock()?;
        hold.locked.write_all(&serde_json::to_vec(&document)?)?;
        Ok(hold)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!("{} is not removed: {error}", self.path.display());
        }
    }
}

impl Holder {
    /// Returns when it has let go, or its process has ended. May be dropped; what waits then is
    /// a thread that does nothing but wait.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub async fn released(self) -> io::Result<()> {
        let (sender, receiver) = oneshot::channel();
        let wait = move || {
            // Nobody may want to know any more.
            let _ = sender.send(self.file.lock_shared());
        };
        std::thread::Builder::new()
            .name("wait for a hold".to_owned())
            .spawn(wait)?;
        receiver
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the thread that waited has ended")))
    }
}

/// Whether a holder's file is that of the run or of one of its attempts.
fn is_of(run: &RunId, name: &str) -> bool {
    name.strip_prefix(run.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(OF_ATTEMPT))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        // With the whole state directory, or by somebody who tidied up.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> HoldKey {
        HoldKey::workspace(name)
    }

    async fn take(holds: &Holds, run: &str, keys: &[HoldKey], collision: Collision) -> Taken {
        let run = RunId::new(run);
        let request = HoldRequest {
            run: &run,
            entry: None,
            attempt: None,
            keys,
        };
        let locked = holds.lock().await.unwrap();
        locked.take(&request, |_, _| collision).unwrap()
    }

    fn left_out(taken: &Taken) -> Vec<(String, String)> {
        match taken {
            Taken::Held { left_out, .. } => {
                let words = |(key, run): &(HoldKey, RunId)| (key.to_string(), run.to_string());
                left_out.iter().map(words).collect()
            }
            Taken::Busy(holder) => panic!("{} is waited for", holder.run),
        }
    }

    #[tokio::test]
    async fn what_one_holds_another_leaves_out_or_shares() {
        let dir = tempfile::tempdir().unwrap();
        let holds = Holds::of(StateDir(dir.path()));
        let first = take(&holds, "a", &[key("x"), key("y")], Collision::LeaveOut).await;
        assert_eq!(left_out(&first), []);
        let second = take(&holds, "b", &[key("y"), key("z")], Collision::LeaveOut).await;
        assert_eq!(left_out(&second), [("workspace:y".to_owned(), "a".to_owned())]);
        let third = take(&holds, "c", &[key("z")], Collision::Share).await;
        assert_eq!(left_out(&third), []);
        drop(second);
        // Who shares is in the way as well, and what was left out was never held.
        let fourth = take(&holds, "d", &[key("y"), key("z")], Collision::LeaveOut).await;
        assert_eq!(
            left_out(&fourth),
            [
                ("workspace:y".to_owned(), "a".to_owned()),
                ("workspace:z".to_owned(), "c".to_owned())
            ]
        );
        drop((first, third, fourth));
        let names = fs::read_dir(&holds.0).unwrap().count();
        assert_eq!(names, 1, "the entrance is left");
    }

    #[tokio::test]
    async fn who_was_killed_holds_nothing_and_a_run_is_not_in_its_own_way() {
        let dir = tempfile::tempdir().unwrap();
        let holds = Holds::of(StateDir(dir.path()));
        let run = take(&holds, "a", &[key("x")], Collision::LeaveOut).await;
        let own = RunId::new("a");
        let attempt = HoldRequest {
            run: &own,
            entry: None,
            attempt: Some((1, 2)),
            keys: &[key("x")],
        };
        let locked = holds.lock().await.unwrap();
        let attempt = locked.take(&attempt, |_, _| Collision::Wait).unwrap();
        drop(locked);
        assert_eq!(left_out(&attempt), []);
        drop((run, attempt));
        let dead = r#"{"run":"dead","keys":["workspace:x"]}"#;
        fs::write(holds.0.join("dead"), dead).unwrap();
        let next = take(&holds, "b", &[key("x")], Collision::Wait).await;
        assert_eq!(left_out(&next), []);
        assert!(!holds.0.join("dead").exists());
    }

    #[tokio::test]
    async fn who_waits_is_woken_when_it_is_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let holds = Holds::of(StateDir(dir.path()));
        let first = take(&holds, "a", &[key("x")], Collision::Wait).await;
        let Taken::Busy(holder) = take(&holds, "b", &[key("x")], Collision::Wait).await else {
            panic!("it is held");
        };
        assert_eq!(holder.run.as_str(), "a");
        let waiting = tokio::spawn(holder.released());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap().unwrap();
        assert_eq!(
            left_out(&take(&holds, "b", &[key("x")], Collision::Wait).await),
            []
        );
    }
}
