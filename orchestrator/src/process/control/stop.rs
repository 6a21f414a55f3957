//! This process stops itself, as a terminal's Ctrl-Z would have stopped it.

use std::io;

use nix::sys::signal::{Signal, raise};
use nix::unistd::{Pid, getpgid, getpgrp, getppid, getsid};

/// Stops all of this process; returns when somebody lets it go on (SIGCONT). `false`, at once, if
/// nobody is there who would: in an orphaned process group (setpgid(2)) a Ctrl-Z stops nothing.
///
/// # Errors
/// The system refuses.
pub fn stop_until_continued() -> io::Result<bool> {
    if !has_job_control() {
        return Ok(false);
    }
    raise(Signal::SIGSTOP)?;
    Ok(true)
}

/// Whether an ancestor of ours is in our session and in another process group: a shell that can
/// see us stopped. What is between it and us is in our group, and stopped with us.
fn has_job_control() -> bool {
    let (group, session) = (getpgrp(), getsid(None));
    let mut ancestor = getppid();
    while getpgid(Some(ancestor)) == Ok(group) {
        match parent_of(ancestor) {
            Some(parent) => ancestor = parent,
            None => return false,
        }
    }
    session.is_ok() && getsid(Some(ancestor)) == session
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    parent
        .trim()
        .parse()
        .ok()
        .filter(|pid| *pid > 0)
        .map(Pid::from_raw)
}
