//! What every run of this process shares.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::Clock;
use crate::process::{Collectors, Environment, ForkServer};

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
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where logs and workspaces are kept; absolute, since collectors may run elsewhere.
    pub state_dir: PathBuf,
}
