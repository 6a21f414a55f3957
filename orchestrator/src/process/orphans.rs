//! The orchestrator's own last resort: what is left when a fork server *and* one of
//! its supervisors were killed. The kernel then hands the orphans to the
//! orchestrator, which is a subreaper for this purpose and kills them. Called when
//! a supervisor is lost. It must never touch what the orchestrator itself has
//! started.
//!
//! How they are told apart: supervisors and collectors each begin a session of
//! their own, and no process can join a session that exists (setsid(2)). So what
//! was started by us without setsid, the fork server for one, is in our session,
//! and what was adopted never is.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tracing::warn;

use super::tree::{self, Killed};

/// How long orphans may take to die.
const WAIT: Duration = Duration::from_secs(10);

/// Between two looks at them.
const AGAIN: Duration = Duration::from_millis(1);

/// Supervisors that may be running an attempt. Whose fork server was killed is our
/// child, and must be spared with its tree. Of the whole process, as children are.
static SUPERVISORS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Makes this process the one that inherits orphans (PR_SET_CHILD_SUBREAPER).
pub(super) fn adopt() -> io::Result<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// A supervisor that nobody shall kill.
pub(super) fn spare(supervisor: i32) {
    supervisors().insert(supervisor);
}

/// One that is left to its fork server again.
pub(super) fn forget(supervisor: i32) {
    supervisors().remove(&supervisor);
}

/// Returns when a supervisor that has ended is reaped, by its fork server or by us,
/// and nothing that it left behind is alive. Gives up after [`WAIT`].
pub(super) async fn bury(supervisor: i32) {
    forget(supervisor);
    let start = Instant::now();
    loop {
        // The end of its socket comes before its orphans are anybody's: only when it
        // is a zombie have they found their new parent.
        let gone = !tree::exists(supervisor);
        let mut adopted: BTreeSet<i32> = adopted().into_iter().collect();
        adopted.retain(|pid| !supervisors().contains(pid));
        if gone && adopted.is_empty() {
            return;
        }
        if !adopted.is_empty() {
            tree::kill_descendants(|pid| !adopted.contains(&pid), &mut Killed::default());
            reap();
        }
        if start.elapsed() > WAIT {
            warn!("a killed supervisor (pid {supervisor}) left processes that cannot be killed");
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Reaps what was adopted and has ended.
pub(super) fn reap() {
    for pid in adopted() {
        // Never any child, which could be one that somebody else waits for.
        let status = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
        if !matches!(status, Ok(WaitStatus::StillAlive)) {
            forget(pid);
        }
    }
}

fn adopted() -> Vec<i32> {
    tree::children_in_other_sessions()
}

fn supervisors() -> MutexGuard<'static, BTreeSet<i32>> {
    SUPERVISORS.lock().unwrap_or_else(PoisonError::into_inner)
}
