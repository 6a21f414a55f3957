//! The collector's own directory. Whoever holds a [`Workspace`] is the only one
//! that writes there; readers see whole files only, the old one or the new one.

use std::fs::{self, File, TryLockError};
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Category, Failure};

/// The directory, locked for as long as this value lives.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    // Held for its lock, which the kernel drops with the process.
    _lock: File,
}

impl Workspace {
    /// Opens the directory that `ORCHESTRATE_WORKSPACE` names, else
    /// `.orchestrate/workspaces/<command>` under the current directory, and
    /// makes it where it is missing. Errors: it cannot be made or written (77
    /// where that is a matter of permission); another process holds it (75).
    pub fn from_environment(command: &str) -> anyhow::Result<Self> {
        let given = std::env::var_os("ORCHESTRATE_WORKSPACE").filter(|path| !path.is_empty());
        let root = given.map_or_else(
            || Path::new(".orchestrate/workspaces").join(command),
            PathBuf::from,
        );
        Self::open(&root)
    }

    /// Opens this directory; see [`Workspace::from_environment`].
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let shown = root.display();
        fs::create_dir_all(root).with_context(|| format!("cannot make the workspace {shown}"))?;
        let lock = File::create(root.join(".lock"))
            .with_context(|| format!("cannot write to the workspace {shown}"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    Category::Temporary,
                    format!("another run of this collector is using the workspace {shown}"),
                )
                .hint("wait for it to end, or set ORCHESTRATE_WORKSPACE to another directory")
                .into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock the workspace {shown}"));
            }
        }
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }

    /// A path inside.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Writes a value as JSON; the file is replaced as a whole.
    pub fn write_json(&self, relative: impl AsRef<Path>, value: &impl Serialize) -> anyhow::Result<()> {
        self.replace(relative, |out| Ok(serde_json::to_writer(out, value)?))
    }

    /// Reads what [`Workspace::write_json`] wrote; `None` where there is no such
    /// file. Errors: it cannot be read (as it is) or understood (as [`serde_json::Error`]).
    pub fn read_json<T: DeserializeOwned>(&self, relative: impl AsRef<Path>) -> anyhow::Result<Option<T>> {
        let path = self.path(relative);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?,
            )),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Fills a new file and puts it in place of the old one. The lock makes us
    /// the only writer, so the unfinished file has a fixed name, and one that a
    /// kill left behind is simply overwritten next time.
    fn replace(
        &self,
        relative: impl AsRef<Path>,
        fill: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let path = self.path(relative);
        let unfinished = path.with_added_extension("unfinished");
        let written = || -> anyhow::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut out = BufWriter::new(File::create(&unfinished)?);
            fill(&mut out)?;
            let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            // After a power failure an empty file must not stand where the
            // only memory of earlier runs was.
            file.sync_data()?;
            Ok(fs::rename(&unfinished, &path)?)
        };
        written()
            .inspect_err(|_| {
                let _ = fs::remove_file(&unfinished);
            })
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::exit_code;
    use std::io::Write;

    #[test]
    fn a_second_holder_is_told_to_come_back() {
        let scratch = tempfile::tempdir().unwrap();
        let held = Workspace::open(scratch.path()).unwrap();
        assert_eq!(exit_code(&Workspace::open(scratch.path()).unwrap_err()), 75);
        drop(held);
        assert!(Workspace::open(scratch.path()).is_ok());
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_leaves_no_other() {
        let scratch = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(scratch.path()).unwrap();
        workspace.write_json("state.json", &[1, 2]).unwrap();
        let failed = workspace.replace("state.json", |out| {
            out.write_all(b"[3")?;
            anyhow::bail!("the source went away")
        });
        assert!(failed.is_err());
        assert_eq!(
            workspace.read_json::<Vec<u8>>("state.json").unwrap(),
            Some(vec![1, 2])
        );
        assert!(!workspace.path("state.json.unfinished").exists());
    }

    #[test]
    fn a_missing_file_is_not_an_error_and_a_damaged_one_is() {
        let scratch = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(scratch.path()).unwrap();
        assert_eq!(workspace.read_json::<Vec<u8>>("none.json").unwrap(), None);
        fs::write(workspace.path("bad.json"), "[1,").unwrap();
        let error = workspace.read_json::<Vec<u8>>("bad.json").unwrap_err();
        assert!(error.downcast_ref::<serde_json::Error>().is_some());
    }
}
