//! Reaping with the figures of what was used (wait4(2)).

use std::time::Duration;

use nix::errno::Errno;

use super::trace;
use crate::model::Exit;

/// What became of our children.
#[derive(Debug)]
pub(crate) enum Waited {
    /// This one has ended and is now reaped.
    Reaped {
        /// Its process id, free to be used again.
        pid: i32,
        /// How it ended.
        exit: Exit,
        /// User CPU, its own and of what it waited for.
        user_cpu: Duration,
        /// System CPU, its own and of what it waited for.
        system_cpu: Duration,
        /// Peak resident memory in bytes of the largest of them.
        max_rss: u64,
    },
    /// There are some, all alive.
    AllAlive,
    /// There are none.
    NoChildren,
}

/// Reaps one child that has ended, without waiting for one. Those that have stopped
/// because they are traced by us go on.
pub(crate) fn wait_any() -> Waited {
    loop {
        let pid = match changed() {
            Ok(0) => return Waited::AllAlive,
            Ok(pid) => pid,
            Err(Errno::EINTR) => continue,
            Err(_) => return Waited::NoChildren,
        };
        let is_thread = is_thread(pid);
        let mut status = 0;
        // SAFETY: all zeros is a valid rusage (integers only).
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        let how = libc::WNOHANG | libc::__WALL;
        // SAFETY: both pointers are to live locals of the right type.
        if unsafe { libc::wait4(pid, &raw mut status, how, &raw mut usage) } != pid {
            continue;
        }
        if libc::WIFSTOPPED(status) {
            trace::detach(pid, status);
            continue;
        }
        // Its process is still to come, with the usage of all its threads.
        if is_thread {
            continue;
        }
        let exit = if libc::WIFSIGNALED(status) {
            Exit::Signal {
                no: libc::WTERMSIG(status),
                core: libc::WCOREDUMP(status),
            }
        } else {
            Exit::Code(libc::WEXITSTATUS(status))
        };
        return Waited::Reaped {
            pid,
            exit,
            user_cpu: duration(usage.ru_utime),
            system_cpu: duration(usage.ru_stime),
            // Linux counts in KiB (getrusage(2)).
            max_rss: u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024),
        };
    }
}

/// A child that has ended or stopped, which it remains; 0 if there is none.
fn changed() -> nix::Result<i32> {
    // SAFETY: all zeros is a valid siginfo_t (integers and pointers only).
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: the kernel writes to a live local of the right type.
    Errno::result(unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, how) })?;
    // SAFETY: filled in by waitid(2), or still all zeros.
    Ok(unsafe { info.si_pid() })
}

/// Whether this is one of several threads and not the first: those that are traced
/// are waited for one by one. A process of this id does not exist then (tgkill(2)).
fn is_thread(pid: i32) -> bool {
    // SAFETY: takes three integers; signal 0 is never sent.
    let found = unsafe { libc::syscall(libc::SYS_tgkill, pid, pid, 0) };
    found == -1 && Errno::last() == Errno::ESRCH
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros))
}
