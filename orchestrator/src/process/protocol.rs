//! What the orchestrator, the fork server and the supervisors say to each other
//! over their UNIX sockets. Used by both sides; it must never decide anything.
//!
//! A message is a frame: the length of the rest and the length of the JSON part
//! (two little-endian `u32`), the JSON part, and a tail of raw bytes. Only
//! [`ToSupervisor::Start`] has a tail: the strings of an execve(2), each ending
//! with NUL, so that they need neither escaping nor copying and may be any bytes.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{Exit, LeaseDeadline};
use crate::process::ladder::{Cause, Timings};

/// Longer frames are refused. execve(2) takes 6 MiB of strings at the very most.
pub(crate) const FRAME_LIMIT: usize = 16 << 20;

const LENGTH: usize = size_of::<u32>();

/// From the orchestrator to the fork server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToServer {
    /// Fork a supervisor; its end of the control socket comes with the message.
    Fork {
        /// The orchestrator's name for it, never used twice.
        supervisor: u64,
    },
    /// SIGKILL to a supervisor that does not answer, and to all that it leaves.
    Kill {
        /// Which one.
        supervisor: u64,
    },
}

/// From the orchestrator to a supervisor. `attempt` makes sure that a late
/// request never hits the supervisor's next attempt.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToSupervisor {
    /// Run this; the write ends of stdout and stderr come with the message.
    Start(Start),
    /// Walk down the ladder.
    Cancel { attempt: u64, cause: Cause },
    /// Jump to its last rung.
    Kill { attempt: u64, cause: Cause },
    /// Stop the collector and its clock.
    Pause { attempt: u64 },
    /// Let both go on.
    Resume { attempt: u64 },
    /// The lease of its run was renewed.
    Extend { attempt: u64, lease: LeaseDeadline },
    /// Are you there? Answered with [`Report::Pong`].
    Ping,
}

/// The fixed part of an attempt; its strings are in the tail, in the order
/// program, arguments, environment, working directory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    pub attempt: u64,
    /// Strings after the program.
    pub arguments: usize,
    /// Strings after those, each `NAME=value`.
    pub environment: usize,
    /// Whether a working directory follows.
    pub directory: bool,
    pub timings: Timings,
    /// Until when it may run, where its run is this process's for a while only.
    pub lease: Option<LeaseDeadline>,
    /// In bytes: of the tree where it has a cgroup, else RLIMIT_AS.
    pub memory: Option<u64>,
    /// RLIMIT_CPU.
    pub cpu_time: Option<Duration>,
    /// RLIMIT_NOFILE.
    pub open_files: Option<u64>,
}

/// From a supervisor to the orchestrator.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// It is there, under this process id, and waits for its first attempt. Its pidfd
    /// comes with the message: nobody else could be sure of it.
    Ready { pid: i32 },
    /// The fork server could not make a supervisor (sent by the fork server itself).
    NotForked { errno: i32 },
    /// The collector runs.
    Spawned { pid: i32 },
    /// It could not be started.
    NotSpawned { stage: Stage, errno: i32 },
    /// The attempt is over.
    Over(Over),
    /// It is there.
    Pong,
    /// The supervisor has been killed, and all that it left behind (sent by the fork
    /// server). Without this word before its end, nobody has seen to that.
    Swept,
    /// The collector is stopped, or is on its way out and not held up.
    Paused,
}

/// What was tried when starting a collector failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Making a process: the machine's trouble, not the collector's.
    Fork,
    /// Session, signals, descriptors.
    Prepare,
    /// Entering its cgroup; tried again without one.
    Cgroup,
    /// setrlimit(2).
    Limits,
    /// chdir(2).
    Directory,
    /// execve(2).
    Execute,
}

/// The end of an attempt; by default one of which nothing is known yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Over {
    /// How the main process ended; `None` if it could not be killed.
    pub exit: Option<Exit>,
    /// Why we ended it, if we did.
    pub cause: Option<Cause>,
    /// What held the tree together.
    pub isolation: Isolation,
    /// Whether the kernel killed for the limit of memory (with a cgroup only).
    pub out_of_memory: bool,
    /// From the start to the end of the main process.
    pub wall: Duration,
    /// Of the whole tree, as far as it was waited for.
    pub user_cpu: Duration,
    /// Of the whole tree, as far as it was waited for.
    pub system_cpu: Duration,
    /// Of the largest process of the tree, in bytes.
    pub max_rss: u64,
    /// Descendants of the main process that had to be killed; the first few of them.
    pub killed: Vec<Leftover>,
    /// How many there were.
    pub killed_count: u64,
    /// What SIGKILL did not end in time.
    pub unkillable: Vec<Leftover>,
}

/// What held the tree of an attempt together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// A supervisor that adopts every orphan.
    #[default]
    Tree,
    /// In addition a cgroup.
    Cgroup,
}

impl Isolation {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Cgroup => "cgroup",
        }
    }
}

/// A process that outlived its welcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Its process id at that time.
    pub pid: i32,
    /// Its name (proc_pid_comm(5)).
    pub name: String,
}

/// The bytes of a frame.
///
/// # Errors
/// `InvalidInput` if it exceeds [`FRAME_LIMIT`].
pub(crate) fn encode(message: &impl Serialize, tail: &[u8]) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 2 * LENGTH];
    serde_json::to_writer(&mut frame, message)?;
    let json = frame.len() - 2 * LENGTH;
    frame.extend_from_slice(tail);
    let rest = frame.len() - LENGTH;
    if rest > FRAME_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "message too long"));
    }
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    frame[..LENGTH].copy_from_slice(&length(rest));
    frame[LENGTH..2 * LENGTH].copy_from_slice(&length(json));
    Ok(frame)
}

