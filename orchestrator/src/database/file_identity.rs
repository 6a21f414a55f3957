//! Which file it is that was opened. Somebody may remove it, or put another one in its place,
//! while it is used: SQLite goes on in a file that nobody else will ever see.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::database::error::DatabaseError;

/// A file as it was when it was opened. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct FileIdentity {
    path: Arc<Path>,
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// Of the file that has this name now; its absolute name is kept, whatever directory this
    /// process works in later.
    ///
    /// # Errors
    /// There is none, or the system does not tell.
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        let found = fs::metadata(path)?;
        let path: PathBuf = std::path::absolute(path)?;
        Ok(Self {
            path: path.into(),
            device: found.dev(),
            inode: found.ino(),
        })
    }

    /// Whether the name still stands for that file. One question to the kernel: cheap enough
    /// to be asked before every statement.
    ///
    /// # Errors
    /// [`DatabaseError::Displaced`] if it does not. What the system does not tell is no reason
    /// to believe that.
    pub(crate) fn check(&self) -> Result<(), DatabaseError> {
        let how = match fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.inode) => return Ok(()),
            Ok(_) => "replaced by another file",
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "removed",
            Err(_) => return Ok(()),
        };
        Err(DatabaseError::Displaced {
            path: self.path.to_path_buf(),
            how,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_itself_until_it_is_removed_or_replaced_and_again_when_it_is_put_back() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("db"), "ours").unwrap();
        let identity = FileIdentity::of(&place("db")).unwrap();
        let how = || match identity.check() {
            Err(DatabaseError::Displaced { how, .. }) => how,
            other => panic!("{other:?}"),
        };
        identity.check().unwrap();
        // What is written into it does not make it another one.
        fs::write(place("db"), "ours, and more").unwrap();
        identity.check().unwrap();
        fs::rename(place("db"), place("away")).unwrap();
        assert_eq!(how(), "removed");
        fs::write(place("db"), "ours").unwrap();
        assert_eq!(how(), "replaced by another file");
        fs::rename(place("away"), place("db")).unwrap();
        identity.check().unwrap();
    }
}
