//! What a test starts ends with it, also if it panics: whoever drops a process that still
//! runs kills it, reaps it, and ends everything else that carries the test's marker.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Output};
use std::sync::Once;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::Pid;

/// The environment variable that carries the marker.
pub(crate) const MARKER: &str = "TEST_MARKER";

/// A killed process is gone in no time; a machine may be busy all the same.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of a test, and of all that it starts.
#[derive(Debug)]
pub(crate) struct Running {
    child: Option<Child>,
    marker: String,
}

impl Running {
    /// Starts `command`, which carries the marker from now on.
    #[track_caller]
    pub(crate) fn start(command: &mut Command, marker: &str) -> Self {
        restore_signals();
        Self {
            child: Some(command.env(MARKER, marker).spawn().unwrap()),
            marker: marker.to_owned(),
        }
    }

    /// Waits for its end; what it leaves behind is for the test to judge.
    #[track_caller]
    pub(crate) fn wait_with_output(mut self) -> Output {
        self.child.take().unwrap().wait_with_output().unwrap()
    }
}

/// Tests that run under `nohup`, or in the background of a script, ignore signals; what they
/// start would, too, and is to see them.
fn restore_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for ending in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM] {
            // SAFETY: the default action runs no code of ours (signal(2)).
            unsafe { signal(ending, SigHandler::SigDfl) }.unwrap();
        }
    });
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.child.as_ref().unwrap()
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        self.child.as_mut().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        // It may end by itself in this moment.
        let _ = child.kill();
        let _ = child.wait();
        end_all(&self.marker);
    }
}

/// Processes that carry the marker.
pub(crate) fn marked(marker: &str) -> Vec<Pid> {
    let needle = format!("{MARKER}={marker}").into_bytes();
    let carries = |pid: &Pid| {
        // A zombie has no environment, and one that is gone no file.
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|&byte| byte == 0)
            .any(|variable| variable == needle)
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .filter(carries)
        .collect()
}

/// Kills whoever carries the marker, until nobody does. It never panics: it may be called
/// by a test that does so already.
pub(crate) fn end_all(marker: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = marked(marker);
        if left.is_empty() {
            return;
        }
        for pid in &left {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        if Instant::now() > deadline {
            eprintln!("cannot be killed: {left:?}");
            return;
        }
        std::thread::yield_now();
    }
}
