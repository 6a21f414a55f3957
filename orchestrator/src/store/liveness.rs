//! Whether runs without an end still have somebody who could bring them to one. Recovery
//! asks; it knows neither process ids nor locks, so that a lease can answer as well.

use std::path::Path;

use crate::model::{Owner, RunId};
use crate::rundir::is_worked_on;
use crate::store::owner::is_gone;

/// Who can tell. What cannot be seen is alive.
pub(crate) trait Liveness {
    /// Whether the owner of a run may still be there.
    fn is_alive(&self, owner: &Owner) -> bool;

    /// Whether somebody works on the run.
    fn is_worked_on(&self, run: &RunId) -> bool;
}

/// By what this machine knows of itself: its processes, and the locks on journals.
pub(crate) struct LocalLiveness<'a> {
    pub(crate) state_dir: &'a Path,
    pub(crate) here: &'a Owner,
}

impl Liveness for LocalLiveness<'_> {
    fn is_alive(&self, owner: &Owner) -> bool {
        !is_gone(owner, self.here)
    }

    fn is_worked_on(&self, run: &RunId) -> bool {
        is_worked_on(self.state_dir, run)
    }
}

/// Whether a run without an end has nobody who could bring it to one.
pub(crate) fn is_abandoned(liveness: &impl Liveness, run: &RunId, owner: &Owner) -> bool {
    !liveness.is_alive(owner) && !liveness.is_worked_on(run)
}
