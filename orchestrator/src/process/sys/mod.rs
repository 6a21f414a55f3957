//! The system calls that nix does not wrap: the only `unsafe` code of the project.
//! Everything here is a thin, safe function around one idea of the kernel.
//! It must never decide anything.

mod pidfd;
mod socket;
mod spawn;
mod wait;

pub(super) use pidfd::Pidfd;
pub(super) use socket::{receive, send};
pub(super) use spawn::{Execution, ResourceLimit, Spawner};
pub(super) use wait::{Waited, wait_any};

use std::io;

/// Closes every descriptor from 3 upwards (close_range(2)).
pub(super) fn close_from_3() -> io::Result<()> {
    // SAFETY: closes descriptors only. The caller is a process that has just begun
    // and owns none of them yet, so no `OwnedFd` is invalidated.
    match unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Forks (fork(2)): the child's pid in the parent, `None` in the child.
///
/// Only for processes with a single thread: anything else could be holding a lock.
pub(super) fn fork() -> io::Result<Option<i32>> {
    // SAFETY: the fork server never starts a thread, so the child finds every
    // lock free and every data structure whole.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(pid)),
    }
}

/// Sets every signal that has one to its default action (signal(7)), so that
/// nothing ignored by whoever started us (nohup) is ignored by a collector.
pub(super) fn default_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_DFL installs no code. Signals that cannot be set (SIGKILL,
        // SIGSTOP, the two of glibc) answer EINVAL, which is what we want.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
