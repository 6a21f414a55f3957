//! Why an attempt could not be launched where the machine is the reason and not the collector.

use std::io;
use std::path::PathBuf;

/// The machine, not the collector, is the reason why an attempt could not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No pipes or sockets.
    #[error("cannot make pipes for a collector: {0}")]
    Descriptors(#[source] io::Error),
    /// The fork server did not start, or ended at once.
    #[error("cannot start the fork server {}: {reason}", executable.display())]
    ForkServer {
        /// The binary that was to be it.
        executable: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// No further process.
    #[error("cannot make another process: {0}")]
    Process(#[source] io::Error),
}

impl LaunchError {
    /// What to do about it, if we know.
    pub fn hint(&self) -> Option<&'static str> {
        let error = match self {
            Self::Descriptors(error) | Self::Process(error) => error,
            Self::ForkServer { .. } => return None,
        };
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Some("raise the limit of open files (ulimit -n)"),
            Some(libc::EAGAIN) => {
                Some("raise the limit of processes (ulimit -u, or the pids limit of the cgroup)")
            }
            Some(libc::ENOMEM) => Some("the machine is out of memory"),
            _ => None,
        }
    }
}
