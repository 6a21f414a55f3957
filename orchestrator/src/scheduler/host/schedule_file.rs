//! When the schedule file is worth reading again: it changed, and has been quiet since.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::scheduler::host::file_watch::FileWatch;

/// Whoever writes a file writes several times; it is read when it has been quiet so long.
const QUIET: Duration = Duration::from_millis(100);

/// The schedule file, watched.
pub(crate) struct WatchedFile {
    watch: Option<FileWatch>,
    /// When to read it, if it may have changed.
    read_at: Option<Instant>,
}

impl WatchedFile {
    /// Where it cannot be watched, that is said, and it never changes.
    pub(crate) fn new(file: &Path) -> Self {
        let watch = FileWatch::on(file).inspect_err(|error| {
            tracing::warn!(
                "changes of {} are not noticed ({error}); send SIGHUP",
                file.display()
            );
        });
        Self {
            watch: watch.ok(),
            read_at: None,
        }
    }

    /// Waits until the file may have changed and has been quiet since. Safe to drop and to
    /// call again: what was noticed is kept.
    pub(crate) async fn changed(&mut self) {
        loop {
            let Some(watch) = &mut self.watch else {
                return std::future::pending().await;
            };
            tokio::select! {
                noticed = watch.changed() => match noticed {
                    Ok(()) => self.read_at = Some(Instant::now() + QUIET),
                    Err(error) => {
                        tracing::warn!("changes of the schedule file are no longer noticed ({error}); send SIGHUP");
                        self.watch = None;
                    }
                },
                () = sleep_until(self.read_at.unwrap_or_else(Instant::now)), if self.read_at.is_some() => {
                    self.read_at = None;
                    return;
                }
            }
        }
    }
}
