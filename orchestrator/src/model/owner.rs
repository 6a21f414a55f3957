//! Which process a run belongs to, precisely enough to tell later whether it is
//! still there. Found out by `store`, carried in the run's first event.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A process, told apart from every other one before or after it, on any machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// The machine's name (gethostname(2)).
    pub host: String,
    /// A random id of this boot of the machine (random(4), `boot_id`).
    pub boot: String,
    /// Its process id.
    pub pid: u32,
    /// When it was started, in clock ticks since the boot (proc_pid_stat(5), field
    /// 22): process ids come round again, and this does not.
    pub started: u64,
}

impl fmt::Display for Owner {
    /// `pid 4711 on collector-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} on {}", self.pid, self.host)
    }
}
