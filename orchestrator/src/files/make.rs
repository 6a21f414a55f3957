//! Making directories and files with a mode of their own. The umask can only take away from
//! what is asked for, so nothing is open to others even for a moment; what it took is given
//! back afterwards.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use crate::model::StateMode;

/// The bits of a mode that the umask takes from.
const PERMISSIONS: u32 = 0o777;

/// Makes a directory, and those above it that are missing. One that is there stays as it is.
///
/// # Errors
/// It cannot be made, or is something else.
pub(crate) fn make_folder(path: &Path, mode: StateMode) -> io::Result<()> {
    match make_new_folder(path, mode) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let above = path.parent().filter(|above| *above != Path::new(""));
            make_folder(above.ok_or(error)?, mode)?;
            make_folder(path, mode)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Makes a directory that is not there, in one that is.
///
/// # Errors
/// It is there, or cannot be made.
pub(crate) fn make_new_folder(path: &Path, mode: StateMode) -> io::Result<()> {
    DirBuilder::new().mode(mode.folder()).create(path)?;
    give(path, mode.folder())
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileUse {
    ReadAndWrite,
    Append,
}

impl FileUse {
    fn options(self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(true);
        match self {
            Self::ReadAndWrite => options.write(true),
            Self::Append => options.append(true),
        };
        options
    }
}

/// Makes a file that is not there.
///
/// # Errors
/// It is there, or cannot be made.
pub(crate) fn create_new(path: &Path, how: FileUse, mode: StateMode) -> io::Result<File> {
    let file = how.options().create_new(true).mode(mode.file()).open(path)?;
    settle(&file, mode.file())?;
    Ok(file)
}

/// Opens a file, which is made if it is not there. No link is followed, and one that is there
/// and ours loses what others may do with it.
///
/// # Errors
/// It cannot be opened or made.
pub(crate) fn open_or_create(path: &Path, how: FileUse, mode: StateMode) -> io::Result<File> {
    loop {
        // A FIFO in its place must not be waited for.
        let careful = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        match how.options().custom_flags(careful.bits()).open(path) {
            Ok(file) => {
                let found = file.metadata()?;
                let excess = found.mode() & PERMISSIONS & !mode.file();
                if excess != 0 && found.uid() == nix::unistd::geteuid().as_raw() {
                    settle(&file, found.mode() & mode.file())?;
                }
                return Ok(file);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => match create_new(path, how, mode) {
                // Somebody else was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made,
            },
            Err(error) => return Err(error),
        }
    }
}

/// Makes `bytes` the whole content of a file.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: StateMode) -> io::Result<()> {
    let mut file = open_or_create(path, FileUse::ReadAndWrite, mode)?;
    file.set_len(0)?;
    file.write_all(bytes)
}

/// Makes a FIFO that nobody but us may use.
///
/// # Errors
/// It is there, or cannot be made.
pub(crate) fn make_fifo(path: &Path) -> io::Result<()> {
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?;
    give(path, 0o600)
}

fn settle(file: &File, wanted: u32) -> io::Result<()> {
    let mode = file.metadata()?.mode();
    if mode & PERMISSIONS == wanted {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode & !PERMISSIONS & 0o7777 | wanted))
}

/// Gives what we have just made the mode that it was to have.
fn give(path: &Path, wanted: u32) -> io::Result<()> {
    let made = open_as_path(path)?;
    let mode = made.metadata()?.mode();
    if mode & PERMISSIONS == wanted {
        return Ok(());
    }
    set_mode(&made, mode & !PERMISSIONS & 0o7777 | wanted)
}

fn open_as_path(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_PATH | OFlag::O_NOFOLLOW).bits())
        .open(path)
}

/// Changes the mode of what was opened with O_PATH, which fchmod(2) refuses. Such a descriptor
/// needs no right to read, follows no link, and unlike any other its end does not let go the
/// locks that this process has on the file (fcntl(2)): SQLite's.
pub(super) fn set_mode(opened: &impl AsRawFd, mode: u32) -> io::Result<()> {
    let path = format!("/proc/self/fd/{}", opened.as_raw_fd());
    fs::set_permissions(path, Permissions::from_mode(mode))
}
