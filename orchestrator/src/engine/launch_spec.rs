//! What an attempt executes: program, arguments, environment and workspace, and which of its
//! values are secrets.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::engine::task_attempt::TaskAttempt;
use crate::model::SpawnError;
use crate::process::{AttemptSpec, Place};
use crate::rundir::StateDir;
use crate::text::Secrets;

/// What to execute, in which environment.
pub(crate) fn specify(attempt: &TaskAttempt, events: &Path) -> Result<AttemptSpec, SpawnError> {
    let (engine, task, policy) = (&attempt.engine, &attempt.task, &attempt.task.policy);
    let workspace = workspace(attempt)?;
    let started = engine.clock.now();
    let place = Place {
        run_id: attempt.run.clone(),
        group: task.group.clone(),
        command: task.command.clone(),
        schedule: task.cadence.keyword().to_owned(),
        attempt: attempt.number,
        slot: Some(attempt.slot),
        deadline: policy.timeout.map(|timeout| (started, timeout)),
        workspace: Some(workspace),
        events: Some(events.to_owned()),
        state: attempt.memory.state.clone(),
        program: engine.program.clone(),
        settings: engine.reader_settings.clone(),
        releases: attempt.releases.clone(),
    };
    let env = engine.launcher.environment.for_attempt(&policy.env, &place);
    let path = env
        .iter()
        .find(|(name, _)| name == "PATH")
        .map(|(_, value)| value.as_os_str());
    let resolved = engine.launcher.collectors.resolve(task.command.as_str(), path)?;
    let args = resolved
        .leading_args
        .into_iter()
        .chain(task.args.iter().map(Into::into))
        .collect();
    Ok(AttemptSpec {
        program: resolved.program,
        args,
        working_directory: policy.working_directory.clone(),
        timeout: policy.timeout,
        idle_timeout: policy.idle_timeout,
        grace: policy.grace,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        limits: policy.limits.clone(),
        env,
    })
}

/// The directory that the collector keeps from run to run.
fn workspace(attempt: &TaskAttempt) -> Result<PathBuf, SpawnError> {
    let path = StateDir(&attempt.engine.state_dir).workspace(attempt.task.command.as_str());
    match std::fs::create_dir_all(&path) {
        Ok(()) => Ok(path),
        Err(error) => Err(SpawnError {
            message: format!("cannot make its workspace {}: {error}", path.display()),
            hint: Some("the state directory must be writable and have room".to_owned()),
        }),
    }
}

/// What this collector knows and nobody shall read in its output.
pub(crate) fn secrets(names: &[String], spec: &AttemptSpec) -> Option<Secrets> {
    let named = |name: &OsString| names.iter().any(|secret| name == secret.as_str());
    let values = spec
        .env
        .iter()
        .filter(|(name, _)| named(name))
        .filter_map(|(_, value)| value.to_str());
    Secrets::new(values)
}
