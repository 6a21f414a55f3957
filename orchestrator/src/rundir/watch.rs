//! Waits until something changes in a run's directory (inotify(7)), for whoever
//! follows a run of another process.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// A watch on the files of one directory. Changes are kept from its making on, so
/// make it first and look second.
#[derive(Debug)]
pub struct Watch(Inotify);

/// A file of the directory was created, written or closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryChange {
    /// The file.
    pub name: OsString,
    /// Whether somebody who could write it has closed it: by itself or by dying.
    pub closed: bool,
}

impl Watch {
    /// Watches the files of `dir`.
    ///
    /// # Errors
    /// There is no such directory, or the system has no watch left.
    pub fn on(dir: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC)?;
        let wanted = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_CLOSE_WRITE;
        inotify.add_watch(dir, wanted)?;
        Ok(Self(inotify))
    }

    /// Waits for the next changes. Blocks.
    ///
    /// # Errors
    /// The system fails.
    pub fn wait(&self) -> io::Result<Vec<DirectoryChange>> {
        let events = loop {
            match self.0.read_events() {
                Err(Errno::EINTR) => {}
                events => break events?,
            }
        };
        Ok(events
            .into_iter()
            .map(|event| DirectoryChange {
                name: event.name.unwrap_or_default(),
                closed: event.mask.contains(AddWatchFlags::IN_CLOSE_WRITE),
            })
            .collect())
    }
}
