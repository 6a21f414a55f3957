//! A file that is written for people to begin with.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;

pub(crate) const PYTHON_COLLECTOR: &str = include_str!("../../../../templates/collector.py");
pub(crate) const SH_COLLECTOR: &str = include_str!("../../../../templates/collector.sh");

/// A file to be written.
pub(crate) struct Template {
    pub(crate) path: PathBuf,
    pub(crate) text: &'static str,
    pub(crate) executable: bool,
}

impl Template {
    /// Writes it for a collector of this name, and says so.
    ///
    /// # Errors
    /// It is there already, or cannot be written.
    pub(crate) fn write_as(&self, name: &str) -> Result<(), Failure> {
        let collection = name.strip_prefix("run_").unwrap_or(name);
        let text = self
            .text
            .replace("@NAME@", name)
            .replace("@COLLECTION@", collection);
        self.write(&text)
    }

    /// Writes this text, and says so.
    ///
    /// # Errors
    /// It is there already, or cannot be written.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        self.create(text).map_err(|error| {
            let what = format!("cannot write {}", self.path.display());
            Failure::infrastructure(anyhow::Error::new(error).context(what))
        })?;
        print_words!("wrote {}", self.path.display());
        Ok(())
    }

    fn create(&self, text: &str) -> io::Result<()> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent)?;
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(if self.executable { 0o777 } else { 0o666 })
            .open(&self.path)?
            .write_all(text.as_bytes())
    }
}
