//! What `check` finds in the state directory and in the database, without making either.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::cli::args::execute::ExecuteMode;
use crate::cli::shell::database::address::address;
use crate::cli::shell::database::look::{Found, find};
use crate::cli::shell::database::queue::execute_mode;
use crate::cli::shell::database::refusal::Refusal;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{hint_of_state_dir, runtime, shelf};
use crate::cli::verbs::author::check_workspaces::{WorkspacesApart, workspaces_apart};
use crate::model::{Clock, Schedule, SystemClock, WorkspaceScope};
use crate::queries::early_reads::{EarlyRead, early_reads};
use crate::rundir::{StateDir, StateProbe, Workspaces, probe_state_dir};
use crate::store::WorkerLine;
use crate::text::make_safe;

/// What would keep a run from beginning, or what somebody should know.
pub(crate) struct StartUpFault {
    pub(crate) severity: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Whether it is the schedule file's.
    pub(crate) of_schedule: bool,
}

impl StartUpFault {
    fn error(code: &'static str, message: String, hint: Option<String>) -> Self {
        Self {
            severity: "error",
            code,
            message,
            hint,
            of_schedule: false,
        }
    }
}

/// Looks at both; what the database knows of the schedule's order is held against it.
///
/// # Errors
/// The system has no resources left.
pub(crate) fn state_and_database(
    settings: &CliSettings,
    schedule: Option<&Schedule>,
) -> Result<Vec<StartUpFault>, Failure> {
    let mut faults = application_url(settings);
    let directory = &settings.state_dir;
    if let Err(error) = usable(directory) {
        let message = format!(
            "the state directory {} cannot be written: {error}",
            directory.display()
        );
        let hint = Some(hint_of_state_dir(&error));
        faults.push(StartUpFault::error("E302-state-directory", message, hint));
        return Ok(faults);
    }
    match runtime()?.block_on(database(settings, schedule)) {
        Ok(known) => {
            faults.extend(known.early.iter().map(too_early));
            faults.extend(apart(settings, schedule, &known.workers)?);
        }
        Err(failure) => {
            let (message, hint) = failure.words();
            faults.push(StartUpFault::error("E303-database", message, hint));
        }
    }
    Ok(faults)
}

/// A task that reads what is written after it.
fn too_early(early: &EarlyRead) -> StartUpFault {
    StartUpFault {
        severity: "warning",
        code: "W401-reads-before-written",
        message: early.message(),
        hint: Some(early.hint()),
        of_schedule: true,
    }
}

/// What workers that share no workspace may lose, where runs go to workers.
fn apart(
    settings: &CliSettings,
    schedule: Option<&Schedule>,
    workers: &[WorkerLine],
) -> Result<Vec<StartUpFault>, Failure> {
    let to_queue = execute_mode(settings, None)? == ExecuteMode::Queue;
    let Some(schedule) = schedule.filter(|_| to_queue || workers.iter().any(WorkerLine::is_there)) else {
        return Ok(Vec::new());
    };
    let workspaces = Workspaces::of(StateDir(&settings.state_dir));
    let found = workspaces_apart(schedule, workers, |task| {
        task.policy.workspace == WorkspaceScope::Task || workspaces.keeps_something(task)
    });
    let fault = |apart: WorkspacesApart| StartUpFault {
        severity: "warning",
        code: "W402-workspaces-apart",
        message: apart.message(),
        hint: Some(apart.hint()),
        of_schedule: true,
    };
    Ok(found.into_iter().map(fault).collect())
}

/// What a database tells beside whether it is well.
#[derive(Default)]
struct KnownThere {
    /// Who reads too early.
    early: BTreeSet<EarlyRead>,
    workers: Vec<WorkerLine>,
}

/// A database that is not there yet is none to complain of.
async fn database(settings: &CliSettings, schedule: Option<&Schedule>) -> Result<KnownThere, Failure> {
    let address = address(settings).await?;
    match find(settings, &address).await? {
        Found::Usable(store) => {
            let edges = shelf(&store).edges(SystemClock.now()).await;
            let workers = store.workers().await;
            store.close().await;
            let edges = edges.map_err(Failure::infrastructure)?;
            Ok(KnownThere {
                early: schedule.map_or_else(BTreeSet::new, |schedule| early_reads(schedule, &edges)),
                workers: workers.map_err(Failure::infrastructure)?,
            })
        }
        Found::Refused(refusal, _) => Err(refusal.into()),
        Found::Nothing => match Refusal::of_journals(&settings.state_dir, &address.name())? {
            Some(refusal) => Err(refusal.into()),
            None => {
                print_words!(
                    "note: there is no database yet ({}); the first run makes it",
                    make_safe(&address.name())
                );
                Ok(KnownThere::default())
            }
        },
    }
}

/// Whether files can be made there, or the directory be made. One that is not there is left so.
fn usable(directory: &Path) -> io::Result<()> {
    StateDir(directory).check_readable()?;
    match probe_state_dir(directory)? {
        StateProbe::Writable => Ok(()),
        StateProbe::NotOurs => Err(io::ErrorKind::PermissionDenied.into()),
        StateProbe::CanBeMade => {
            print_words!(
                "note: the state directory {} is not there yet; the first run makes it",
                make_safe(&directory.display().to_string())
            );
            Ok(())
        }
    }
}

/// `DATABASE_URL` names our database, so that no collector gets it.
fn application_url(settings: &CliSettings) -> Vec<StartUpFault> {
    if settings.database.hands_on_application_url() {
        return Vec::new();
    }
    vec![StartUpFault {
        severity: "warning",
        code: "W306-database-url",
        message: "DATABASE_URL names our own database, so that no collector gets it".to_owned(),
        hint: Some("name ours ORCHESTRATE_DATABASE_URL, and DATABASE_URL reaches the collectors".to_owned()),
        of_schedule: false,
    }]
}
