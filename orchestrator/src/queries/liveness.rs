//! Whether a scheduler of this state directory is alive: by the signs that schedulers leave
//! there, without a database.

use std::io;
use std::path::Path;

use crate::events::LOOP_PATIENCE;
use crate::model::Owner;
use crate::rundir::find_heartbeat_files;
use crate::store::is_gone;
use crate::text::human_duration;

/// The answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SchedulerLiveness {
    /// Whether the loop of one of them turns.
    pub(crate) alive: bool,
    /// What is wrong with the others; if there is none, that.
    pub(crate) problems: Vec<String>,
}

/// Looks at every sign.
///
/// # Errors
/// The state directory cannot be read.
pub(crate) fn find_liveness(state_dir: &Path, here: &Owner) -> io::Result<SchedulerLiveness> {
    let mut liveness = SchedulerLiveness {
        alive: false,
        problems: Vec::new(),
    };
    for file in find_heartbeat_files(state_dir)? {
        let owner = file.owner(here);
        if is_gone(&owner, here) {
            continue;
        }
        if file.age <= LOOP_PATIENCE {
            liveness.alive = true;
        } else {
            liveness.problems.push(format!(
                "the loop of the scheduler {owner} has not turned for {}",
                human_duration(file.age)
            ));
        }
    }
    if !liveness.alive && liveness.problems.is_empty() {
        let none = format!("no scheduler of {} is alive", state_dir.display());
        liveness.problems.push(none);
    }
    Ok(liveness)
}
