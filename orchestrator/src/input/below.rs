//! A file below a directory, opened step by step without following a link: who may write there
//! may not lead us elsewhere.

use std::fs::File;
use std::io;
use std::path::{Component, Path};

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use crate::input::regular::checked;

/// Opens the regular file at `relative` below `dir`, for reading. `dir` itself may be a link:
/// whoever runs us chose it.
///
/// # Errors
/// `relative` has another part than names, a part of it is a link, or it is no regular file
/// ([`io::ErrorKind::InvalidInput`]); or it cannot be opened.
pub(crate) fn open_below(dir: &Path, relative: &Path) -> io::Result<File> {
    let mut at = File::open(dir)?;
    let mut parts = relative.components().peekable();
    if parts.peek().is_none() {
        return Err(elsewhere(relative));
    }
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(elsewhere(relative));
        };
        let kind = match parts.peek() {
            Some(_) => OFlag::O_DIRECTORY,
            // What stands there instead of a file is not waited for.
            None => OFlag::O_NONBLOCK | OFlag::O_NOCTTY,
        };
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | kind;
        let opened = openat(&at, name, flags, Mode::empty()).map_err(io::Error::from);
        at = opened
            .map_err(|error| match error.raw_os_error() {
                // A link, refused by the kernel.
                Some(code) if code == nix::errno::Errno::ELOOP as i32 => elsewhere(relative),
                _ => error,
            })?
            .into();
    }
    checked(at)
}

fn elsewhere(relative: &Path) -> io::Error {
    let words = format!("{} is no file of its own there", relative.display());
    io::Error::new(io::ErrorKind::InvalidInput, words)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_leads_out_of_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("state");
        fs::create_dir_all(base.join("runs/r")).unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        fs::write(base.join("runs/r/1-x.log"), "mine").unwrap();
        symlink(dir.path().join("secret"), base.join("runs/r/link.log")).unwrap();
        symlink(dir.path(), base.join("runs/linked")).unwrap();
        symlink("1-x.log", base.join("runs/r/own.log")).unwrap();
        nix::unistd::mkfifo(&base.join("runs/r/fifo.log"), Mode::S_IRWXU).unwrap();
        let read = |path: &str| {
            let mut text = String::new();
            open_below(&base, Path::new(path))?.read_to_string(&mut text)?;
            Ok::<_, io::Error>(text)
        };
        assert_eq!(read("runs/r/1-x.log").unwrap(), "mine");
        for path in [
            "runs/r/link.log",
            "runs/linked/secret",
            "runs/r/own.log",
            "runs/r/fifo.log",
            "runs/r",
            "../secret",
            "runs/../../secret",
            "/etc/passwd",
            "",
            ".",
        ] {
            read(path).unwrap_err();
        }
        let missing = read("runs/r/none.log").unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
