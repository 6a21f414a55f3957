//! What every run of this process shares.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::Clock;
use crate::process::{Collectors, Environment, ForkServer};
use crate::records::Records;

/// The means to execute collectors. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Starts them.
    pub fork_server: ForkServer,
    /// Finds them.
    pub collectors: Arc<Collectors>,
    /// What they inherit.
    pub environment: Arc<Environment>,
    /// Names of variables whose values are masked in everything that is written.
    pub secret_names: Arc<[String]>,
    /// Where what collectors bring is kept.
    pub shelf: Records,
    /// This program, for collectors that read records back; absolute.
    pub program: Option<PathBuf>,
    /// The settings with which they do so: a file for the eyes of this user only.
    pub reader_settings: Option<PathBuf>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where logs and workspaces are kept; absolute, since collectors may run elsewhere.
    pub state_dir: PathBuf,
}
