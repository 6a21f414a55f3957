//! The events file of one attempt, while it runs: made before the collector starts,
//! looked at twice a second, read to its end when the collector's tree is gone.
//! Reading happens on another thread, so that a large file holds up nobody.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::files::{FileUse, create_new, state_mode};
use crate::records::{Examined, Follower, Progress};
use crate::text::Secrets;

/// How often somebody who watches gets to see something new.
const LOOK: Duration = Duration::from_millis(500);

/// How much is read at one look; the rest waits for the next.
const MOST: u64 = 16 << 20;

type Looked = (Follower, io::Result<Option<Progress>>);

/// The file and how far it has been read.
pub(crate) struct EventsFile {
    path: PathBuf,
    follower: Option<Follower>,
    /// Nothing that is read from it has them.
    secrets: Option<Secrets>,
    looking: Option<JoinHandle<Looked>>,
    ticks: Interval,
    shown: Option<Progress>,
}

impl EventsFile {
    /// Creates the file, empty.
    pub(crate) fn create(path: PathBuf, secrets: Option<Secrets>) -> io::Result<Self> {
        let file = create_new(&path, FileUse::ReadAndWrite, state_mode())?;
        let mut ticks = interval_at(Instant::now() + LOOK, LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            follower: Some(Follower::new(path.clone(), file).masking(secrets.clone())),
            path,
            secrets,
            looking: None,
            ticks,
            shown: None,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The progress that was told last.
    pub(crate) fn shown(&self) -> Option<Progress> {
        self.shown.clone()
    }

    /// The next progress that differs from the last. May be dropped at any point and
    /// asked again. Never ends if there is nothing to read any more.
    pub(crate) async fn progress(&mut self) -> Progress {
        loop {
            if self.looking.is_none() {
                self.ticks.tick().await;
            }
            if let Some(mut follower) = self.follower.take() {
                self.looking = Some(tokio::task::spawn_blocking(move || {
                    let progress = follower
                        .advance(MOST)
                        .map(|examination| examination.progress.clone());
                    (follower, progress)
                }));
            }
            let Some(looking) = &mut self.looking else {
                std::future::pending::<()>().await;
                continue;
            };
            let looked = looking.await;
            self.looking = None;
            let progress = self.keep(looked);
            if progress.is_some() && progress != self.shown {
                self.shown.clone_from(&progress);
            } else {
                continue;
            }
            if let Some(progress) = progress {
                return progress;
            }
        }
    }

    fn keep(&mut self, looked: Result<Looked, tokio::task::JoinError>) -> Option<Progress> {
        // A file that cannot be read now is tried again at the end, and told of then.
        let (follower, progress) = looked.ok()?;
        let progress = progress.ok()?;
        self.follower = Some(follower);
        progress
    }

    /// Reads to the end. The file itself is masked as well: it is kept, and what is taken
    /// from it goes into the database. An empty file stays as it is: making
    /// and removing one for every attempt makes ext4 search for inodes that were not in
    /// use a moment ago, which costs more than the attempt.
    ///
    /// # Errors
    /// In words that say which file.
    pub(crate) async fn close(mut self) -> Result<Examined, String> {
        if let Some(looking) = self.looking.take() {
            let looked = looking.await;
            self.keep(looked);
        }
        // Most collectors bring nothing, which is not worth another thread.
        if is_empty_file(&self.path) {
            return Ok(Examined::default());
        }
        let (path, follower, secrets) = (self.path.clone(), self.follower.take(), self.secrets.clone());
        let closing = tokio::task::spawn_blocking(move || finish(&path, follower, secrets));
        let closed = closing.await.unwrap_or_else(|error| Err(error.into()));
        closed.map_err(|error| format!("its events file {} cannot be read: {error}", self.path.display()))
    }
}

fn finish(path: &Path, follower: Option<Follower>, secrets: Option<Secrets>) -> io::Result<Examined> {
    match follower {
        Some(follower) => follower.finish(),
        None => Follower::open(path)?.masking(secrets).finish(),
    }
}

fn is_empty_file(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|file| file.is_file() && file.len() == 0)
}
