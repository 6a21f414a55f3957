//! Supervisors whose attempt is over and that wait for the next one: forking a new one costs
//! more than most collectors. The fork server's handle takes them, attempts put them back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::process::tree::peers::Supervisor;

/// Supervisors kept waiting. More than this many at once is a burst.
const MOST: usize = 8;

/// Those that wait. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdleSupervisors(Arc<Mutex<Vec<Supervisor>>>);

impl IdleSupervisors {
    /// One that waits and can be relied on.
    pub(crate) fn take(&self) -> Option<Supervisor> {
        loop {
            let mut supervisor = self.lock().pop()?;
            // One that has something to say while it waits has been killed.
            if supervisor.server.is_alive() && supervisor.is_idle() {
                return Some(supervisor);
            }
        }
    }

    /// Takes a supervisor back whose attempt left nothing behind.
    pub(crate) fn put_back(&self, mut supervisor: Supervisor) {
        let reliable = supervisor.rest();
        let mut idle = self.lock();
        if idle.len() < MOST && reliable {
            idle.push(supervisor);
        }
    }

    /// Lets all of them end.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Supervisor>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
