//! Which runs the database may not have whole: one empty file each, named after the
//! run, in `<state>/unrecorded/`. It is there before the run's first event and gone
//! when the database has the last one, so that a start need not look at every run
//! there ever was.

use std::fs;
use std::io;
use std::path::Path;

use crate::files::{make_folder, state_mode, write};
use crate::model::RunId;
use crate::rundir::paths::{RunDir, StateDir};

/// The database does not have this run yet.
pub(crate) fn note(dir: &RunDir) -> io::Result<()> {
    let folder = dir.state_dir().unrecorded();
    make_folder(&folder, state_mode())?;
    let path = dir.path();
    write(
        &folder.join(path.file_name().unwrap_or_default()),
        b"",
        state_mode(),
    )
}

/// The runs that were noted, oldest first.
pub(crate) fn noted(state_dir: &Path) -> io::Result<Vec<RunId>> {
    names(&StateDir(state_dir).unrecorded())
}

/// Every run that has a directory, oldest first.
pub(crate) fn all(state_dir: &Path) -> io::Result<Vec<RunId>> {
    names(&StateDir(state_dir).runs())
}

fn names(folder: &Path) -> io::Result<Vec<RunId>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut runs = Vec::new();
    for entry in entries {
        // Ids are ours and ASCII; whatever else lies here is not.
        if let Ok(name) = entry?.file_name().into_string() {
            runs.push(RunId::new(name));
        }
    }
    runs.sort();
    Ok(runs)
}

/// The database has this run, whole.
pub(crate) fn forget(state_dir: &Path, run: &RunId) -> io::Result<()> {
    match fs::remove_file(StateDir(state_dir).unrecorded().join(run.as_str())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
