//! What `check` finds in the state directory and in the database, without making either.

use std::io;
use std::path::Path;

use crate::cli::shell::database::address::address;
use crate::cli::shell::database::look::{Found, find};
use crate::cli::shell::database::refusal::Refusal;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{hint_of_state_dir, runtime};
use crate::rundir::{StateDir, StateProbe, probe_state_dir};
use crate::text::make_safe;

/// What would keep a run from beginning, or what somebody should know.
pub(crate) struct StartUpFault {
    pub(crate) severity: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Looks at both.
///
/// # Errors
/// The system has no resources left.
pub(crate) fn state_and_database(settings: &CliSettings) -> Result<Vec<StartUpFault>, Failure> {
    let mut faults = application_url(settings);
    let directory = &settings.state_dir;
    if let Err(error) = usable(directory) {
        faults.push(StartUpFault {
            severity: "error",
            code: "E302-state-directory",
            message: format!(
                "the state directory {} cannot be written: {error}",
                directory.display()
            ),
            hint: Some(hint_of_state_dir(&error)),
        });
        return Ok(faults);
    }
    if let Err(failure) = runtime()?.block_on(database(settings)) {
        let (message, hint) = failure.words();
        faults.push(StartUpFault {
            severity: "error",
            code: "E303-database",
            message,
            hint,
        });
    }
    Ok(faults)
}

/// A database that is not there yet is none to complain of.
async fn database(settings: &CliSettings) -> Result<(), Failure> {
    let address = address(settings).await?;
    match find(settings, &address).await? {
        Found::Usable(store) => {
            store.close().await;
            Ok(())
        }
        Found::Refused(refusal, _) => Err(refusal.into()),
        Found::Nothing => match Refusal::of_journals(&settings.state_dir, &address.name())? {
            Some(refusal) => Err(refusal.into()),
            None => {
                print_words!(
                    "note: there is no database yet ({}); the first run makes it",
                    make_safe(&address.name())
                );
                Ok(())
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
    }]
}
