//! The schedule as it was when it could last be used: kept by whoever runs it, and used by a
//! scheduler that is to start whatever became of the file.

use std::io::{self, ErrorKind};
use std::path::Path;

use jiff::Timestamp;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::schedule::{load, masked, without_secrets};
use crate::cli::shell::settings::CliSettings;
use crate::config::{load_schedule, parse_schedule, read_schedule_file};
use crate::model::Schedule;
use crate::rundir::LastGood;
use crate::scheduler::StaleSchedule;
use crate::text::NamedSecrets;

/// A copy is kept of a file that can be used. That there is none decides nothing.
pub(crate) fn keep_last_good(state_dir: &Path, schedule_file: &Path, secrets: &NamedSecrets) {
    if let Err(error) = keep(state_dir, schedule_file, secrets)
        // `run-one` needs none.
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!("no copy of {} is kept: {error}", schedule_file.display());
    }
}

fn keep(state_dir: &Path, schedule_file: &Path, secrets: &NamedSecrets) -> io::Result<()> {
    let copy = LastGood::of(state_dir, schedule_file)?;
    let bytes = read_schedule_file(schedule_file)?;
    let text = String::from_utf8_lossy(&bytes);
    if secrets.masked(&text) != text {
        return copy.remove().and(Err(has_secret()));
    }
    if copy.bytes().as_ref() == Some(&bytes) {
        return copy.confirm();
    }
    match parse_schedule(&schedule_file.display().to_string(), &bytes) {
        // In a spelling of YAML's own.
        Ok((schedule, _)) if without_secrets(schedule.clone(), secrets) != schedule => {
            copy.remove().and(Err(has_secret()))
        }
        Ok(_) => copy.keep(&bytes),
        // It broke since it was loaded.
        Err(_) => Ok(()),
    }
}

fn has_secret() -> io::Error {
    io::Error::other("it holds the value of a secret; name the variable there instead")
}

/// The schedule file; if `last_good` allows it and the file cannot be used, what it last was.
///
/// # Errors
/// The file cannot be used, and there is no copy or none is wanted.
pub(crate) fn load_or_last_good(
    settings: &CliSettings,
    last_good: bool,
) -> Result<(Schedule, Option<StaleSchedule>), Failure> {
    let failed = match load(settings) {
        Ok(schedule) => return Ok((schedule, None)),
        Err(failed) if !last_good => return Err(failed),
        Err(failed) => failed,
    };
    let secrets = settings.secrets();
    let (schedule, good_at) = last_good_schedule(settings, &secrets).ok_or(failed)?;
    let error = why_unusable(&settings.schedule_file, &secrets);
    Ok((schedule, Some(StaleSchedule { good_at, error })))
}

/// The copy, and when it was in the file.
pub(crate) fn last_good_schedule(
    settings: &CliSettings,
    secrets: &NamedSecrets,
) -> Option<(Schedule, Timestamp)> {
    let copy = LastGood::of(&settings.state_dir, &settings.schedule_file).ok()?;
    let good_at = copy.kept_at()?;
    let loaded = load_schedule(copy.path()).ok()?;
    Some((without_secrets(loaded.value, secrets), good_at))
}

/// Without the lines of the file, which may hold what is nobody's business: this goes into the
/// database and over HTTP. `orchestrate check` shows them.
pub(crate) fn why_unusable(file: &Path, secrets: &NamedSecrets) -> String {
    let Err(error) = load_schedule(file) else {
        return "it could not be used when it was read".to_owned();
    };
    let told = masked(error.diagnostics(), secrets);
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    told.join("\n")
}
