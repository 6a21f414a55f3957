//! Finding and killing descendants (proc_pid_task(5), `children`). Needs a caller
//! that is a subreaper, so that nobody can leave the tree by orphaning itself:
//! supervisors, the fork server, and the orchestrator as the last resort. It must
//! never signal a process of which it is not sure: pids are reused.

use std::collections::HashSet;
use std::fs;
use std::io;

use crate::process::protocol::Leftover;
use crate::process::sys::Pidfd;

/// Names are kept of so many; the rest is only counted.
const NAMED: usize = 16;

/// Walks per sweep. A tree that forks faster than this gets the next sweep.
const WALKS: usize = 64;

/// Whether descendants can be found at all.
///
/// # Errors
/// The missing file, with the kernel's option for it.
pub(super) fn check_kernel() -> io::Result<()> {
    let this = nix::unistd::getpid();
    let list = format!("/proc/{this}/task/{this}/children");
    fs::read(&list).map(drop).map_err(|error| {
        io::Error::other(format!(
            "{list}: {error} (/proc and CONFIG_PROC_CHILDREN are needed)"
        ))
    })
}

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
            if stat(pid).is_none_or(|stat| stat.parent != parent) {
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
        .filter(|(_, pid)| stat(*pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X')))
        .map(|(_, pid)| leftover(pid))
        .collect()
}

/// Whether a descendant (a zombie, too) is in this process group; while one is,
/// the kernel gives the number to nobody else.
pub(super) fn has_group(group: i32) -> bool {
    descendants(&|_| false)
        .into_iter()
        .any(|(_, pid)| stat(pid).is_some_and(|stat| stat.group == group))
}

/// The children of this process, zombies included, that are in another session.
pub(super) fn children_in_other_sessions() -> Vec<i32> {
    let session = nix::unistd::getsid(None).map_or(0, nix::unistd::Pid::as_raw);
    children(nix::unistd::getpid().as_raw())
        .into_iter()
        .filter(|pid| stat(*pid).is_some_and(|stat| stat.session != session))
        .collect()
}

/// Whether there is a process with this pid, be it a zombie.
pub(super) fn exists(pid: i32) -> bool {
    stat(pid).is_some()
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

/// Some fields of proc_pid_stat(5).
struct Stat {
    state: char,
    parent: i32,
    group: i32,
    session: i32,
}

/// `None` if there is no such process. The name before the fields may contain anything.
fn stat(pid: i32) -> Option<Stat> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after_name = memchr::memrchr(b')', &stat)? + 1;
    let mut fields = std::str::from_utf8(&stat[after_name..])
        .ok()?
        .split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    Some(Stat {
        state,
        parent,
        group,
        session,
    })
}

fn leftover(pid: i32) -> Leftover {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    Leftover {
        pid,
        name: String::from_utf8_lossy(name.trim_ascii_end()).into_owned(),
    }
}
