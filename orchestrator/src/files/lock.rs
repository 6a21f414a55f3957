//! Waiting for a lock (flock(2)) with a limit, which the system does not offer: whoever can read
//! a file can lock it, also somebody who has nothing to do with us.

use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use crate::files::holder::holders;

/// One of us may be at work: a new database is made, a schema brought up to date.
const OURS: Duration = Duration::from_secs(60);

/// Nobody else has a reason to hold it, and who cannot be seen may be anybody.
const ANOTHERS: Duration = Duration::from_secs(10);

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// An exclusive lock that is waited for.
pub(crate) struct LockWait<'f> {
    file: &'f File,
    began: Instant,
    pause: Duration,
}

impl<'f> LockWait<'f> {
    pub(crate) fn on(file: &'f File) -> Self {
        Self {
            file,
            began: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// Tries once: `None` if we have it, else how long to pause before the next time.
    ///
    /// # Errors
    /// The limit is over, with who holds it; or the system fails.
    pub(crate) fn attempt(&mut self) -> io::Result<Option<Duration>> {
        match self.file.try_lock() {
            Ok(()) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        let waited = self.began.elapsed();
        if waited >= ANOTHERS {
            self.judge(waited)?;
        }
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        Ok(Some(pause))
    }

    fn judge(&self, waited: Duration) -> io::Result<()> {
        let holders = holders(self.file);
        let us = nix::unistd::geteuid().as_raw();
        if waited < OURS && !holders.is_empty() && holders.iter().all(|holder| holder.user == us) {
            return Ok(());
        }
        let who = match holders.first() {
            Some(holder) => holder.to_string(),
            None => "a process that cannot be seen from here".to_owned(),
        };
        let text = format!(
            "{who} holds a lock on it, and did not let go for {} s",
            waited.as_secs()
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    }
}

/// Waits for it. Blocks.
///
/// # Errors
/// Those of [`LockWait::attempt`].
pub(crate) fn lock_patiently(file: &File) -> io::Result<()> {
    let mut wait = LockWait::on(file);
    while let Some(pause) = wait.attempt()? {
        std::thread::sleep(pause);
    }
    Ok(())
}
