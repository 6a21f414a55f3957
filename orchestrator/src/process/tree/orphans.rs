//! The orchestrator's own last resort: what is left when a fork server *and* one of
//! its supervisors were killed. The kernel then hands the orphans to the
//! orchestrator, which is a subreaper for this purpose and kills them. Called when
//! a supervisor is lost, when a fork server has ended, and at the end. It must never
//! touch what the orchestrator itself has started.
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
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use crate::process::tree::sweep::{self, Killed};

/// How long orphans may take to die.
const WAIT: Duration = Duration::from_secs(10);

/// Between two looks at them.
const AGAIN: Duration = Duration::from_millis(1);

/// Between two looks for new ones, should nobody's death tell of them.
const LOOK: Duration = Duration::from_secs(1);

/// Supervisors that may be running an attempt, to be spared with their trees should
/// their fork server be killed. Of the whole process, as children are.
static SPARED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Makes this process the one that inherits orphans (PR_SET_CHILD_SUBREAPER).
pub(crate) fn adopt() -> io::Result<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// A supervisor that nobody shall kill.
pub(crate) fn spare(supervisor: i32) {
    spared().insert(supervisor);
}

/// One that has nobody any more who waits for it.
pub(crate) fn forget(supervisor: i32) {
    spared().remove(&supervisor);
}

/// Returns when nothing that we have adopted is alive, and `complete` says that all
/// that there is to adopt has been. Gives up after [`WAIT`].
pub(crate) async fn sweep_until(complete: impl Fn() -> bool) {
    let start = Instant::now();
    loop {
        // Asked first: what comes after the answer is not looked for.
        let complete = complete();
        let settled = sweep_once();
        let left = strangers();
        if complete && left.is_empty() {
            return;
        }
        if start.elapsed() > WAIT {
            if !left.is_empty() {
                warn!("a killed supervisor left processes that cannot be killed: {left:?}");
            }
            return;
        }
        if settled {
            tokio::time::sleep(AGAIN).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

/// In place of a fork server that is dead: buries whatever its supervisors leave, until
/// we have no adopted child any more.
pub(crate) async fn take_over() {
    // Orphans come with the death of somebody whose parent we are (SIGCHLD). If that
    // cannot be heard, looking has to do.
    let mut deaths = signal(SignalKind::child()).ok();
    loop {
        sweep_until(|| true).await;
        if sweep::children_in_other_sessions().is_empty() {
            return;
        }
        let death = async {
            match &mut deaths {
                Some(deaths) => deaths.recv().await,
                None => std::future::pending().await,
            }
        };
        // Either is a reason to look.
        let _ = tokio::time::timeout(LOOK, death).await;
    }
}

/// Kills all that was adopted and is not spared, and reaps the dead. `false` if there is
/// more to be done at once.
fn sweep_once() -> bool {
    let strangers = strangers();
    let settled = strangers.is_empty()
        || sweep::kill_descendants(|pid| !strangers.contains(&pid), &mut Killed::default());
    reap();
    settled
}

/// Children that nobody wants.
fn strangers() -> BTreeSet<i32> {
    let mut children: BTreeSet<i32> = sweep::children_in_other_sessions().into_iter().collect();
    let spared = spared();
    children.retain(|pid| !spared.contains(pid));
    children
}

/// Reaps what was adopted and has ended.
pub(crate) fn reap() {
    let mut spared = spared();
    for pid in sweep::children_in_other_sessions() {
        // Never any child, which could be one that somebody else waits for.
        let status = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
        if matches!(status, Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..))) {
            spared.remove(&pid);
        }
    }
}

fn spared() -> MutexGuard<'static, BTreeSet<i32>> {
    SPARED.lock().unwrap_or_else(PoisonError::into_inner)
}
