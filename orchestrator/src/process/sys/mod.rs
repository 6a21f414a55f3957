//! The system calls that nix does not wrap: the only `unsafe` code of the project.
//! Everything here is a thin, safe function around one idea of the kernel.
//! It must never decide anything.

pub(crate) mod boot_clock;
pub(crate) mod pidfd;
mod readable;
mod socket;
mod spawn;
mod trace;
mod wait;

pub(crate) use pidfd::Pidfd;
pub use readable::Readable;
pub(crate) use socket::{receive, send};
pub(crate) use spawn::{Execution, Rlimit, Spawner};
pub(crate) use wait::{Waited, wait_any};

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

/// Sets every signal to its default action (signal(7)), so that nothing ignored by
/// whoever started us is ignored by a collector: SIGHUP under nohup, SIGPIPE by
/// Rust's runtime, and the two that posix_spawn(3) ignores and that the C library
/// does not let us set, hence the bare system call.
pub(super) fn default_signals() {
    /// struct kernel_sigaction: handler, flags, restorer, mask. Zeros: SIG_DFL.
    const DEFAULT: [u64; 4] = [0; 4];
    /// Bytes of a signal set in the kernel.
    const SET: usize = size_of::<u64>();
    for signal in 1..=libc::SIGRTMAX() {
        let nowhere = std::ptr::null_mut::<u64>();
        // SAFETY: installs no code; the kernel reads `DEFAULT` and writes nothing.
        // SIGKILL and SIGSTOP answer EINVAL, which is what we want.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, DEFAULT.as_ptr(), nowhere, SET) };
    }
}
