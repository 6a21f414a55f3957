//! A file that somebody names to have something written into it when a run is over. What
//! stands behind the name is looked at before the run: a regular file is replaced whole or
//! not at all and keeps its mode and owner, anything else is opened once and never replaced.
//! Nothing here waits for ever: a FIFO (fifo(7)) without a reader, or a terminal that was
//! stopped, costs a few seconds at most.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A reader that takes nothing for so long is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// Links that are followed by hand, as many as the kernel follows (path_resolution(7)).
const LINKS: usize = 40;

/// Where something is to be written.
#[derive(Debug)]
pub(crate) struct Target {
    /// As it was named, for messages.
    named: PathBuf,
    behind: Behind,
}

/// What stands behind the name.
#[derive(Debug)]
enum Behind {
    /// A regular file, or nothing yet; links are resolved.
    File { path: PathBuf, replace: bool },
    /// A device, a terminal, a FIFO with a reader.
    Stream(File),
    /// A FIFO that nobody reads.
    Unread,
}

impl Target {
    /// Looks at what `named` names, makes the directories that are missing and sees that it
    /// can be written. Nothing that exists is changed.
    ///
    /// # Errors
    /// It cannot be written, or is a directory or a socket.
    pub(crate) fn open(named: &Path) -> io::Result<Self> {
        let path = resolve(named)?;
        let behind = match fs::metadata(&path) {
            Ok(found) if found.is_file() => Behind::file(path, true)?,
            Ok(found) if found.is_dir() => return Err(Errno::EISDIR.into()),
            Ok(found) => stream(&path, found.file_type().is_fifo())?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if let Some(parent) = path.parent().filter(|parent| *parent != Path::new("")) {
                    fs::create_dir_all(parent)?;
                }
                Behind::file(path, false)?
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            named: named.to_owned(),
            behind,
        })
    }

    /// The path as the user typed it, for messages.
    pub(crate) fn named(&self) -> &Path {
        &self.named
    }

    /// Whether nobody will read what is written.
    pub(crate) fn is_unread(&self) -> bool {
        matches!(self.behind, Behind::Unread)
    }

    /// Makes `text` the whole content. Whoever reads a regular file sees the old text or the
    /// new one, unless its directory takes no new file: then it is written in place.
    ///
    /// # Errors
    /// It cannot be written whole.
    pub(crate) fn write(self, text: &str) -> io::Result<()> {
        match self.behind {
            Behind::File { path, replace: true } => replace(&path, text),
            Behind::File { path, replace: false } => {
                let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
                file.write_all(text.as_bytes())?;
                file.sync_data()
            }
            Behind::Stream(mut file) => write_patiently(&mut file, text.as_bytes()),
            Behind::Unread => Ok(()),
        }
    }

    /// Adds `text` at the end, as GITHUB_STEP_SUMMARY wants it.
    ///
    /// # Errors
    /// It cannot be written whole.
    pub(crate) fn append(self, text: &str) -> io::Result<()> {
        match self.behind {
            Behind::File { path, .. } => {
                let mut file = OpenOptions::new().append(true).create(true).open(path)?;
                file.write_all(text.as_bytes())
            }
            Behind::Stream(mut file) => write_patiently(&mut file, text.as_bytes()),
            Behind::Unread => Ok(()),
        }
    }
}

impl Behind {
    /// Whether a file can be put beside `path`, and if not, whether `path` itself can be written.
    fn file(path: PathBuf, exists: bool) -> io::Result<Self> {
        if exists {
            OpenOptions::new().append(true).open(&path)?;
        }
        let probe = temporary(&path);
        match create(&probe) {
            Ok(_) => {
                fs::remove_file(&probe)?;
                Ok(Self::File { path, replace: true })
            }
            Err(_) if exists => Ok(Self::File { path, replace: false }),
            Err(error) => Err(error),
        }
    }
}

/// The path behind every link, also where its last part does not exist yet.
fn resolve(named: &Path) -> io::Result<PathBuf> {
    let mut path = named.to_owned();
    for _ in 0..LINKS {
        match fs::canonicalize(&path) {
            Ok(found) => return Ok(found),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // Not a link, and not there: this is where it will be.
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::ELOOP.into())
}

fn stream(path: &Path, is_fifo: bool) -> io::Result<Behind> {
    let nonblocking = OpenOptions::new()
        .write(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits() | nix::fcntl::OFlag::O_NOCTTY.bits())
        .open(path);
    match nonblocking {
        Ok(file) => Ok(Behind::Stream(file)),
        Err(error) if is_fifo && error.raw_os_error() == Some(Errno::ENXIO as i32) => Ok(Behind::Unread),
        Err(error) => Err(error),
    }
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o666)
        .open(path)
}

/// All or nothing, with the mode and the owner of what was there.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = temporary(path);
    let written = create(&temporary).and_then(|mut file| {
        if let Ok(old) = fs::metadata(path) {
            let new = file.metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
            file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&temporary, path)
    });
    written.inspect_err(|_| {
        // What is left of the attempt is of no use to anybody.
        let _ = fs::remove_file(&temporary);
    })
}

/// Writes to something that may not take it, for at most [`PATIENCE`].
fn write_patiently(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(ErrorKind::TimedOut.into());
                }
                let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
                poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLOUT)], left)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn write(path: &Path, text: &str) -> io::Result<()> {
        Target::open(path)?.write(text)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        write(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(names(dir.path()), ["file", "link"]);
    }

    #[test]
    fn missing_directories_are_made_also_behind_a_link() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("a/b/file"), "text").unwrap();
        symlink("c/file", dir.path().join("link")).unwrap();
        write(&dir.path().join("link"), "text").unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("c/file")).unwrap(), "text");
        assert_eq!(names(&dir.path().join("a/b")), ["file"]);
    }

    #[test]
    fn devices_are_written_to_and_never_replaced() {
        write(Path::new("/dev/null"), "text").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let full = write(Path::new("/dev/full"), "text").unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn what_cannot_be_written_is_said_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Target::open(dir.path()).unwrap_err();
        assert_eq!(directory.kind(), ErrorKind::IsADirectory);
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        assert!(Target::open(&dir.path().join("a")).is_err());
        fs::write(dir.path().join("file"), "").unwrap();
        let beneath = Target::open(&dir.path().join("file/summary")).unwrap_err();
        assert_eq!(beneath.kind(), ErrorKind::NotADirectory);
    }

    #[test]
    fn a_fifo_is_waited_for_by_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(Target::open(&path).unwrap().is_unread());
        // Its reader is there from before until after.
        let reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let target = Target::open(&path).unwrap();
        assert!(!target.is_unread());
        target.write("text").unwrap();
        let mut reader = reader;
        let mut read = [0; 4];
        io::Read::read_exact(&mut reader, &mut read).unwrap();
        assert_eq!(&read, b"text");
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    }
}
