//! Whether the state directory takes what every run must write there. What the system says of
//! rights and room is not believed: quotas, reserved blocks and mounts have their own opinion,
//! so a small file is written, synced and removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access, geteuid};

/// A block, so that a file system that keeps small files beside their names needs one, too.
const SIZE: usize = 4096;

/// What was found where nothing stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateProbe {
    /// It takes files.
    Writable,
    /// It is not there, and can be made.
    CanBeMade,
    /// Another user runs things there, and we may not write: nobody can tell from here.
    NotOurs,
}

/// Tries it. A directory that is not there is not made.
///
/// # Errors
/// The state directory takes nothing, or is not there and cannot be made.
pub(crate) fn probe_state_dir(state_dir: &Path) -> io::Result<StateProbe> {
    match fs::metadata(state_dir) {
        Ok(found) if !found.is_dir() => Err(io::ErrorKind::NotADirectory.into()),
        Ok(found) => match write_and_remove(state_dir) {
            Err(error)
                if error.kind() == io::ErrorKind::PermissionDenied && found.uid() != geteuid().as_raw() =>
            {
                Ok(StateProbe::NotOurs)
            }
            tried => tried.map(|()| StateProbe::Writable),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let absolute = std::path::absolute(state_dir)?;
            could_make(&absolute).map(|()| StateProbe::CanBeMade)
        }
        Err(error) => Err(error),
    }
}

fn write_and_remove(state_dir: &Path) -> io::Result<()> {
    let path = state_dir.join(format!(".probe-{}", std::process::id()));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(&path)?;
    let written = write_and_sync(file);
    match fs::remove_file(&path) {
        // Another process with this number, in another namespace, was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => written,
        removed => written.and(removed),
    }
}

fn write_and_sync(mut file: File) -> io::Result<()> {
    file.write_all(&[0; SIZE])?;
    // Some file systems find out only now that there is no room.
    file.sync_all()
}

/// Whether the nearest directory above that is there takes another one, without trying.
fn could_make(absolute: &Path) -> io::Result<()> {
    let Some(above) = absolute.ancestors().skip(1).find(|path| path.exists()) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    access(above, AccessFlags::W_OK | AccessFlags::X_OK)?;
    let room = statvfs(above)?;
    // File systems without a table of inodes count none at all.
    if room.blocks_available() == 0 || room.files() > 0 && room.files_available() == 0 {
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leaves_nothing_and_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(probe_state_dir(dir.path()).unwrap(), StateProbe::Writable);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let deep = dir.path().join("a/b");
        assert_eq!(probe_state_dir(&deep).unwrap(), StateProbe::CanBeMade);
        assert!(!dir.path().join("a").exists());
    }

    #[test]
    fn what_takes_no_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [
            &*file,
            &file.join("below"),
            Path::new("/proc"),
            Path::new("/proc/nosuch/state"),
        ] {
            assert!(probe_state_dir(path).is_err(), "{}", path.display());
        }
    }
}
