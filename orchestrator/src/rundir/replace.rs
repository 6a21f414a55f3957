//! The one way to write a file whole or not at all: a reader sees what was there before, or
//! all of what came.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::files::{FileUse, create_new, state_mode};
use crate::model::StateMode;

/// Replaces the file at `path` by what `write` puts into a new one beside it, whose name
/// begins with a dot.
pub(crate) fn replace_file(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    replace_file_as(path, state_mode(), write)
}

/// The same, with a mode of its own.
pub(crate) fn replace_file_as(
    path: &Path,
    mode: StateMode,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    let temporary = path.with_file_name(name);
    let replace = || {
        // What somebody who was killed left there, and its mode, is not gone on with.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        write(&mut create_new(&temporary, FileUse::ReadAndWrite, mode)?)?;
        fs::rename(&temporary, path)
    };
    replace().inspect_err(|_| {
        // What is left of the attempt is of no use to anybody.
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        replace_file(&path, |file| file.write_all(b"one")).unwrap();
        let failed = replace_file(&path, |file| {
            file.write_all(b"tw")?;
            Err(io::Error::other("no room"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
