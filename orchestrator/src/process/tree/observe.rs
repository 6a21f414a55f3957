//! What a process is seen doing, for the watchdog. Reads /proc and the files of
//! cgroups, and changes nothing.

use std::fs;

use crate::process::supervise::cgroup::{mount_point, own_path};
use crate::process::tree::sweep;
use crate::process::watchdog::Sight;

/// Looks at a process. One that only waits is examined for being frozen if there is
/// a doubt about it.
pub(crate) fn look_at(pid: i32, in_doubt: bool) -> Sight {
    match sweep::state(pid) {
        None | Some('Z' | 'X') => Sight::Dead,
        Some('T') if is_frozen(pid) => Sight::Frozen,
        Some('T') => Sight::Stopped,
        // A process whose cgroup (version 2) is frozen looks asleep.
        Some('S' | 'I' | 't') if in_doubt && is_frozen(pid) => Sight::Frozen,
        // Traced: a tracer that is done with it soon, or one that will answer no ping.
        Some('S' | 'I' | 't') => Sight::Asleep,
        // Version 1 shows frozen ones as hanging in the kernel (D), too.
        Some(_) => Sight::Busy,
    }
}

/// Whether its cgroup or one above it is frozen (`cgroup.events`).
fn is_frozen(pid: i32) -> bool {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let groups = read(&format!("/proc/{pid}/cgroup"));
    let mount = mount_point(&read("/proc/self/mountinfo"));
    let (Some(mount), Some(group)) = (mount, own_path(&groups)) else {
        return false;
    };
    let events = mount.join(group.trim_start_matches('/')).join("cgroup.events");
    let events = fs::read_to_string(events).unwrap_or_default();
    events.lines().any(|line| line == "frozen 1")
}
