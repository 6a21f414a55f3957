//! Reaping with the figures of what was used (wait4(2)).

use std::time::Duration;

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

/// Reaps one child that has ended, without waiting for one.
pub(crate) fn wait_any() -> Waited {
    loop {
        let mut status = 0;
        // SAFETY: all zeros is a valid rusage (integers only).
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live locals of the right type.
        let pid = unsafe { libc::wait4(-1, &raw mut status, libc::WNOHANG, &raw mut usage) };
        match pid {
            0 => return Waited::AllAlive,
            -1 if nix::errno::Errno::last() == nix::errno::Errno::EINTR => {}
            -1 => return Waited::NoChildren,
            _ => {
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
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros))
}
