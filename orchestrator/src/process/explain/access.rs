//! Whether the system lets us execute a file, whatever is in it: its path, its kind, its
//! mode, and the file system that it lies on.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};

use crate::process::explain::start_problem::StartProblem;
use crate::text::shell_word;

/// What forbids to execute it.
pub(crate) fn access_problem(program: &Path) -> Option<StartProblem> {
    let metadata = match program.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Some(unreachable(program, &error)),
    };
    if metadata.is_dir() {
        let (what, hint) = ("it is a directory", "name the executable in it");
        return Some(StartProblem::new(what, hint));
    }
    if !metadata.is_file() {
        return Some(StartProblem::bare("it is not a regular file"));
    }
    access(program, AccessFlags::X_OK)
        .is_err()
        .then(|| forbidden(program, &metadata))
}

fn unreachable(program: &Path, error: &io::Error) -> StartProblem {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) if program.symlink_metadata().is_ok() => {
            StartProblem::bare("it is a link to a file that does not exist")
        }
        Some(Errno::ENOENT) => StartProblem::missing(),
        Some(Errno::ELOOP) => StartProblem::bare("it is a link that leads back to itself"),
        Some(Errno::EACCES) => StartProblem::new(
            "a directory above it may not be searched by this user",
            format!("namei -l {} shows which", program.display()),
        ),
        Some(Errno::ENOTDIR) => StartProblem::bare("a part of its path is a file and no directory"),
        _ => StartProblem::bare(format!("it cannot be looked at: {error}")),
    }
}

/// access(2) says EACCES for all of these.
fn forbidden(program: &Path, metadata: &Metadata) -> StartProblem {
    let name = program.display();
    let noexec = statvfs(program).is_ok_and(|system| system.flags().contains(FsFlags::ST_NOEXEC));
    if noexec {
        let (what, hint) = match mount_point(program) {
            Some(mount) => (
                format!("it lies on {}, which is mounted noexec", mount.display()),
                format!(
                    "no mode helps there: move it elsewhere, or mount -o remount,exec {}",
                    mount.display()
                ),
            ),
            None => (
                "its file system is mounted noexec".to_owned(),
                "no mode helps there: move it elsewhere".to_owned(),
            ),
        };
        return StartProblem::new(what, hint);
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o111 == 0 {
        // A line to copy.
        let name = shell_word(&program.to_string_lossy());
        return StartProblem::new("it is not executable", format!("chmod +x {name}"));
    }
    let (owner, group) = (metadata.uid(), metadata.gid());
    StartProblem::new(
        format!("this user may not execute it: mode {mode:04o}, owner {owner}, group {group}"),
        format!("chmod a+x {name}, or run orchestrate as its owner"),
    )
}

/// Where the file system is mounted (proc_pid_mountinfo(5)): the longest path above it,
/// of two mounts at one place the later.
fn mount_point(program: &Path) -> Option<PathBuf> {
    let program = program.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        // What is odd in a path is written as octal there.
        .map(|path| PathBuf::from(path.replace("\\040", " ")))
        .filter(|path| program.starts_with(path))
        .max_by_key(|path| path.as_os_str().len())
}
