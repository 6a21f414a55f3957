//! What every run of a process shares to execute collectors. Made once by `execution`,
//! borrowed by each run; it never changes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Clock, Owner};
use crate::process::Launcher;
use crate::records::Records;
use crate::text::NamedSecrets;

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
    /// Masked in everything that is written, and put where a plan has their names.
    pub secrets: NamedSecrets,
    /// This program, for collectors that read records back; absolute.
    pub program: Option<PathBuf>,
    /// The settings with which they do so: a file for the eyes of this user only.
    pub reader_settings: Option<PathBuf>,
}
