//! The program's own log, a file a day. tracing-appender has one, whose files get the mode that
//! the umask leaves them, so that under umask 000 everybody may write them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;

use crate::files::denied::name_owner;
use crate::files::make::{FileUse, open_or_create};
use crate::files::mode::state_mode;
use crate::model::Clock;

const PREFIX: &str = "orchestrate.";
const SUFFIX: &str = ".log";

/// Where the lines of today go, by UTC.
pub(crate) struct DailyLog {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    kept: usize,
    day: Date,
    file: File,
}

impl DailyLog {
    /// Opens today's file; of all days the newest `kept` stay.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open(folder: &Path, kept: usize, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let day = today(clock.as_ref());
        let log = Self {
            file: open(folder, day)?,
            folder: folder.to_owned(),
            clock,
            kept,
            day,
        };
        log.tidy()?;
        Ok(log)
    }

    fn turn(&mut self) -> io::Result<()> {
        let day = today(self.clock.as_ref());
        if day != self.day {
            self.file = open(&self.folder, day)?;
            self.day = day;
            self.tidy()?;
        }
        Ok(())
    }

    fn tidy(&self) -> io::Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            if name.to_str().is_some_and(is_log) {
                names.push(name);
            }
        }
        // Dates sort as they pass.
        names.sort();
        let old = names.len().saturating_sub(self.kept);
        for name in names.into_iter().take(old) {
            match fs::remove_file(self.folder.join(name)) {
                // Another process tidies as well.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        Ok(())
    }
}

impl Write for DailyLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.turn()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn today(clock: &dyn Clock) -> Date {
    jiff::tz::Offset::UTC.to_datetime(clock.now()).date()
}

fn is_log(name: &str) -> bool {
    let day = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    day.is_some_and(|day| day.parse::<Date>().is_ok())
}

fn open(folder: &Path, day: Date) -> io::Result<File> {
    let path = folder.join(format!("{PREFIX}{day}{SUFFIX}"));
    open_or_create(&path, FileUse::Append, state_mode()).map_err(|error| name_owner(&[&path], error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ManualClock;

    #[test]
    fn a_file_a_day_and_the_newest_stay() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("orchestrate.old.log"), "not ours").unwrap();
        let clock = Arc::new(ManualClock::new("2026-11-29T23:59:59Z".parse().unwrap()));
        let mut log = DailyLog::open(dir.path(), 2, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        for day in ["2026-11-30T00:00:00Z", "2026-12-01T10:00:00Z"] {
            log.write_all(b"before\n").unwrap();
            clock.set(day.parse().unwrap());
            log.write_all(b"after\n").unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "orchestrate.2026-11-30.log",
                "orchestrate.2026-12-01.log",
                "orchestrate.old.log"
            ]
        );
        let text = fs::read_to_string(dir.path().join("orchestrate.2026-11-30.log")).unwrap();
        assert_eq!(text, "after\nbefore\n");
    }
}
