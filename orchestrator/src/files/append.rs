//! A line more in a file that others append to as well.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

/// Appends a line, whole and in one write, to a regular file that is there. Where what lies there
/// ends in the middle of a line, that line is ended first.
///
/// # Errors
/// It is not there, is no regular file, or cannot be written.
pub(crate) fn append_line(path: &Path, line: &str) -> io::Result<()> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    let mut last = *b"\n";
    if let Some(place) = found.size().checked_sub(1) {
        file.read_exact_at(&mut last, place)?;
    }
    let begin = if last == *b"\n" { "" } else { "\n" };
    file.write_all(format!("{begin}{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whole_whatever_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events");
        assert!(append_line(&path, "a").is_err(), "it is not made");
        std::fs::write(&path, "").unwrap();
        append_line(&path, "a").unwrap();
        append_line(&path, "b").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\n");
        std::fs::write(&path, "begun").unwrap();
        append_line(&path, "c").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "begun\nc\n");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(append_line(&link, "d").is_err());
        assert!(append_line(dir.path(), "d").is_err());
    }
}
