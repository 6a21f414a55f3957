//! The settings with which a collector reads records back: where this run's database
//! is. A file that only this user may read, in `<state>/private/`, for as long as the
//! run goes on: so no URL, and no password in it, is ever in an environment, on a
//! command line or in the directory of a run.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::settings::Settings;
use crate::model::RunId;
use crate::store::goes_on;

/// The file; gone when this is dropped.
#[derive(Debug)]
pub(super) struct ReaderSettings(PathBuf);

impl ReaderSettings {
    /// Writes it, and removes those of runs that were killed.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(settings: &Settings, run: &RunId) -> Result<Self, Failure> {
        let state_dir = std::path::absolute(&settings.state_dir).map_err(Failure::infrastructure)?;
        let folder = state_dir.join("private");
        let path = folder.join(format!("{run}.yaml"));
        let write = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            sweep(&folder, &state_dir.join("runs"))?;
            let text = text(&state_dir, settings.database_url.as_deref())?;
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?
                .write_all(text.as_bytes())
        };
        write().map_err(|error| {
            let what = format!("cannot write {}", path.display());
            Failure::infrastructure(anyhow::Error::new(error).context(what))
                .hint("the state directory must be writable and have room")
        })?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> Option<PathBuf> {
        Some(self.0.clone())
    }
}

impl Drop for ReaderSettings {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!("{} is not removed: {error}", self.0.display());
        }
    }
}

/// A killed run could not remove its file.
fn sweep(folder: &Path, runs: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let run = path.file_stem().unwrap_or_default();
        if !goes_on(&runs.join(run)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// YAML, in the part of it that is JSON: no text needs other quotes.
fn text(state_dir: &Path, database_url: Option<&str>) -> io::Result<String> {
    let quoted = |text: &str| serde_json::to_string(text).map_err(io::Error::from);
    let state = state_dir.to_str().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "the path of the state directory is not UTF-8")
    })?;
    let mut settings = format!("state_dir: {}\n", quoted(state)?);
    if let Some(url) = database_url {
        settings.push_str(&format!("database_url: {}\n", quoted(&wherever_it_runs(url)?)?));
    }
    Ok(settings)
}

/// A collector may run in another directory: the path of a database file is made absolute.
fn wherever_it_runs(url: &str) -> io::Result<String> {
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Ok(url.to_owned());
    };
    let path = std::path::absolute(path.strip_prefix("//").unwrap_or(path))?;
    Ok(format!("sqlite:{}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_a_settings_file_whatever_the_values_are() {
        let (state, url) = ("/s/on: \"#x\"", "postgres://me:p%40: #w'\"\\@h/db");
        let text = text(Path::new(state), Some(url)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.yaml");
        fs::write(&path, text).unwrap();
        let read = crate::config::load_settings(&path).unwrap().value;
        assert_eq!(read.state_dir.as_deref(), Some(Path::new(state)));
        assert_eq!(read.database_url.as_deref(), Some(url));
    }

    #[test]
    fn the_path_of_a_database_file_holds_everywhere() {
        let here = std::env::current_dir().unwrap();
        let expected = format!("sqlite:{}/x.db", here.display());
        assert_eq!(wherever_it_runs("sqlite:x.db").unwrap(), expected);
        assert_eq!(wherever_it_runs("sqlite:///y.db").unwrap(), "sqlite:/y.db");
    }
}
