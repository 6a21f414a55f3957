//! A directory in which a collector is tried.

use std::path::Path;

use crate::files::make_new_folder;
use crate::model::StateMode;

/// Gone when it is dropped.
pub(crate) struct ScratchDir(std::path::PathBuf);

impl ScratchDir {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // What cannot be removed lies in the directory for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A new one among the temporary files.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_scratch_dir() -> std::io::Result<ScratchDir> {
    let path = std::env::temp_dir().join(format!(
        "orchestrate-check-{}-{:08x}",
        std::process::id(),
        fastrand::u32(..)
    ));
    make_new_folder(&path, StateMode::Private)?;
    Ok(ScratchDir(path))
}
