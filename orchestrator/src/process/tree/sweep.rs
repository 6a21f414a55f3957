//! Finding and killing descendants (proc_pid_task(5), `children`). Needs a caller
//! that is a subreaper, so that nobody can leave the tree by orphaning itself:
//! supervisors, the fork server, and the orchestrator as the last resort. It must
//! never signal a process of which it is not sure: pids are reused.

use std::collections::HashSet;
use std::fs;
use std::io;

use crate::process::protocol::Leftover;
use crate::process::sys::Pidfd;
use crate::text::proc_stat::fields_after_name;

/// Names are kept of so many; the rest is only counted.
const NAMED: usize = 16;

/// Whether descendants can be found at all.
///
/// # Errors
/// The missing file, with the kernel's option for it.
pub(crate) fn check_kernel() -> io::Result<()> {
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
pub(crate) struct Killed {
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
    pub(crate) fn exempt(&mut self, pid: i32) {
        if self.seen.remove(&pid) {
            self.count -= 1;
            self.named.retain(|leftover| leftover.pid != pid);
        }
    }
}

/// One walk over every descendant of this process, except the children that are
/// `spared` and what is below them: SIGKILL to whoever is alive. A process with
/// SIGKILL pending can no longer fork, so what was reached is final.
///
/// `false` if somebody new was met or got away: the caller shall reap and come back
/// at once. Reaping between two walks is what keeps the dead of a tree that forks
/// without pause from using up all process ids.
pub(crate) fn kill_descendants(spared: impl Fn(i32) -> bool, killed: &mut Killed) -> bool {
    let mut settled = true;
    let mut walk = Walk::new(&spared);
    while let Some((parent, pid)) = walk.next() {
        // Opened first, judged second: if the pid had been reused in between, its
        // parent would not be the one under which we found it.
        let Ok(process) = Pidfd::open(pid) else { continue };
        match stat(pid) {
            Some(stat) if stat.parent != parent => settled = false,
            Some(stat) if stat.is_alive() => {
                // EPERM (it changed its user) is met again as an unkillable process.
                let _ = process.kill();
                settled &= !killed.add(pid);
                walk.enter(pid);
            }
            _ => {}
        }
    }
    settled
}

/// The descendants that are still alive, as in [`kill_descendants`].
pub(crate) fn living_descendants(spared: impl Fn(i32) -> bool) -> Vec<Leftover> {
    descendants(&spared)
        .filter(|pid| stat(*pid).is_some_and(|stat| stat.is_alive()))
        .map(leftover)
        .collect()
}

/// Whether a descendant (a zombie, too) is in this process group; while one is,
/// the kernel gives the number to nobody else.
pub(crate) fn has_group(group: i32) -> bool {
    descendants(&|_| false).any(|pid| stat(pid).is_some_and(|stat| stat.group == group))
}

/// The children of this process, zombies included, that are in another session.
pub(crate) fn children_in_other_sessions() -> Vec<i32> {
    let session = nix::unistd::getsid(None).map_or(0, nix::unistd::Pid::as_raw);
    children(nix::unistd::getpid().as_raw())
        .into_iter()
        .filter(|pid| stat(*pid).is_some_and(|stat| stat.session != session))
        .collect()
}

/// The letter of its state (proc_pid_stat(5)); `None` if there is no such process.
pub(crate) fn state(pid: i32) -> Option<char> {
    stat(pid).map(|stat| stat.state)
}

/// Every descendant.
fn descendants(spared: &impl Fn(i32) -> bool) -> impl Iterator<Item = i32> {
    let mut walk = Walk::new(spared);
    std::iter::from_fn(move || {
        let (_, pid) = walk.next()?;
        walk.enter(pid);
        Some(pid)
    })
}

/// A walk over processes and their parents. The kernel lists the newest child last;
/// it comes first here, being the one that is about to have children of its own.
struct Walk(Vec<(i32, i32)>);

impl Walk {
    /// Begins with our own children that are not `spared`.
    fn new(spared: &impl Fn(i32) -> bool) -> Self {
        let mut walk = Self(Vec::new());
        walk.enter(nix::unistd::getpid().as_raw());
        walk.0.retain(|(_, pid)| !spared(*pid));
        walk
    }

    fn next(&mut self) -> Option<(i32, i32)> {
        self.0.pop()
    }

    /// Goes on to the children of `parent`.
    fn enter(&mut self, parent: i32) {
        self.0
            .extend(children(parent).into_iter().map(|pid| (parent, pid)));
    }
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
    threads: i32,
}

impl Stat {
    /// A process whose main thread has ended lives on in its other threads.
    fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X') || self.threads > 1
    }
}

/// `None` if there is no such process.
fn stat(pid: i32) -> Option<Stat> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = fields_after_name(&stat)?;
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    // The 20th field; the session is the 6th.
    let threads = fields.nth(13)?.parse().ok()?;
    Some(Stat {
        state,
        parent,
        group,
        session,
        threads,
    })
}

fn leftover(pid: i32) -> Leftover {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    Leftover {
        pid,
        name: String::from_utf8_lossy(name.trim_ascii_end()).into_owned(),
    }
}
