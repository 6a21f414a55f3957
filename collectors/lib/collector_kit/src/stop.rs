//! Ending politely. SIGTERM, SIGINT and SIGHUP set a flag that long work asks
//! for, and end the child that is at work, so that no wait outlives
//! the request. Nothing is done in signal context but that.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Interrupted;

/// How long a child that has closed its output may take to be reaped between two looks.
const REAP_PAUSE: Duration = Duration::from_millis(2);

/// Whether somebody asked this process to end. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    signal: Arc<AtomicI32>,
    child: Arc<Mutex<Option<Child>>>,
}

impl Stop {
    /// Installs the handlers; call once per process. Errors: the system refuses
    /// a handler or a thread.
    pub fn on_signals() -> anyhow::Result<Self> {
        let stop = Self::default();
        let mut signals =
            Signals::new([SIGTERM, SIGINT, SIGHUP]).context("cannot install signal handlers")?;
        let heard = stop.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    heard.request(signal);
                }
            })
            .context("cannot start the signal thread")?;
        Ok(stop)
    }

    /// Asks for the end, as the signal with this number does.
    pub fn request(&self, signal: i32) {
        self.signal.store(signal, Ordering::SeqCst);
        if let Some(child) = self.child().as_mut() {
            end(child);
        }
    }

    /// `Err(Interrupted)` once the end was asked for.
    pub fn check(&self) -> Result<(), Interrupted> {
        match self.signal.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Interrupted {
                signal,
                name: Signal::try_from(signal).map_or("a signal", Signal::as_str),
            }),
        }
    }

    /// Starts a child in a process group of its own, under the care of the
    /// handlers: the whole group gets SIGTERM when this process does, so that a
    /// helper of the child (the ssh of a `git fetch`) ends too. Its piped output
    /// is given back. One at a time; [`Stop::wait`] comes when the output has
    /// ended. Errors: as [`Command::spawn`].
    pub fn spawn(&self, command: &mut Command) -> io::Result<(Option<ChildStdout>, Option<ChildStderr>)> {
        let mut child = command.process_group(0).spawn()?;
        let streams = (child.stdout.take(), child.stderr.take());
        let mut slot = self.child();
        let child = slot.insert(child);
        // The request may have come between the spawn and here.
        if self.check().is_err() {
            end(child);
        }
        Ok(streams)
    }

    /// Waits for the child; to be called when its output has ended.
    /// The lock is held only for each look, never while waiting, so that a
    /// signal still reaches the child. Errors: there is no child, or wait(2) fails.
    pub fn wait(&self) -> anyhow::Result<ExitStatus> {
        loop {
            let mut slot = self.child();
            let child = slot.as_mut().context("no child to wait for")?;
            if let Some(status) = child.try_wait().context("cannot wait for the child")? {
                *slot = None;
                return Ok(status);
            }
            drop(slot);
            thread::sleep(REAP_PAUSE);
        }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// SIGTERM to the group of a child that is not reaped yet, so that its number
/// cannot be another's.
fn end(child: &mut Child) {
    if let (Ok(None), Ok(pid)) = (child.try_wait(), i32::try_from(child.id())) {
        // It may just have gone: then there is nothing to end.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn a_request_ends_the_child() {
        let stop = Stop::default();
        stop.spawn(Command::new("sleep").arg("600")).unwrap();
        stop.request(SIGTERM);
        assert_eq!(stop.wait().unwrap().signal(), Some(SIGTERM));
        assert_eq!(stop.check().unwrap_err().name, "SIGTERM");
    }

    #[test]
    fn a_child_started_after_the_request_is_ended_too() {
        let stop = Stop::default();
        stop.request(SIGINT);
        stop.spawn(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(stop.wait().unwrap().signal(), Some(SIGTERM));
    }

    #[test]
    fn without_a_request_nothing_is_interrupted() {
        let stop = Stop::default();
        assert!(stop.check().is_ok());
        stop.spawn(&mut Command::new("true")).unwrap();
        assert!(stop.wait().unwrap().success());
        assert!(stop.wait().is_err());
    }
}
