//! Finding and killing descendants (proc_pid_task(5), `children`). Needs a caller
//! that is a subreaper, so that nobody can leave the tree by orphaning itself. It
//! must never signal a process of which it is not sure: pids are reused.

use std::collections::HashSet;
use std::fs;

use crate::process::protocol::Leftover;
use crate::process::sys::Pidfd;

/// Names are kept of so many; the rest is only counted.
const NAMED: usize = 16;

/// Walks per sweep. A tree that forks faster than this gets the next sweep.
const WALKS: usize = 64;

/// What a sweep, or several, had to kill.
#[derive(Debug, Default)]
pub(super) struct Killed {
    /// The first few.
    pub named: Vec<Leftover>,
    /// How many in all.
    pub count: u64,
    seen: HashSet<i32>,
}

impl Killed {
    fn add(&mut self, pid: i32) -> bool {
        let new = self.seen.insert(pid);
        if new {
            self.count += 1;
            if self.named.len() < NAMED {
                self.named.push(leftover(pid));
            }
        }
        new
    }

    /// Takes back what was counted and is no leftover: the main process.
    pub(super) fn exempt(&mut self, pid: i32) {
        if self.seen.remove(&pid) {
            self.count -= 1;
            self.named.retain(|leftover| leftover.pid != pid);
        }
    }
}

/// Sends SIGKILL to every descendant of this process, except to the children that
/// are `spared` and what is below them, until a walk finds nobody new. A process
/// with SIGKILL pending can no longer fork, so each round is final.
///
/// `false` if it had to stop before that: the caller shall come back at once.
pub(super) fn kill_descendants(spared: impl Fn(i32) -> bool, killed: &mut Killed) -> bool {
    for _ in 0..WALKS {
        let mut settled = true;
        for (parent, pid) in descendants(&spared) {
            // Opened first, judged second: if the pid had been reused in between,
            // its parent would not be the one under which we found it.
            let Ok(process) = Pidfd::open(pid) else { continue };
            if parent_of(pid) != Some(parent) {
                settled = false;
                continue;
            }
            if killed.add(pid) {
                settled = false;
            }
            // EPERM (it changed its user) is met again as an unkillable process.
            let _ = process.kill();
        }
        if settled {
            return true;
        }
    }
    false
}

/// The descendants that are still alive, zombies excepted, as in [`kill_descendants`].
pub(super) fn living_descendants(spared: impl Fn(i32) -> bool) -> Vec<Leftover> {
    descendants(&spared)
        .into_iter()
        .filter(|(_, pid)| !matches!(stat(*pid), None | Some(('Z' | 'X', _))))
        .map(|(_, pid)| leftover(pid))
        .collect()
}

/// Every descendant with its parent, breadth first.
fn descendants(spared: &impl Fn(i32) -> bool) -> Vec<(i32, i32)> {
    let this = nix::unistd::getpid().as_raw();
    let mut found: Vec<_> = children(this)
        .into_iter()
        .filter(|pid| !spared(*pid))
        .map(|pid| (this, pid))
        .collect();
    let mut next = 0;
    while let Some(&(_, parent)) = found.get(next) {
        found.extend(children(parent).into_iter().map(|pid| (parent, pid)));
        next += 1;
    }
    found
}

/// The children of all threads of a process; empty if it is gone.
fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for thread in threads.flatten() {
        let list = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        found.extend(
            list.split_ascii_whitespace()
                .filter_map(|pid| pid.parse::<i32>().ok()),
        );
    }
    found
}

fn parent_of(pid: i32) -> Option<i32> {
    stat(pid).map(|(_, parent)| parent)
}

/// State and parent (proc_pid_stat(5)). The name before them may contain anything.
fn stat(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after_name = memchr::memrchr(b')', &stat)? + 1;
    let mut fields = std::str::from_utf8(&stat[after_name..])
        .ok()?
        .split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    Some((state, parent))
}

fn leftover(pid: i32) -> Leftover {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    Leftover {
        pid,
        name: String::from_utf8_lossy(name.trim_ascii_end()).into_owned(),
    }
}