/// Bytes from a socket on their way to be messages.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffer {
    bytes: Vec<u8>,
}

impl FrameBuffer {
    /// Appends what was read.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next whole message and its tail, if there is one.
    ///
    /// # Errors
    /// `InvalidData` if the peer does not speak this protocol.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<u8>)>> {
        let Some((rest, body)) = self.bytes.split_first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let rest = usize::try_from(u32::from_le_bytes(*rest)).unwrap_or(usize::MAX);
        if !(LENGTH..=FRAME_LIMIT).contains(&rest) {
            return Err(malformed("length"));
        }
        let Some(body) = body.get(..rest) else {
            return Ok(None);
        };
        let (json, body) = body
            .split_first_chunk::<LENGTH>()
            .ok_or_else(|| malformed("length"))?;
        let json = usize::try_from(u32::from_le_bytes(*json)).unwrap_or(usize::MAX);
        let (json, tail) = body
            .split_at_checked(json)
            .ok_or_else(|| malformed("JSON length"))?;
        let message = serde_json::from_slice(json)?;
        let tail = tail.to_vec();
        self.bytes.drain(..LENGTH + rest);
        Ok(Some((message, tail)))
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("malformed {what} in a message"),
    )
}

/// Takes bytes as both sides would, whoever sent them: the way in for the fuzz
/// target, which sees nothing else of this module.
#[doc(hidden)]
pub fn take_hostile_bytes(bytes: &[u8]) {
    fn read<T: DeserializeOwned>(bytes: &[u8]) {
        // In two pieces, as a socket may bring them.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let mut buffer = FrameBuffer::default();
        for piece in [first, second] {
            buffer.extend(piece);
            while let Ok(Some((_, tail))) = buffer.next::<T>() {
                std::hint::black_box(tail);
            }
        }
    }
    read::<ToServer>(bytes);
    read::<ToSupervisor>(bytes);
    read::<Report>(bytes);
}

/// The tail of a [`ToSupervisor::Start`].
#[derive(Debug, Default)]
pub(crate) struct Strings(Vec<u8>);

/// A string that contains NUL cannot be given to a process (execve(2)).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ContainsNul;

impl Strings {
    /// Appends one string.
    pub(crate) fn push(&mut self, text: &OsStr) -> Result<(), ContainsNul> {
        self.push_parts(&[text.as_bytes()])
    }

    /// Appends `name=value`.
    pub(crate) fn push_pair(&mut self, name: &OsStr, value: &OsStr) -> Result<(), ContainsNul> {
        self.push_parts(&[name.as_bytes(), b"=", value.as_bytes()])
    }

    /// All of them, each ending with NUL.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn push_parts(&mut self, parts: &[&[u8]]) -> Result<(), ContainsNul> {
        if parts.iter().any(|part| memchr::memchr(0, part).is_some()) {
            return Err(ContainsNul);
        }
        for part in parts {
            self.0.extend_from_slice(part);
        }
        self.0.push(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_survives_any_cut() {
        let frame = encode(&ToServer::Kill { supervisor: 7 }, b"tail\0\xff").unwrap();
        for cut in 0..frame.len() {
            let mut buffer = FrameBuffer::default();
            buffer.extend(&frame[..cut]);
            assert!(buffer.next::<ToServer>().unwrap().is_none());
            buffer.extend(&frame[cut..]);
            let (message, tail) = buffer.next::<ToServer>().unwrap().unwrap();
            assert!(matches!(message, ToServer::Kill { supervisor: 7 }));
            assert_eq!(tail, b"tail\0\xff");
            assert!(buffer.next::<ToServer>().unwrap().is_none());
        }
    }

    #[test]
    fn two_messages_in_one_read_stay_two() {
        let mut buffer = FrameBuffer::default();
        for supervisor in [1, 2] {
            buffer.extend(&encode(&ToServer::Fork { supervisor }, b"").unwrap());
        }
        for expected in [1, 2] {
            let (message, _) = buffer.next::<ToServer>().unwrap().unwrap();
            assert!(matches!(message, ToServer::Fork { supervisor } if supervisor == expected));
        }
    }

    #[test]
    fn too_long_is_refused_by_sender_and_receiver() {
        assert!(encode(&Report::Ready { pid: 1 }, &vec![0; FRAME_LIMIT]).is_err());
        let mut buffer = FrameBuffer::default();
        buffer.extend(&u32::MAX.to_le_bytes());
        assert!(buffer.next::<Report>().is_err());
    }

    #[test]
    fn nul_is_refused() {
        let mut strings = Strings::default();
        assert_eq!(strings.push(OsStr::new("a\0b")), Err(ContainsNul));
        assert_eq!(
            strings.push_pair(OsStr::new("a"), OsStr::new("\0")),
            Err(ContainsNul)
        );
        assert_eq!(strings.push_pair(OsStr::new("a"), OsStr::new("b")), Ok(()));
        assert_eq!(strings.as_bytes(), b"a=b\0");
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes: Vec<u8>) {
            let mut buffer = FrameBuffer::default();
            buffer.extend(&bytes);
            let _ = buffer.next::<ToSupervisor>();
        }
    }
}
