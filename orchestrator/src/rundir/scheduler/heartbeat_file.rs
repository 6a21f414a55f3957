//! Whether a scheduler's loop turns, for a probe that must not end a process whose collectors
//! run on while a database is away: a file without content, whose name says which process it is
//! of, and whose time of change says when the loop last turned.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::{FileUse, create_new, make_folder, state_mode, touch};
use crate::model::Owner;
use crate::rundir::paths::StateDir;

/// The sign of one scheduler; gone when this is dropped.
#[derive(Debug)]
pub(crate) struct HeartbeatFile {
    path: PathBuf,
    file: File,
}

/// A sign that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundHeartbeatFile {
    /// The process, as this boot of the machine knows it.
    pub(crate) pid: u32,
    /// Its start in clock ticks since the boot: proc_pid_stat(5), field 22.
    pub(crate) started: u64,
    /// How long ago its loop turned.
    pub(crate) age: Duration,
    path: PathBuf,
}

impl HeartbeatFile {
    /// # Errors
    /// It cannot be made.
    pub(crate) fn begin(state_dir: &Path, owner: &Owner) -> io::Result<Self> {
        let folder = StateDir(state_dir).heartbeat_files();
        make_folder(&folder, state_mode())?;
        let path = folder.join(format!("{}.{}", owner.pid, owner.started));
        let file = create_new(&path, FileUse::Append, state_mode())?;
        Ok(Self { path, file })
    }

    /// The loop has turned. Needs no room on the disk.
    ///
    /// # Errors
    /// The file system is read-only by now.
    pub(crate) fn beat(&self) -> io::Result<()> {
        touch(&self.file)
    }
}

impl Drop for HeartbeatFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!("{} is not removed: {error}", self.path.display());
        }
    }
}

impl FoundHeartbeatFile {
    /// Whose it is: a process of this machine, as it is since its last start.
    pub(crate) fn owner(&self, here: &Owner) -> Owner {
        Owner {
            pid: self.pid,
            started: self.started,
            ..here.clone()
        }
    }

    /// The process is gone and could not do it.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Every sign there is, also of processes that were killed.
///
/// # Errors
/// The directory cannot be read; one that is not there has none.
pub(crate) fn find_heartbeat_files(state_dir: &Path) -> io::Result<Vec<FoundHeartbeatFile>> {
    let entries = match fs::read_dir(StateDir(state_dir).heartbeat_files()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let parts = name.to_str().and_then(|name| name.split_once('.'));
        let Some((Ok(pid), Ok(started))) = parts.map(|(pid, started)| (pid.parse(), started.parse())) else {
            continue;
        };
        let modified = match entry.metadata().and_then(|found| found.modified()) {
            // It has just ended.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            modified => modified?,
        };
        found.push(FoundHeartbeatFile {
            pid,
            started,
            // A clock that was set back says nothing against it.
            age: modified.elapsed().unwrap_or_default(),
            path: entry.path(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_there_as_long_as_its_scheduler() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find_heartbeat_files(dir.path()).unwrap(), []);
        let owner = Owner {
            host: "here".into(),
            boot: "now".into(),
            pid: 7,
            started: 8,
        };
        let file = HeartbeatFile::begin(dir.path(), &owner).unwrap();
        file.file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let [found] = &find_heartbeat_files(dir.path()).unwrap()[..] else {
            panic!("one sign");
        };
        assert_eq!((found.pid, found.started), (7, 8));
        assert!(found.age > Duration::from_secs(3600));
        file.beat().unwrap();
        assert!(find_heartbeat_files(dir.path()).unwrap()[0].age < Duration::from_secs(3600));
        drop(file);
        assert_eq!(find_heartbeat_files(dir.path()).unwrap(), []);
    }
}
