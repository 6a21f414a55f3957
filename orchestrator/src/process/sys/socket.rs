//! Bytes and descriptors over a UNIX socket (unix(7), SCM_RIGHTS).

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};

/// As many descriptors as one message ever brings.
const MOST_DESCRIPTORS: usize = 2;

/// Sends bytes, and descriptors with the first of them. Returns how many bytes
/// went out; never raises SIGPIPE.
///
/// # Errors
/// Those of sendmsg(2); `EPIPE` and `ECONNRESET` mean that the peer is gone.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[RawFd]) -> io::Result<usize> {
    let rights = [ControlMessage::ScmRights(descriptors)];
    let rights = if descriptors.is_empty() {
        &rights[..0]
    } else {
        &rights
    };
    loop {
        let iov = [IoSlice::new(bytes)];
        match sendmsg::<UnixAddr>(socket.as_raw_fd(), &iov, rights, MsgFlags::MSG_NOSIGNAL, None) {
            Err(Errno::EINTR) => {}
            result => return Ok(result?),
        }
    }
}

/// Receives into `buffer`, and appends the descriptors that came along
/// (close-on-exec). 0 bytes mean that the peer has closed its end.
///
/// # Errors
/// Those of recvmsg(2); `ECONNRESET` if the peer has left something of ours unread.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> io::Result<usize> {
    let mut space = nix::cmsg_space!([RawFd; MOST_DESCRIPTORS]);
    loop {
        let mut iov = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let message = match recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut iov, Some(&mut space), flags) {
            Err(Errno::EINTR) => continue,
            result => result?,
        };
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(received) = control {
                for fd in received {
                    // SAFETY: the kernel has just installed this descriptor for us;
                    // nobody else knows of it.
                    descriptors.push_back(unsafe { OwnedFd::from_raw_fd(fd) });
                }
            }
        }
        return Ok(message.bytes);
    }
}
