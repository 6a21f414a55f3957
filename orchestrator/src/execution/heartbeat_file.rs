//! The sign in the state directory that a scheduler of this process is alive.

use std::io;

use crate::execution::executor::Executor;
use crate::rundir::find_heartbeat_files;
use crate::store::is_gone;

pub(crate) use crate::rundir::HeartbeatFile;

/// Begins to give it. Those of schedulers that were killed are removed.
///
/// # Errors
/// The state directory cannot be written.
pub(crate) fn begin_heartbeat_file(executor: &Executor) -> io::Result<HeartbeatFile> {
    let (state_dir, here) = (executor.state_dir(), &executor.owner);
    for file in find_heartbeat_files(state_dir)? {
        if is_gone(&file.owner(here), here) {
            file.remove()?;
        }
    }
    HeartbeatFile::begin(state_dir, here)
}
