//! Notices that the schedule file may have changed (inotify(7)). Editors and
//! configuration systems replace files rather than write them, so it is the directories
//! that are watched: the file's own, and where a symbolic link leads.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::process::Readable;

/// The name that Kubernetes replaces in the directory of a mounted ConfigMap.
const KUBERNETES: &str = "..data";

/// Tells when the schedule file may have changed, however it is replaced.
pub(crate) struct FileWatch {
    inotify: Inotify,
    /// The same one, to be waited for.
    readable: Readable,
    names: Vec<OsString>,
}

impl FileWatch {
    /// Watches `file`, which need not be there at the moment.
    ///
    /// # Errors
    /// Its directory is not there, or the system has no watch left.
    pub(crate) fn on(file: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let wanted = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM;
        let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let mut names = vec![OsString::from(KUBERNETES)];
        for path in [file, &real] {
            let parent = match path.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            inotify.add_watch(parent, wanted)?;
            names.extend(path.file_name().map(OsStr::to_owned));
        }
        Ok(Self {
            readable: Readable::new(inotify.as_fd().try_clone_to_owned()?)?,
            inotify,
            names,
        })
    }

    /// Waits until something happens to the file. Safe to drop and to call again.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) async fn changed(&mut self) -> io::Result<()> {
        loop {
            let events = self.readable.read(|_| Ok(self.inotify.read_events()?)).await?;
            // Without a name: events were lost, or the directory itself has gone.
            let ours = |name: &Option<OsString>| name.as_ref().is_none_or(|name| self.names.contains(name));
            if events.iter().any(|event| ours(&event.name)) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn writing_and_replacing_are_noticed_and_neighbours_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("schedule.yaml");
        std::fs::write(&file, "a").unwrap();
        let mut watch = FileWatch::on(&file).unwrap();
        std::fs::write(&file, "b").unwrap();
        watch.changed().await.unwrap();
        while tokio::time::timeout(Duration::from_millis(10), watch.changed())
            .await
            .is_ok()
        {}

        let other = dir.path().join("other");
        std::fs::write(&other, "c").unwrap();
        let noticed = tokio::time::timeout(Duration::from_millis(20), watch.changed()).await;
        assert!(noticed.is_err(), "{noticed:?}");
        std::fs::rename(&other, &file).unwrap();
        watch.changed().await.unwrap();
    }

    #[tokio::test]
    async fn a_link_is_watched_at_both_ends() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (dir.path().join("here"), dir.path().join("there"));
        std::fs::create_dir(&here).unwrap();
        std::fs::create_dir(&there).unwrap();
        std::fs::write(there.join("real.yaml"), "a").unwrap();
        let link = here.join("schedule.yaml");
        std::os::unix::fs::symlink(there.join("real.yaml"), &link).unwrap();
        let mut watch = FileWatch::on(&link).unwrap();
        std::fs::write(there.join("real.yaml"), "b").unwrap();
        watch.changed().await.unwrap();
        std::fs::remove_file(&link).unwrap();
        watch.changed().await.unwrap();
    }
}
