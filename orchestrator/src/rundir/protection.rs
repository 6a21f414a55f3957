//! Who may read the state directory, and what an earlier version left open in it. Only what is
//! ours by its name is touched, and the directory itself only if we made it or it holds nothing
//! else: docs/design/0015-file-modes.md.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use crate::files::{
    LeftOpen, NodeKind, OpenFolder, Tightened, check_readable, is_home, make_folder, name_owner, state_mode,
    write,
};
use crate::model::StateMode;
use crate::rundir::paths::StateDir;

/// Lies in a state directory that we made.
const MARKER: &str = ".made-by-orchestrate";
const MARKER_TEXT: &[u8] = b"orchestrate made this directory and keeps others out of it.\n";

/// Keeps what is ours out of the project's git.
const GITIGNORE: &str = ".gitignore";
const GITIGNORE_TEXT: &[u8] = b"*\n";

/// Where readers of a group have something to read.
const SHARED: [&str; 5] = ["runs", "logs", "schedulers", "unrecorded", "undelivered"];
/// Passwords, arguments, and what belongs to collectors.
const PRIVATE: [&str; 4] = ["holds", "private", "schedule.last-good", "workspaces"];
/// The file of the database, and those that SQLite puts beside it.
const DATABASE: &str = "orchestrate.db";
/// By which we take turns: whoever could read it could keep us waiting.
const LOCK: &str = "orchestrate.db.lock";
/// What else is ours and says nothing.
const STAMP: &str = "tidied";
/// Files by which it is tried whether the directory takes any.
const PROBES: [&str; 2] = [".check-", ".probe-"];

/// What lies in a state directory, by its name.
fn recognize(name: &OsStr, mode: StateMode) -> Option<(NodeKind, StateMode)> {
    let name = name.to_str()?;
    if SHARED.contains(&name) {
        Some((NodeKind::Folder, mode))
    } else if PRIVATE.contains(&name) {
        Some((NodeKind::Folder, StateMode::Private))
    } else if name == LOCK {
        Some((NodeKind::File, StateMode::Private))
    } else if name.starts_with(DATABASE)
        || name == STAMP
        || name == MARKER
        || name == GITIGNORE
        || PROBES.iter().any(|probe| name.starts_with(probe))
    {
        Some((NodeKind::File, mode))
    } else {
        None
    }
}

impl StateDir<'_> {
    /// Makes it, or sees that it can be read.
    ///
    /// # Errors
    /// It cannot be made, or another user keeps it to themselves.
    pub(crate) fn make(self) -> io::Result<()> {
        let made = match fs::metadata(self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make_folder(self.0, state_mode())
                .and_then(|()| write(&self.0.join(MARKER), MARKER_TEXT, state_mode()))
                .and_then(|()| write(&self.0.join(GITIGNORE), GITIGNORE_TEXT, state_mode())),
            // Something else in its place is found by whoever uses it.
            Ok(_) => self.check_readable(),
            Err(error) => Err(error),
        };
        made.map_err(|error| name_owner(&[self.0], error))
    }

    /// Sees that it can be read, if it is there.
    ///
    /// # Errors
    /// Another user keeps it to themselves, or it is something else.
    pub(crate) fn check_readable(self) -> io::Result<()> {
        // Nobody may enter a file: whose it is does not matter.
        if fs::metadata(self.0).is_ok_and(|found| !found.is_dir()) {
            let what = "it is no directory, but a file";
            return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
        }
        check_readable(self.0).map_err(|denied| io::Error::new(io::ErrorKind::PermissionDenied, denied))
    }

    /// Takes from group and others what they should not have, and says what stays open to them.
    ///
    /// # Errors
    /// It cannot be listed, or the system fails.
    pub(crate) fn protect(self) -> io::Result<Vec<String>> {
        let (place, mode) = (OpenFolder::open(self.0)?, state_mode());
        let (mut warnings, mut is_alone) = (Vec::new(), true);
        for entry in fs::read_dir(self.0)? {
            let name = entry?.file_name();
            let Some((kind, mode)) = recognize(&name, mode) else {
                is_alone = false;
                continue;
            };
            if let Tightened::Open(kept) = place.tighten_entry(&name, kind, mode)? {
                warnings.push(open_to_others(&self.0.join(name), &kept));
            }
        }
        warnings.extend(self.protect_itself(&place, mode, is_alone)?);
        warnings.extend(closed_to_group(&place, mode, self.0)?);
        Ok(warnings)
    }

    fn protect_itself(
        self,
        place: &OpenFolder,
        mode: StateMode,
        is_alone: bool,
    ) -> io::Result<Option<String>> {
        if place.excess(mode)? == 0 {
            return Ok(None);
        }
        let found = place.mode()?;
        let leave = |why: &str| {
            let kept = LeftOpen {
                mode: found,
                why: why.to_owned(),
            };
            Ok(Some(open_to_others(self.0, &kept)))
        };
        let sticky = found & 0o1000 != 0;
        if is_shared(self.0)? || sticky {
            return leave("many use it");
        }
        if is_home(self.0)? {
            return leave("it is a home directory");
        }
        if is_alone || place.has_own_file(OsStr::new(MARKER))? {
            return Ok(match place.tighten(mode)? {
                Tightened::Closed => None,
                Tightened::Open(kept) => Some(open_to_others(self.0, &kept)),
            });
        }
        if !place.is_own()? {
            return leave("it belongs to another user");
        }
        // Whoever may only list it sees names; whoever may write it can put things in our place.
        match place.excess(mode)? & 0o022 {
            0 => Ok(None),
            _ => leave("it holds what is not orchestrate's"),
        }
    }
}

fn is_shared(path: &Path) -> io::Result<bool> {
    let path = path.canonicalize()?;
    Ok(path == Path::new("/")
        || std::env::temp_dir()
            .canonicalize()
            .is_ok_and(|temporary| temporary == path))
}

fn open_to_others(path: &Path, kept: &LeftOpen) -> String {
    format!("{} stays open to other users: {kept}", path.display())
}

/// Nothing is ever given to a group that was not given at its making.
fn closed_to_group(place: &OpenFolder, mode: StateMode, path: &Path) -> io::Result<Option<String>> {
    if mode == StateMode::Private {
        return Ok(None);
    }
    let mut closed = place.mode()? & 0o050 != 0o050;
    for name in SHARED {
        closed |= place.is_closed_to_group(OsStr::new(name), NodeKind::Folder)?;
    }
    closed |= place.is_closed_to_group(OsStr::new(DATABASE), NodeKind::File)?;
    let path = path.display();
    Ok(closed.then(|| {
        format!(
            "state_mode is group, but what was made before keeps the group out: \
             chmod g+rX {path} && cd {path} && chmod -R g+rX runs logs orchestrate.db*"
        )
    }))
}
