//! Which runs go on on this machine: those whose journal is locked by whoever writes it.

use std::io;
use std::path::Path;

use crate::model::RunId;
use crate::rundir::journal;
use crate::rundir::paths::StateDir;
use crate::rundir::unrecorded;

/// Whether somebody on this machine works on a run.
pub(crate) fn is_worked_on(state_dir: &Path, run: &RunId) -> bool {
    journal::goes_on(&StateDir(state_dir).run(run))
}

/// The runs of a state directory that have a journal, oldest first: what a database could be
/// made of again.
///
/// # Errors
/// The directory cannot be read.
pub fn journalled_runs(state_dir: &Path) -> io::Result<Vec<RunId>> {
    let mut runs = unrecorded::all(state_dir)?;
    runs.retain(|run| StateDir(state_dir).run(run).join(journal::JOURNAL_NAME).exists());
    Ok(runs)
}

/// The runs of a state directory that the database may not have whole and that do not go
/// on, oldest first.
///
/// # Errors
/// The notes cannot be read.
pub fn unrecorded_runs(state_dir: &Path) -> io::Result<Vec<RunId>> {
    let mut runs = unrecorded::noted(state_dir)?;
    runs.retain(|run| !is_worked_on(state_dir, run));
    Ok(runs)
}
