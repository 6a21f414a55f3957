//! A file that a person named: it may be a pipe (`--schedule-file <(generate)`) or a device,
//! and is read to its end, but neither for ever nor without end.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::input::regular::{open, too_large};

/// How long whoever writes a pipe may take for all of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything in it, at most `limit` bytes.
///
/// # Errors
/// It cannot be read, is larger ([`io::ErrorKind::FileTooLarge`]), or a pipe that has no end
/// in time ([`io::ErrorKind::TimedOut`]).
pub(crate) fn read_named(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_within(&open(path, OFlag::empty())?, limit, PATIENCE)
}

fn read_within(mut file: &File, limit: u64, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16 << 10];
    loop {
        // A FIFO without a writer would look like an empty file to read(2).
        wait_readable(file, deadline, patience)?;
        match file.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error),
        }
        if bytes.len() as u64 > limit {
            return Err(too_large(limit));
        }
    }
}

fn wait_readable(file: &File, deadline: Instant, patience: Duration) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) => {
                let words = format!(
                    "it is a pipe, and nobody wrote all of it within {} s",
                    patience.as_secs_f32()
                );
                return Err(io::Error::new(io::ErrorKind::TimedOut, words));
            }
            Err(Errno::EINTR) => {}
            polled => return polled.map(drop).map_err(io::Error::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, [b'x'; 100]).unwrap();
        assert_eq!(read_named(&path, 100).unwrap().len(), 100);
        let error = read_named(&path, 99).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(read_named(dir.path(), 99).is_err(), "a directory");
    }

    #[test]
    fn a_device_without_end_is_too_large() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("link");
        symlink("/dev/zero", &path).unwrap();
        let error = read_named(&path, 1 << 20).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::FileTooLarge, "it is larger than 1 MiB")
        );
        assert_eq!(read_named(Path::new("/dev/null"), 1).unwrap(), b"");
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_one_that_nobody_writes_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let nobody = open(&path, OFlag::empty()).unwrap();
        let error = read_within(&nobody, 100, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                let mut fifo = File::options().write(true).open(path).unwrap();
                fifo.write_all(b"one ").unwrap();
                fifo.write_all(b"two").unwrap();
            }
        });
        assert_eq!(read_named(&path, 100).unwrap(), b"one two");
        writer.join().unwrap();
    }
}
