//! The settings with which a collector reads records back: where the database is. A
//! file that only this user may read, in `<state>/private/`, for as long as the process
//! that executes runs: so no URL, and no password in it, is ever in an environment, on
//! a command line or in the directory of a run. Its writer holds a lock on it (flock(2)),
//! by which others see that it is in use.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files::{FileUse, create_new, make_folder, state_mode};
use crate::input::open_own;
use crate::model::{SchemaName, StateMode};
use crate::rundir::paths::StateDir;

/// Where our tables are, for whoever reads them from elsewhere.
#[derive(Debug, Clone)]
pub struct ReaderDatabase {
    /// Its URL, which must hold in any directory.
    pub url: String,
    /// Where our tables are on PostgreSQL.
    pub schema: SchemaName,
}

/// The file; gone when this is dropped.
#[derive(Debug)]
pub(crate) struct ReaderSettings {
    path: PathBuf,
    _locked: File,
}

impl ReaderSettings {
    /// Writes it, and removes those of processes that were killed. `state_dir` is absolute.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(state_dir: &Path, database: &ReaderDatabase) -> io::Result<Self> {
        let folder = StateDir(state_dir).private();
        make_folder(&folder, StateMode::Private)?;
        sweep(&folder)?;
        let name = format!("{}-{:08x}.yaml", std::process::id(), fastrand::u32(..));
        let path = folder.join(name);
        let mut file = create_new(&path, FileUse::ReadAndWrite, StateMode::Private)?;
        file.lock()?;
        file.write_all(text(state_dir, database)?.as_bytes())?;
        Ok(Self { path, _locked: file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ReaderSettings {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!("{} is not removed: {error}", self.path.display());
        }
    }
}

/// Whoever was killed could not remove its file, and holds no lock any more. An empty
/// one is being made at this moment, or tells nobody anything.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let left = || {
            let file = open_own(&path)?;
            Ok::<_, io::Error>(file.metadata()?.len() > 0 && file.try_lock().is_ok())
        };
        match left() {
            Ok(true) => fs::remove_file(&path)?,
            // Another one was faster, or what lies there is not ours.
            Err(error)
                if !matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::InvalidInput
                ) =>
            {
                return Err(error);
            }
            Ok(false) | Err(_) => {}
        }
    }
    Ok(())
}

/// YAML, in the part of it that is JSON: no text needs other quotes.
fn text(state_dir: &Path, database: &ReaderDatabase) -> io::Result<String> {
    let quoted = |text: &str| serde_json::to_string(text).map_err(io::Error::from);
    let state = state_dir.to_str().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path of the state directory is not UTF-8",
        )
    })?;
    let mut settings = format!(
        "state_dir: {}\ndatabase_url: {}\ndatabase_schema: {}\n",
        quoted(state)?,
        quoted(&database.url)?,
        quoted(database.schema.as_str())?
    );
    // What a verb within a collector makes is for the same readers.
    if state_mode() == StateMode::Group {
        settings.push_str("state_mode: group\n");
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes_with_its_process() {
        let dir = tempfile::tempdir().unwrap();
        let folder = StateDir(dir.path()).private();
        let database = ReaderDatabase {
            url: "sqlite:/x.db".to_owned(),
            schema: SchemaName::default(),
        };
        let one = ReaderSettings::write(dir.path(), &database).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(one.path()).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        // What a killed process left, and what is in use.
        fs::write(folder.join("dead.yaml"), "database_url: secret").unwrap();
        let other = ReaderSettings::write(dir.path(), &database).unwrap();
        assert!(one.path().exists() && other.path().exists());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        drop((one, other));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn the_text_is_a_settings_file_whatever_the_values_are() {
        let (state, url) = ("/s/on: \"#x\"", "postgres://me:p%40: #w'\"\\@h/db");
        let database = ReaderDatabase {
            url: url.to_owned(),
            schema: SchemaName::parse("ours").unwrap(),
        };
        let text = text(Path::new(state), &database).unwrap();
        let read: std::collections::BTreeMap<String, String> = serde_yaml::from_str(&text).unwrap();
        let read: Vec<(&str, &str)> = read.iter().map(|(key, value)| (&**key, &**value)).collect();
        let expected = [
            ("database_schema", "ours"),
            ("database_url", url),
            ("state_dir", state),
        ];
        assert_eq!(read, expected);
    }
}
