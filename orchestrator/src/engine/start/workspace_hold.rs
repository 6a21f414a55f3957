//! The workspace of an attempt is its own while it goes on: an attempt of another run waits for it,
//! not for ever, unless its task may overlap. With it the attempt holds its task, so that nobody
//! starts the same by hand beside it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine::task_attempt::TaskAttempt;
use crate::model::{HoldKey, Order, Outcome, Overlap, RunId, SpawnError};
use crate::rundir::{Collision, Hold, HoldRequest, Holds, StateDir, Taken, Workspaces};

/// The longest that is waited for a workspace; a task with a shorter time limit waits no longer
/// than that.
const PATIENCE: Duration = Duration::from_secs(600);

/// A workspace that nobody else uses.
#[derive(Debug)]
pub(crate) struct HeldWorkspace {
    path: PathBuf,
    _hold: Hold,
}

impl HeldWorkspace {
    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Waits until the workspace is free.
///
/// # Errors
/// How the attempt ended without having begun: it waited too long, an order came, or the state
/// directory cannot be written.
pub(crate) async fn hold_workspace(attempt: &mut TaskAttempt) -> Result<HeldWorkspace, Outcome> {
    let path = make_workspace(attempt).map_err(Outcome::NotStarted)?;
    let limit = attempt.task.policy.timeout.unwrap_or(PATIENCE).min(PATIENCE);
    let deadline = tokio::time::sleep(limit);
    tokio::pin!(deadline);
    loop {
        let holder = match take(attempt, &path)
            .await
            .map_err(|error| cannot_hold(attempt, &error))?
        {
            Taken::Held { hold, .. } => return Ok(HeldWorkspace { path, _hold: hold }),
            Taken::Busy(holder) => holder,
        };
        let run = holder.run.clone();
        tracing::warn!(
            "{} waits for {}, which run {run} uses",
            attempt.name(),
            path.display()
        );
        tokio::select! {
            biased;
            Some(order) = attempt.orders.recv() => {
                let (Order::Cancel(by) | Order::Kill(by)) = order;
                return Err(Outcome::Cancelled { by, exit: None });
            }
            released = holder.released() => released.map_err(|error| cannot_hold(attempt, &error))?,
            () = &mut deadline => return Err(Outcome::NotStarted(still_used(&path, &run, limit))),
        }
    }
}

/// The directory that the collector keeps from run to run.
fn make_workspace(attempt: &TaskAttempt) -> Result<PathBuf, SpawnError> {
    let state_dir = &attempt.engine.state_dir;
    let made = Workspaces::of(StateDir(state_dir)).of_task(&attempt.task);
    made.map_err(|error| SpawnError {
        message: format!("cannot make its workspace in {}: {error}", state_dir.display()),
        hint: Some("the state directory must be writable and have room".to_owned()),
    })
}

async fn take(attempt: &TaskAttempt, workspace: &Path) -> io::Result<Taken> {
    // Two links may lead to the same place.
    let place = fs::metadata(workspace)?;
    let own = HoldKey::workspace(&format!("{}:{}", place.dev(), place.ino()));
    let keys = [HoldKey::task(&attempt.task), own.clone()];
    let request = HoldRequest {
        run: &attempt.run,
        entry: None,
        attempt: Some((attempt.task_ref.position, attempt.number)),
        keys: &keys,
    };
    let shares = attempt.overlap == Overlap::Allow;
    let holds = Holds::of(StateDir(&attempt.engine.state_dir));
    let locked = holds.lock().await?;
    // That the task goes on elsewhere was judged when the run was admitted.
    locked.take(&request, |key, _| match *key == own && !shares {
        true => Collision::Wait,
        false => Collision::Share,
    })
}

fn still_used(workspace: &Path, run: &RunId, waited: Duration) -> SpawnError {
    SpawnError {
        message: format!(
            "run {run} still uses its workspace {} after {}",
            workspace.display(),
            humantime::format_duration(waited)
        ),
        hint: Some(format!(
            "orchestrate show {run} says what it does; workspace: task gives tasks of one command a directory each"
        )),
    }
}

fn cannot_hold(attempt: &TaskAttempt, error: &io::Error) -> Outcome {
    Outcome::NotStarted(SpawnError {
        message: format!(
            "cannot hold its workspace in {}: {error}",
            attempt.engine.state_dir.display()
        ),
        hint: Some("the state directory must be writable and have room".to_owned()),
    })
}
