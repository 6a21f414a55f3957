//! Finding and starting collectors, as the settings say.

use crate::cli::shell::settings::CliSettings;
use crate::process::{Collectors, Environment, Launcher};

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
    let environment = Environment::new(
        variables,
        &settings.file.strip_env,
        settings.file.env_allow.as_deref(),
    );
    Launcher::new(collectors, environment)
}
