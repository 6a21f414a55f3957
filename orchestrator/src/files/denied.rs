//! Who is in the way when a path may not be used: "Permission denied" names neither the owner
//! nor the directory on the way that denies it.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::AtFlags;
use nix::unistd::{AccessFlags, Uid, User, faccessat, geteuid};

/// Something that another user keeps to themselves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotPermitted {
    path: PathBuf,
    owner: u32,
    mode: u32,
}

impl NotPermitted {
    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        let owner = user_name(self.owner);
        format!(
            "run it as {owner}, or name a state directory of your own with --state-dir; \
             `state_mode: group` in the settings of {owner} lets a group read"
        )
    }
}

impl fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (owner, us) = (user_name(self.owner), user_name(geteuid().as_raw()));
        let path = self.path.display();
        write!(
            f,
            "{path} belongs to {owner}, mode {:04o}, and this is {us}",
            self.mode
        )
    }
}

impl std::error::Error for NotPermitted {}

/// Sees that a directory can be listed and entered, as far as it is there.
///
/// # Errors
/// It cannot, and who owns what is in the way.
pub(crate) fn check_readable(folder: &Path) -> Result<(), NotPermitted> {
    let listed = AccessFlags::R_OK | AccessFlags::X_OK;
    let denied = way_to(folder).or_else(|| denies(folder, listed));
    denied.map_or(Ok(()), Err)
}

/// Names the owner of what denied one of `paths`, if that is what `error` says.
pub(crate) fn name_owner(paths: &[&Path], error: io::Error) -> io::Error {
    if error.kind() != ErrorKind::PermissionDenied
        || error.get_ref().is_some_and(|inner| inner.is::<NotPermitted>())
    {
        return error;
    }
    let written = AccessFlags::R_OK | AccessFlags::W_OK;
    let above = |path: &Path| denies(path.parent()?, AccessFlags::W_OK | AccessFlags::X_OK);
    let denial = |path: &&Path| {
        way_to(path)
            .or_else(|| denies(path, written))
            .or_else(|| above(path))
    };
    match paths.iter().find_map(denial) {
        Some(denied) => io::Error::new(ErrorKind::PermissionDenied, denied),
        None => error,
    }
}

/// The first directory above `path` that may not be entered.
fn way_to(path: &Path) -> Option<NotPermitted> {
    let path = std::path::absolute(path).ok()?;
    let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.reverse();
    above
        .into_iter()
        .find_map(|folder| denies(folder, AccessFlags::X_OK))
}

fn denies(path: &Path, wanted: AccessFlags) -> Option<NotPermitted> {
    let here = nix::fcntl::AT_FDCWD;
    let answer = faccessat(here, path, wanted, AtFlags::AT_EACCESS);
    if answer != Err(nix::errno::Errno::EACCES) {
        return None;
    }
    let found = fs::metadata(path).ok()?;
    Some(NotPermitted {
        path: path.to_owned(),
        owner: found.uid(),
        mode: found.mode() & 0o7777,
    })
}

/// The user whose rights we have.
pub(crate) fn our_uid() -> u32 {
    geteuid().as_raw()
}

/// What a user is called, or the number.
pub(crate) fn user_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("user {uid}"),
    }
}

/// Whether a directory is our home, by the environment or by the system's list of users.
///
/// # Errors
/// It cannot be found.
pub(crate) fn is_home(path: &Path) -> io::Result<bool> {
    let path = path.canonicalize()?;
    let listed = User::from_uid(geteuid()).ok().flatten().map(|user| user.dir);
    let homes = std::env::var_os("HOME")
        .map(PathBuf::from)
        .into_iter()
        .chain(listed);
    Ok(homes
        .filter_map(|home| home.canonicalize().ok())
        .any(|home| home == path))
}
