//! What every run of a process shares to execute collectors. Made once by `execution`,
//! borrowed by each run; it never changes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Clock, Owner};
use crate::process::Launcher;
use crate::records::Records;

/// Executes plans: see [`Engine::run`].
pub struct Engine {
    /// Finds collectors and starts them.
    pub launcher: Launcher,
    /// Where what collectors bring is kept.
    pub records: Records,
    /// This process.
    pub owner: Owner,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where logs and workspaces are kept; absolute, since collectors may run elsewhere.
    pub state_dir: PathBuf,
    /// Names of variables whose values are masked in everything that is written.
    pub secret_names: Vec<String>,
    /// This program, for collectors that read records back; absolute.
    pub program: Option<PathBuf>,
    /// The settings with which they do so: a file for the eyes of this user only.
    pub reader_settings: Option<PathBuf>,
}

impl Engine {
    /// The secrets by name; one that is not set is there with no value.
    pub(crate) fn secret_values(&self) -> Vec<(String, String)> {
        let value = |name: &String| {
            let value = self.launcher.environment.get(name);
            value.map_or_else(String::new, |value| value.to_string_lossy().into_owned())
        };
        let names = self.secret_names.iter();
        names.map(|name| (name.clone(), value(name))).collect()
    }
}
