//! A process that cannot be mistaken for another one (pidfd_open(2)).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::sys::signal::Signal;

/// Refers to one process, also after its pid has been given to another.
#[derive(Debug)]
pub(crate) struct Pidfd(OwnedFd);

impl Pidfd {
    /// The process that has this pid now.
    ///
    /// # Errors
    /// `ESRCH` if there is none.
    pub(crate) fn open(pid: i32) -> io::Result<Self> {
        // SAFETY: takes two integers and returns a new descriptor (close-on-exec) or -1.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        match i32::try_from(fd) {
            // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
            Ok(fd) if fd >= 0 => Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) })),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// SIGKILL to it.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) fn kill(&self) -> io::Result<()> {
        self.send(Signal::SIGKILL)
    }

    /// A signal to it (pidfd_send_signal(2)).
    ///
    /// # Errors
    /// `ESRCH` if it has been reaped, `EPERM` if it belongs to somebody else.
    pub(crate) fn send(&self, signal: Signal) -> io::Result<()> {
        let no_info = std::ptr::null::<libc::siginfo_t>();
        let fd = self.0.as_raw_fd();
        // SAFETY: a null siginfo is allowed; no memory of ours is touched.
        match unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal as i32, no_info, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Readable when the process has ended, whoever has to wait for it.
impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Pidfd {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}
