//! Finding collectors, as the settings say.

use std::ffi::OsStr;

use crate::cli::shell::settings::Settings;
use crate::model::CommandName;
use crate::process::{Collectors, Environment, NotFound, Resolved};

/// Where collectors are looked for, with what they would inherit.
pub(crate) struct Finder {
    pub(crate) collectors: Collectors,
    pub(crate) environment: Environment,
}

/// The finder that the settings describe.
pub(crate) fn collectors(settings: &Settings) -> Finder {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| path.parent().map(ToOwned::to_owned));
    let variables = settings
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    Finder {
        collectors: Collectors {
            directories: settings.collectors_dirs.clone(),
            beside,
            fallback: settings.file.fallback.clone().unwrap_or_default(),
        },
        environment: Environment::new(
            variables,
            &settings.file.strip_env,
            settings.file.env_allow.as_deref(),
        ),
    }
}

impl Finder {
    /// What a command would execute.
    ///
    /// # Errors
    /// There is nothing to execute; the reason says where it was looked for.
    pub(crate) fn find(&self, command: &CommandName) -> Result<Resolved, NotFound> {
        self.collectors
            .resolve(command.as_str(), self.environment.get("PATH").map(OsStr::new))
    }
}
