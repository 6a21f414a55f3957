//! A copy of the schedule file as it was when it could last be used, for a start with a file
//! that is broken or gone. One for each file that was ever named; for its owner's eyes only,
//! since a schedule may hold what is nobody else's business.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::files::{make_folder, touch};
use crate::model::StateMode;
use crate::rundir::paths::StateDir;
use crate::rundir::replace::replace_file_as;

/// The copy of one schedule file.
#[derive(Debug, Clone)]
pub(crate) struct LastGood(PathBuf);

impl LastGood {
    /// # Errors
    /// The working directory is gone, so that nobody knows which file is meant.
    pub(crate) fn of(state_dir: &Path, schedule_file: &Path) -> io::Result<Self> {
        let named = absolute(schedule_file)?;
        let digest = Sha256::digest(named.as_os_str().as_encoded_bytes());
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(StateDir(state_dir).last_good().join(format!("{hex}.yaml"))))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What was in the file; `None` if it never could be used.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        fs::read(&self.0).ok()
    }

    /// It holds what nobody may keep.
    ///
    /// # Errors
    /// It cannot be removed; one that is not there is.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// The file can be used, and what is in it is the copy.
    ///
    /// # Errors
    /// That cannot be noted.
    pub(crate) fn confirm(&self) -> io::Result<()> {
        touch(&fs::File::options().write(true).open(&self.0)?)
    }

    /// The file can be used, and this is in it.
    ///
    /// # Errors
    /// The copy cannot be written; the one of before is still there.
    pub(crate) fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        make_folder(self.0.parent().unwrap_or(Path::new("")), StateMode::Private)?;
        replace_file_as(&self.0, StateMode::Private, |file| file.write_all(bytes))
    }

    /// When the file could last be used; `None` if it never could.
    pub(crate) fn kept_at(&self) -> Option<Timestamp> {
        let modified = fs::metadata(&self.0).and_then(|found| found.modified()).ok()?;
        Timestamp::try_from(modified).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_newest_is_kept_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let kept = LastGood::of(dir.path(), Path::new("/srv/a.yaml")).unwrap();
        assert_eq!(kept.kept_at(), None);
        for text in ["one", "two", "two"] {
            kept.keep(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(kept.path()).unwrap(), text);
        }
        assert!(kept.kept_at().is_some());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(kept.path()), 0o600);
        assert_eq!(mode(kept.path().parent().unwrap()), 0o700);
        let other = LastGood::of(dir.path(), Path::new("/srv/b.yaml")).unwrap();
        assert_eq!(other.kept_at(), None, "another file is not it");
    }
}
