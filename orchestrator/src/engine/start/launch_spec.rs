//! What an attempt executes: program, arguments, environment and workspace. Here secrets are
//! put where the plan has their names.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::engine::task_attempt::TaskAttempt;
use crate::model::{SpawnError, Task};
use crate::process::{AttemptSpec, Place};
use crate::text::{MissingSecret, NamedSecrets};

/// What to execute, in which environment.
pub(crate) fn specify(
    attempt: &TaskAttempt,
    secrets: &NamedSecrets,
    (workspace, events): (&Path, &Path),
) -> Result<AttemptSpec, SpawnError> {
    let (engine, task) = (&attempt.engine, &attempt.task);
    let policy = &task.policy;
    let revealed = reveal(task, secrets)?;
    let started = engine.clock.now();
    let place = Place {
        run_id: attempt.run.clone(),
        group: task.group.clone(),
        task: task.name.clone(),
        command: task.command.clone(),
        schedule: task.cadence.keyword().to_owned(),
        attempt: attempt.number,
        slot: Some(attempt.slot),
        deadline: policy.timeout.map(|timeout| (started, timeout)),
        workspace: Some(workspace.to_owned()),
        events: Some(events.to_owned()),
        state: attempt.memory.state.clone(),
        program: engine.program.clone(),
        settings: engine.reader_settings.clone(),
        releases: attempt.releases.clone(),
    };
    let env = engine.launcher.environment.for_attempt(&revealed.env, &place);
    let path = env
        .iter()
        .find(|(name, _)| name == "PATH")
        .map(|(_, value)| value.as_os_str());
    let resolved = engine.launcher.collectors.find(task.command.as_str(), path)?;
    let args = resolved.leading_args.into_iter().chain(revealed.args).collect();
    Ok(AttemptSpec {
        program: resolved.program,
        args,
        working_directory: revealed.working_directory,
        timeout: policy.timeout,
        idle_timeout: policy.idle_timeout,
        grace: policy.grace,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        lease: attempt.lease.as_ref().map(|lease| *lease.borrow()),
        limits: policy.limits.clone(),
        env,
    })
}

/// What of a task is stored without its secrets.
struct Revealed {
    args: Vec<OsString>,
    env: BTreeMap<String, OsString>,
    working_directory: Option<PathBuf>,
}

fn reveal(task: &Task, secrets: &NamedSecrets) -> Result<Revealed, SpawnError> {
    let reveal = |stored: &str| secrets.reveal(stored).map_err(|missing| not_set(&missing));
    let env = task.policy.env.iter();
    let directory = task.policy.working_directory.as_ref();
    Ok(Revealed {
        args: task
            .args
            .iter()
            .map(|stored| reveal(stored))
            .collect::<Result<_, _>>()?,
        env: env
            .map(|(name, stored)| Ok((name.clone(), reveal(stored)?)))
            .collect::<Result<_, SpawnError>>()?,
        working_directory: directory
            .map(|path| match path.to_str() {
                Some(stored) => reveal(stored).map(PathBuf::from),
                // A schedule is UTF-8.
                None => Ok(path.clone()),
            })
            .transpose()?,
    })
}

fn not_set(missing: &MissingSecret) -> SpawnError {
    let name = &missing.name;
    SpawnError {
        message: missing.to_string(),
        hint: Some(format!(
            "set the variable {name}, and name it under `secrets:` in the settings"
        )),
    }
}
