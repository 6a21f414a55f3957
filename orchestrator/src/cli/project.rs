//! Which directory is the project's: that of `-C`, or the nearest one at or above the working
//! directory that has a settings file or a schedule.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cli::args::typed::set_typed_in;
use crate::cli::shell::failure::Failure;
use crate::files::our_uid;

/// What makes a directory a project's.
const FILES: [&str; 2] = ["config/orchestrator.yaml", "config/boost_collector_schedule.yaml"];

/// Works in the directory that `-C` names.
///
/// # Errors
/// It cannot be entered.
pub(crate) fn enter_named(directory: &Path) -> Result<(), Failure> {
    std::env::set_current_dir(directory).map_err(|error| {
        let what = format!("cannot enter {}", directory.display());
        Failure::usage(format!("{what}: {error}")).hint("-C names the directory of a project")
    })
}

/// Works in the project directory, if one is found above the working directory; returns it then.
///
/// # Errors
/// What makes it one belongs to somebody else.
pub(crate) fn enter_above() -> Result<Option<PathBuf>, Failure> {
    // Whatever is wrong with the working directory is found by what works there.
    let Ok(here) = std::env::current_dir() else {
        return Ok(None);
    };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let found = find(&here, home.as_deref(), our_uid()).map_err(|file| {
        Failure::usage(format!(
            "{} was found above the working directory, and belongs neither to you nor to root",
            file.display()
        ))
        .hint("-C names the directory to work in, also this one: -C .")
    })?;
    let Some(project) = found.filter(|project| *project != here) else {
        return Ok(None);
    };
    enter_named(&project)?;
    set_typed_in(here);
    Ok(Some(project))
}

/// The nearest project directory at or above `from`, not above the home directory, a mount point
/// or a directory of another owner. An error is a file that somebody else put above.
fn find(from: &Path, home: Option<&Path>, us: u32) -> Result<Option<PathBuf>, PathBuf> {
    for directory in from.ancestors() {
        if let Some(file) = FILES
            .map(|file| directory.join(file))
            .into_iter()
            .find(|file| file.is_file())
        {
            if directory != from && !is_trusted(&file, us) {
                return Err(file);
            }
            return Ok(Some(directory.to_owned()));
        }
        if Some(directory) == home || is_edge(directory, us) {
            break;
        }
    }
    Ok(None)
}

/// Whether nobody but us and root can have put it there: the file, a link to it, its folder.
fn is_trusted(file: &Path, us: u32) -> bool {
    let owners = [
        fs::metadata(file),
        fs::symlink_metadata(file),
        file.parent()
            .map_or_else(|| fs::metadata(file), fs::symlink_metadata),
    ];
    let is_ours = |uid: u32| uid == us || uid == 0;
    owners
        .iter()
        .all(|owner| owner.as_ref().is_ok_and(|metadata| is_ours(metadata.uid())))
}

/// Whether what lies above is somebody else's, or another file system.
fn is_edge(directory: &Path, us: u32) -> bool {
    let Ok(metadata) = fs::metadata(directory) else {
        return true;
    };
    let above = directory.parent().map(fs::metadata);
    let is_mount_point = !matches!(above, Some(Ok(above)) if above.dev() == metadata.dev());
    metadata.uid() != us || is_mount_point
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `top/middle/bottom`, and who owns them.
    fn tree() -> (tempfile::TempDir, PathBuf, u32) {
        let dir = tempfile::tempdir().unwrap();
        let bottom = dir.path().join("top/middle/bottom");
        fs::create_dir_all(&bottom).unwrap();
        let us = fs::metadata(&bottom).unwrap().uid();
        (dir, bottom, us)
    }

    fn make_project(directory: &Path, file: &str) {
        fs::create_dir_all(directory.join("config")).unwrap();
        fs::write(directory.join(file), "").unwrap();
    }

    #[test]
    fn the_nearest_one_is_found() {
        let (dir, bottom, us) = tree();
        let top = dir.path().join("top");
        fs::create_dir(bottom.join(".orchestrate")).unwrap();
        assert_eq!(find(&bottom, None, us), Ok(None));
        make_project(&top, FILES[1]);
        assert_eq!(find(&bottom, None, us), Ok(Some(top.clone())));
        assert_eq!(find(&top, None, us), Ok(Some(top.clone())));
        make_project(&top.join("middle"), FILES[0]);
        assert_eq!(find(&bottom, None, us), Ok(Some(top.join("middle"))));
        make_project(&bottom, FILES[1]);
        assert_eq!(find(&bottom, None, us), Ok(Some(bottom.clone())));
    }

    #[test]
    fn nothing_is_looked_for_above_the_home_directory_or_a_directory_of_another() {
        let (dir, bottom, us) = tree();
        make_project(&dir.path().join("top"), FILES[0]);
        let middle = dir.path().join("top/middle");
        assert_eq!(find(&bottom, Some(&middle), us), Ok(None));
        make_project(&middle, FILES[0]);
        assert_eq!(find(&bottom, Some(&middle), us), Ok(Some(middle)));
        // To somebody else, all of these are another's: only the working directory counts.
        assert_eq!(find(&bottom, None, us + 1), Ok(None));
        make_project(&bottom, FILES[0]);
        assert_eq!(find(&bottom, None, us + 1), Ok(Some(bottom.clone())));
    }

    #[test]
    fn a_file_of_somebody_else_above_is_refused_by_name() {
        let (dir, bottom, _) = tree();
        if our_uid() != 0 {
            return;
        }
        let top = dir.path().join("top");
        make_project(&top, FILES[0]);
        for directory in [&bottom, &top.join("middle"), &top] {
            std::os::unix::fs::chown(directory, Some(4711), None).unwrap();
        }
        assert_eq!(find(&bottom, None, 4711), Ok(Some(top.clone())), "root's");
        std::os::unix::fs::chown(top.join(FILES[0]), Some(4712), None).unwrap();
        assert_eq!(find(&bottom, None, 4711), Err(top.join(FILES[0])));
        assert_eq!(find(&top, None, 4711), Ok(Some(top)), "named by working in it");
    }
}
