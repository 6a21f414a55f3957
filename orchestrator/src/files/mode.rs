//! Which mode files of this process get. One for the process, as is the umask in whose place
//! it stands: every file of ours lies in one state directory, or holds its database.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::StateMode;

static GROUP_MAY_READ: AtomicBool = AtomicBool::new(false);

/// Said once, before anything is made.
pub(crate) fn set_state_mode(mode: StateMode) {
    GROUP_MAY_READ.store(mode == StateMode::Group, Ordering::Relaxed);
}

pub(crate) fn state_mode() -> StateMode {
    if GROUP_MAY_READ.load(Ordering::Relaxed) {
        StateMode::Group
    } else {
        StateMode::Private
    }
}
