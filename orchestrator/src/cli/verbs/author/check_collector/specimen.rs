//! The attempt that is tried: the collector as a run would start it, in a scratch directory.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::cli::shell::failure::Failure;
use crate::model::{Clock, CommandName, GroupName, Limits, RunId, SystemClock, TaskName};
use crate::process::{AttemptSpec, Launcher, Place};

/// How long it may run where `--timeout` says nothing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to end after SIGTERM.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Describes it.
///
/// # Errors
/// There is no such collector, or the working directory is gone.
pub(crate) fn specify(
    launcher: &Launcher,
    command: &CommandName,
    args: &[String],
    timeout: Duration,
    scratch: &Path,
    events: &Path,
) -> Result<AttemptSpec, Failure> {
    let found = launcher
        .resolve(command.as_str())
        .map_err(Failure::infrastructure)?;
    let now = SystemClock.now();
    let place = Place {
        run_id: RunId::at(now, fastrand::u32(..)),
        group: GroupName::new("check"),
        task: TaskName::new(command.as_str()),
        command: command.clone(),
        schedule: "daily".to_owned(),
        attempt: 1,
        slot: Some(now),
        deadline: Some((now, timeout)),
        workspace: Some(scratch.to_owned()),
        events: Some(events.to_owned()),
        state: None,
        program: std::env::current_exe().ok(),
        settings: None,
        releases: Vec::new(),
    };
    Ok(AttemptSpec {
        program: std::path::absolute(found.program).map_err(Failure::infrastructure)?,
        args: found
            .leading_args
            .into_iter()
            .chain(args.iter().map(Into::into))
            .collect(),
        env: launcher.environment.for_attempt(&BTreeMap::new(), &place),
        working_directory: None,
        timeout: Some(timeout),
        idle_timeout: None,
        grace: GRACE,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        lease: None,
        limits: Limits::default(),
    })
}
