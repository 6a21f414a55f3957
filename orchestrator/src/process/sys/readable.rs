//! A descriptor that a task waits for until it can be read (epoll(7)).

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The descriptor, which must be non-blocking. Safe to drop and to wait for again.
#[derive(Debug)]
pub struct Readable(AsyncFd<OwnedFd>);

impl Readable {
    /// Waits on behalf of the current runtime.
    ///
    /// # Errors
    /// It is of a kind that cannot be waited for (epoll_ctl(2), `EPERM`).
    pub fn new(fd: OwnedFd) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` stays open, and the same one, as long as it is owned.
        let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        registered.map(Self).map_err(io::Error::from)
    }

    /// Calls `read` when it may succeed, until it returns something else than
    /// [`io::ErrorKind::WouldBlock`].
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn read<T>(&self, mut read: impl FnMut(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        use std::os::fd::AsFd;
        self.0.async_io(Interest::READABLE, |fd| read(fd.as_fd())).await
    }
}
