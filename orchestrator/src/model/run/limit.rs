//! The limits that end an attempt, in the words of a summary. Pure.

use std::fmt;
use std::time::Duration;

/// A limit of time that ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// `timeout:`, since the start.
    Total(Duration),
    /// `idle_timeout:`, since the last byte of output.
    Idle(Duration),
}

/// A limit of use that ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceLimit {
    /// `cpu_time:` of one process (RLIMIT_CPU, which counts whole seconds).
    CpuTime(Duration),
    /// `memory:` of the whole tree in bytes (`memory.max` of its cgroup).
    Memory(u64),
}

impl fmt::Display for ResourceLimit {
    /// "CPU time limit of 10s reached", "memory limit of 200 MiB reached".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match *self {
            Self::CpuTime(limit) => {
                let limit = humantime::format_duration(limit);
                write!(f, "CPU time limit of {limit} reached")
            }
            Self::Memory(bytes) => {
                let exact = UNITS.iter().find(|(_, size)| bytes.is_multiple_of(*size));
                let (unit, size) = exact.unwrap_or(&("bytes", 1));
                write!(f, "memory limit of {} {unit} reached", bytes / size)
            }
        }
    }
}
