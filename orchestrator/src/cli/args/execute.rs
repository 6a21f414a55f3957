//! Where a scheduler's runs go: `--execute`.

use clap::ValueEnum;

/// Who executes the runs of a scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExecuteMode {
    /// This process
    Local,
    /// Workers, through the queue in PostgreSQL
    Queue,
}
