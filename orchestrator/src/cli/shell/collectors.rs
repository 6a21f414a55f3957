//! Finding and starting collectors, as the settings say.

use std::collections::BTreeSet;

use crate::cli::shell::settings::CliSettings;
use crate::model::Schedule;
use crate::process::{Collectors, Environment, Launcher};
use crate::text::make_safe;

/// The launcher that the settings describe. Nothing is started by that.
pub(crate) fn launcher(settings: &CliSettings) -> Launcher {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(ToOwned::to_owned));
    let variables = settings
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    let collectors = Collectors {
        directories: settings.collectors_dirs.clone(),
        beside,
        fallback: settings.file.fallback.clone().unwrap_or_default(),
    };
    let (strip, allow) = inheritance(settings);
    let environment = Environment::new(variables, &strip, allow.as_deref());
    Launcher::new(collectors, environment)
}

/// Which variables collectors do not inherit, and which alone they do, if any are named. An
/// application's `DATABASE_URL` is for its commands; one that names our database is not.
fn inheritance(settings: &CliSettings) -> (Vec<String>, Option<Vec<String>>) {
    const NAME: &str = "DATABASE_URL";
    let mut strip = settings.file.strip_env.clone();
    let mut allow = settings.file.env_allow.clone();
    if !settings.database.hands_on_application_url() {
        strip.push(NAME.to_owned());
    } else if settings.file.fallback.is_some()
        && let Some(allow) = &mut allow
    {
        allow.push(NAME.to_owned());
    }
    (strip, allow)
}

/// What is wrong with collectors of the timetable, each once: they cannot be found, or could not
/// start. For people.
pub(crate) fn unusable_collectors(launcher: &Launcher, schedule: &Schedule) -> Vec<String> {
    let enabled = schedule.tasks().filter(|task| task.enabled);
    let commands: BTreeSet<&str> = enabled.map(|task| task.command.as_str()).collect();
    let fault = |command: &str| match launcher.resolve(command) {
        Ok(found) => found.doubt(command),
        Err(missing) => Some(missing),
    };
    commands
        .into_iter()
        .filter_map(fault)
        .map(|fault| make_safe(&fault.message).into_owned())
        .collect()
}
