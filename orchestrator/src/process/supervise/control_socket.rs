//! The blocking end of a socket: frames and descriptors in, frames out.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::process::protocol::{FrameBuffer, encode};
use crate::process::sys;

/// Bytes per read; nearly every message fits.
const READ: usize = 16 << 10;

/// One end of a UNIX stream socket.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    socket: OwnedFd,
    frames: FrameBuffer,
    descriptors: VecDeque<OwnedFd>,
    buffer: Vec<u8>,
}

impl ControlSocket {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            frames: FrameBuffer::default(),
            descriptors: VecDeque::new(),
            buffer: vec![0; READ],
        }
    }

    /// Reads once, waiting if there is nothing. `false` when the peer is gone.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        let received = sys::receive(self.socket.as_fd(), &mut self.buffer, &mut self.descriptors);
        let count = match received {
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            received => received?,
        };
        self.frames.extend(&self.buffer[..count]);
        Ok(count > 0)
    }

    /// The next message that has arrived in full, with its tail.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<u8>)>> {
        self.frames.next()
    }

    /// Waits for the next message. `None` when the peer is gone.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<u8>)>> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(Some(message));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// The next of the descriptors that came with the messages.
    pub(crate) fn descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }

    /// Sends one message.
    ///
    /// # Errors
    /// `EPIPE` when the peer is gone.
    pub(crate) fn send(&self, message: &impl Serialize) -> io::Result<()> {
        self.send_with(message, None)
    }

    /// As `send`, with a descriptor.
    pub(crate) fn send_with(
        &self,
        message: &impl Serialize,
        descriptor: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        let frame = encode(message, &[])?;
        let mut descriptors: Vec<_> = descriptor.iter().map(AsRawFd::as_raw_fd).collect();
        let mut rest = &frame[..];
        while !rest.is_empty() {
            rest = &rest[sys::send(self.socket.as_fd(), rest, &descriptors)?..];
            descriptors.clear();
        }
        Ok(())
    }
}

impl AsFd for ControlSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
