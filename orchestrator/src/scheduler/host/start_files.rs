//! Files that are read at the start only: the settings and `.env`. Who changes them and sees the
//! timetable being read again would think that they are, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::scheduler::host::file_watch::FileWatch;
use crate::text::make_safe;

/// Warns once for each change of one of them, for as long as the runtime lives.
pub(crate) fn warn_of_changes(files: Vec<PathBuf>) {
    for file in files {
        // What cannot be watched (no directory, no watch left) is read at the next start like all.
        if let Ok(watch) = FileWatch::on(&file) {
            tokio::spawn(warn(file, watch));
        }
    }
}

async fn warn(file: PathBuf, mut watch: FileWatch) {
    let mut known = stamp(&file);
    while watch.changed().await.is_ok() {
        let now = stamp(&file);
        if now != known {
            known = now;
            tracing::warn!(
                "{} has changed: a scheduler reads it when it starts, so this one goes on with what it said before; \
                 secrets that are new in it are not masked until a restart",
                make_safe(&file.to_string_lossy())
            );
        }
    }
}

/// What tells one content from another without reading it; `None` where there is no file.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}
