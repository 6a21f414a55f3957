//! Regular files: what lies in the state directory is one, or it is not what we wrote.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

/// Sees that a regular file is there, perhaps at the end of a link. Nothing is opened.
///
/// # Errors
/// It is something else ([`io::ErrorKind::InvalidInput`]), or the system does not tell.
pub(crate) fn check_regular(path: &Path) -> io::Result<()> {
    check(&fs::metadata(path)?)
}

/// Opens a regular file, perhaps at the end of a link.
///
/// # Errors
/// It is something else, or cannot be opened.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    // To open a device may be to do something: only what was looked at is opened.
    check(&fs::metadata(path)?)?;
    checked(open(path, OFlag::empty())?)
}

/// Opens a regular file that is no link: a link could lead anywhere.
///
/// # Errors
/// As for [`open_regular`].
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    check(&fs::symlink_metadata(path)?)?;
    checked(open(path, OFlag::O_NOFOLLOW)?)
}

/// Everything in a regular file of at most `limit` bytes.
///
/// # Errors
/// As for [`open_regular`], or it is larger ([`io::ErrorKind::FileTooLarge`]).
pub(crate) fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

/// Opens whatever it is without waiting for whom it may be connected to.
pub(crate) fn open(path: &Path, more: OFlag) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY | more;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
}

/// Somebody may have put something else there since it was looked at.
pub(super) fn checked(file: File) -> io::Result<File> {
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a directory",
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    let words = format!("it is {what} and no regular file");
    Err(io::Error::new(io::ErrorKind::InvalidInput, words))
}

/// What is said of a file beyond its limit.
pub(crate) fn too_large(limit: u64) -> io::Error {
    let size = match limit {
        0..0x400 => format!("{limit} bytes"),
        0x400..0x10_0000 => format!("{} KiB", limit >> 10),
        _ => format!("{} MiB", limit >> 20),
    };
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {size}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn nothing_but_a_regular_file_is_opened_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let [file, link, fifo, zero] = ["file", "link", "fifo", "zero"].map(|name| dir.path().join(name));
        fs::write(&file, "text").unwrap();
        symlink(&file, &link).unwrap();
        symlink("/dev/zero", &zero).unwrap();
        mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        assert_eq!(read_regular(&file, 4).unwrap(), b"text");
        assert_eq!(read_regular(&link, 4).unwrap(), b"text");
        assert_eq!(
            read_regular(&file, 3).unwrap_err().to_string(),
            "it is larger than 3 bytes"
        );
        open_own(&file).unwrap();
        for (path, words) in [
            (&link, "it is a symbolic link and no regular file"),
            (&fifo, "it is a FIFO and no regular file"),
        ] {
            assert_eq!(open_own(path).unwrap_err().to_string(), words);
        }
        for (path, words) in [
            (dir.path(), "it is a directory and no regular file"),
            (&fifo, "it is a FIFO and no regular file"),
            (&zero, "it is a device and no regular file"),
        ] {
            assert_eq!(read_regular(path, 4).unwrap_err().to_string(), words);
        }
    }
}
