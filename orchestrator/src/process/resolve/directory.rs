//! What a directory of collectors has under a name: `NAME`, `NAME.*`, `NAME/NAME`, in
//! this order.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::process::explain::has_interpreter_line;
use crate::process::resolve::backups::is_backup;

/// Several files with other endings may be meant.
pub(crate) struct Ambiguous(pub(crate) Vec<PathBuf>);

/// The one file that the name means; it need not be usable.
pub(crate) fn find_in(directory: &Path, command: &str) -> Result<Option<PathBuf>, Ambiguous> {
    let exact = directory.join(command);
    if is_there(&exact) {
        return Ok(Some(exact));
    }
    let candidates = candidates(directory, command);
    let mut executable: Vec<_> = candidates.iter().filter(|path| is_executable(path)).collect();
    match executable.len() {
        0 => {}
        1 => return Ok(executable.pop().cloned()),
        _ => return Err(Ambiguous(executable.into_iter().cloned().collect())),
    }
    // A script without the executable bit, and a program that only others may execute,
    // or nobody where it lies, are mistakes; a README.md is not.
    let meant = |path: &PathBuf| has_executable_bit(path) || has_interpreter_line(path);
    if let Some(program) = candidates.into_iter().find(meant) {
        return Ok(Some(program));
    }
    let nested = exact.join(command);
    Ok(nested.is_file().then_some(nested))
}

/// Every program that could be found under the name.
pub(crate) fn all_in(directory: &Path, command: &str) -> Vec<PathBuf> {
    let exact = directory.join(command);
    let nested = exact.join(command);
    std::iter::once(exact)
        .chain(candidates(directory, command))
        .chain([nested])
        .filter(|path| is_executable(path))
        .collect()
}

/// Files named `NAME.*` that are no backups, sorted.
pub(crate) fn candidates(directory: &Path, command: &str) -> Vec<PathBuf> {
    namesakes(directory, command)
        .filter(|path| !file_name(path).is_some_and(is_backup))
        .collect()
}

/// The first file named `NAME.*` that is left out as a backup.
pub(crate) fn backup_in(directory: &Path, command: &str) -> Option<PathBuf> {
    namesakes(directory, command).find(|path| file_name(path).is_some_and(is_backup))
}

/// What a directory has to offer, by the names under which it would be found.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let name = entry.file_name().into_string().ok()?;
            if is_executable(&path) {
                let stem = path.file_stem()?.to_str()?;
                (!is_backup(&name)).then(|| stem.to_owned())
            } else {
                is_executable(&path.join(&name)).then_some(name)
            }
        })
        .collect()
}

/// Whether a file, or a link to nowhere, has this name.
pub(crate) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok() && !path.is_dir()
}

/// Whether we may execute it.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

fn has_executable_bit(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

fn namesakes(directory: &Path, command: &str) -> impl Iterator<Item = PathBuf> {
    let is_namesake = |name: &OsStr| {
        let ending = name
            .to_str()
            .and_then(|name| name.strip_prefix(command)?.strip_prefix('.'));
        ending.is_some_and(|ending| !ending.is_empty())
    };
    let mut found: Vec<_> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_namesake(&entry.file_name()))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.into_iter()
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}
