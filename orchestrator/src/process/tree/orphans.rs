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

use crate::process::sys::Pidfd;
use crate::process::tree::sweep::{self, Killed};

/// How long orphans may take to die.
const WAIT: Duration = Duration::from_secs(10);

/// Between two looks at them.
const AGAIN: Duration = Duration::from_millis(1);

/// What is known of children that may be adopted. Of the whole process, as children are.
static CHILDREN: Mutex<Children> = Mutex::new(Children {
    spared: BTreeSet::new(),
    reaped: BTreeSet::new(),
});

struct Children {
    /// Supervisors that may be running an attempt: to be spared with their trees
    /// should their fork server be killed.
    spared: BTreeSet<i32>,
    /// Supervisors that were reaped by us, whose orphans are therefore ours.
    reaped: BTreeSet<i32>,
}

/// Makes this process the one that inherits orphans (PR_SET_CHILD_SUBREAPER).
pub(crate) fn adopt() -> io::Result<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// A supervisor that nobody shall kill.
pub(crate) fn spare(supervisor: i32) {
    let mut children = lock();
    children.spared.insert(supervisor);
    children.reaped.remove(&supervisor);
}

/// One that is left to its fork server again.
pub(crate) fn forget(supervisor: i32) {
    lock().spared.remove(&supervisor);
}

/// SIGKILL to a supervisor that was adopted. `false` if it was not.
pub(crate) fn kill(supervisor: i32) -> bool {
    // Locked, so that nobody reaps it and its pid remains its own.
    let _children = lock();
    sweep::children_in_other_sessions().contains(&supervisor)
        && Pidfd::open(supervisor).is_ok_and(|process| process.kill().is_ok())
}

/// Returns when nothing that a supervisor has left behind is alive. Its fork server
/// sees to that; if that is dead, we do. Gives up after [`WAIT`].
pub(crate) async fn bury(supervisor: i32) {
    if !is_ours_to_bury(supervisor) {
        return;
    }
    let start = Instant::now();
    loop {
        // The end of its socket comes before its orphans are anybody's: only when it
        // is a zombie have they found their new parent.
        let gone = !sweep::exists(supervisor);
        let mut adopted: BTreeSet<i32> = sweep::children_in_other_sessions().into_iter().collect();
        adopted.retain(|pid| !lock().spared.contains(pid));
        if gone && adopted.is_empty() {
            return;
        }
        let settled = sweep::kill_descendants(|pid| !adopted.contains(&pid), &mut Killed::default());
        reap();
        if start.elapsed() > WAIT {
            warn!("a killed supervisor (pid {supervisor}) left processes that cannot be killed");
            return;
        }
        if settled {
            tokio::time::sleep(AGAIN).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

/// A fork server says that a supervisor is gone after having reaped it: one that is
/// still there, or that was reaped by us, has none.
fn is_ours_to_bury(supervisor: i32) -> bool {
    let mut children = lock();
    children.spared.remove(&supervisor);
    children.reaped.remove(&supervisor) || sweep::exists(supervisor)
}

/// Reaps what was adopted and has ended.
pub(crate) fn reap() {
    let mut children = lock();
    for pid in sweep::children_in_other_sessions() {
        // Never any child, which could be one that somebody else waits for.
        let status = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
        if !matches!(status, Ok(WaitStatus::StillAlive)) && children.spared.remove(&pid) {
            children.reaped.insert(pid);
        }
    }
}

fn lock() -> MutexGuard<'static, Children> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}
