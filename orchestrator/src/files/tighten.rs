//! Taking from group and others what an earlier version, or an open umask, gave them. Only
//! what is ours: no link is followed, the owner is us, and bits are only ever removed.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use crate::files::denied::user_name;
use crate::files::make::set_mode;
use crate::model::StateMode;

/// What something is supposed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Folder,
    File,
}

impl NodeKind {
    fn flag(self) -> SFlag {
        match self {
            Self::Folder => SFlag::S_IFDIR,
            Self::File => SFlag::S_IFREG,
        }
    }

    fn allowed(self, mode: StateMode) -> u32 {
        match self {
            Self::Folder => mode.folder(),
            Self::File => mode.file(),
        }
    }
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tightened {
    /// Nobody has more than they should.
    Closed,
    /// It is open to others and stays so.
    Open(LeftOpen),
}

/// Something that stays open to others, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LeftOpen {
    pub(crate) mode: u32,
    pub(crate) why: String,
}

impl fmt::Display for LeftOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, mode {:04o}", self.why, self.mode)
    }
}

/// A directory whose entries, and perhaps itself, are tightened.
pub(crate) struct OpenFolder {
    path: PathBuf,
    folder: OwnedFd,
}

impl OpenFolder {
    /// Opens it. A link may lead to it: its path was named by a person.
    ///
    /// # Errors
    /// It cannot be opened, or is no directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let folder = File::options()
            .read(true)
            .custom_flags(OFlag::O_DIRECTORY.bits())
            .open(path)?;
        Ok(Self {
            path: path.to_owned(),
            folder: folder.into(),
        })
    }

    /// What the directory itself gives group and others beyond `mode`; 0 for nothing.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn excess(&self, mode: StateMode) -> io::Result<u32> {
        Ok(fstat(&self.folder)?.st_mode & 0o077 & !mode.folder())
    }

    /// Its mode, without the kind of file.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn mode(&self) -> io::Result<u32> {
        Ok(fstat(&self.folder)?.st_mode & 0o7777)
    }

    /// Whether it is ours.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn is_own(&self) -> io::Result<bool> {
        Ok(is_own(&fstat(&self.folder)?))
    }

    /// Whether a regular file of ours lies in it.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn has_own_file(&self, name: &OsStr) -> io::Result<bool> {
        Ok(self
            .look_at(name)?
            .is_some_and(|found| is_own(&found) && is(&found, SFlag::S_IFREG)))
    }

    /// Whether an entry is there that a group could not use.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn is_closed_to_group(&self, name: &OsStr, kind: NodeKind) -> io::Result<bool> {
        let needed = kind.allowed(StateMode::Group) & 0o070;
        let found = self.look_at(name)?;
        Ok(found.is_some_and(|found| is(&found, kind.flag()) && found.st_mode & needed != needed))
    }

    fn look_at(&self, name: &OsStr) -> io::Result<Option<FileStat>> {
        match fstatat(&self.folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    /// Tightens the directory itself, unless a link leads to it or it is another one's.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn tighten(&self, mode: StateMode) -> io::Result<Tightened> {
        let found = fstat(&self.folder)?;
        let named = std::fs::symlink_metadata(&self.path)?;
        if (named.dev(), named.ino()) != (found.st_dev, found.st_ino) && self.excess(mode)? != 0 {
            return Ok(kept(&found, "a link leads to it".to_owned()));
        }
        remove_excess(&self.folder, &found, mode.folder())
    }

    /// Tightens an entry; one that is not there is closed.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) fn tighten_entry(
        &self,
        name: &OsStr,
        kind: NodeKind,
        mode: StateMode,
    ) -> io::Result<Tightened> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let entry = match openat(&self.folder, name, flags, Mode::empty()) {
            Err(Errno::ENOENT) => return Ok(Tightened::Closed),
            entry => entry?,
        };
        let found = fstat(&entry)?;
        let allowed = kind.allowed(mode);
        if is(&found, kind.flag()) {
            return remove_excess(&entry, &found, allowed);
        }
        // What a link leads to is no business of ours, but worth a word if it is open.
        let Ok(behind) = fstatat(&self.folder, name, AtFlags::empty()) else {
            return Ok(Tightened::Closed);
        };
        if behind.st_mode & 0o077 & !allowed == 0 {
            return Ok(Tightened::Closed);
        }
        let why = if is(&found, SFlag::S_IFLNK) {
            "it is a link"
        } else {
            "it is not what orchestrate made"
        };
        Ok(kept(&behind, why.to_owned()))
    }
}

fn remove_excess(opened: &OwnedFd, found: &FileStat, allowed: u32) -> io::Result<Tightened> {
    let excess = found.st_mode & 0o077 & !allowed;
    if excess == 0 {
        return Ok(Tightened::Closed);
    }
    if !is_own(found) {
        return Ok(kept(found, format!("it belongs to {}", user_name(found.st_uid))));
    }
    set_mode(opened, found.st_mode & 0o7777 & !excess)?;
    Ok(Tightened::Closed)
}

fn is(found: &FileStat, kind: SFlag) -> bool {
    found.st_mode & SFlag::S_IFMT.bits() == kind.bits()
}

fn is_own(found: &FileStat) -> bool {
    found.st_uid == nix::unistd::geteuid().as_raw()
}

fn kept(found: &FileStat, why: String) -> Tightened {
    Tightened::Open(LeftOpen {
        mode: found.st_mode & 0o7777,
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn bits_are_only_removed_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let set = |name: &str, mode| fs::set_permissions(path(name), Permissions::from_mode(mode)).unwrap();
        let mode = |name: &str| fs::metadata(path(name)).unwrap().mode() & 0o7777;
        fs::create_dir(path("open")).unwrap();
        fs::create_dir(path("elsewhere")).unwrap();
        fs::write(path("file"), "").unwrap();
        symlink("elsewhere", path("link")).unwrap();
        for (name, bits) in [("open", 0o2777), ("elsewhere", 0o777), ("file", 0o466)] {
            set(name, bits);
        }
        let place = OpenFolder::open(dir.path()).unwrap();
        let tighten = |name: &str, kind, mode| place.tighten_entry(OsStr::new(name), kind, mode).unwrap();
        assert_eq!(
            tighten("open", NodeKind::Folder, StateMode::Group),
            Tightened::Closed
        );
        assert_eq!(mode("open"), 0o2750);
        assert_eq!(
            tighten("open", NodeKind::Folder, StateMode::Private),
            Tightened::Closed
        );
        assert_eq!(mode("open"), 0o2700);
        assert_eq!(
            tighten("file", NodeKind::File, StateMode::Group),
            Tightened::Closed
        );
        assert_eq!(mode("file"), 0o440, "nothing is ever given");
        let said = tighten("link", NodeKind::Folder, StateMode::Private);
        assert!(matches!(said, Tightened::Open(kept) if kept.to_string() == "it is a link, mode 0777"));
        assert_eq!(mode("elsewhere"), 0o777);
        assert_eq!(
            tighten("none", NodeKind::File, StateMode::Private),
            Tightened::Closed
        );
        let said = tighten("elsewhere", NodeKind::File, StateMode::Private);
        assert!(matches!(said, Tightened::Open(_)), "{said:?}");
    }
}
