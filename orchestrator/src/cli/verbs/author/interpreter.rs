//! The Python that a Django project is run with: its virtual environment's, or the one of `PATH`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where people put the virtual environment of a project.
const ENVIRONMENTS: [&str; 3] = [".venv", "venv", "env"];

/// The interpreter, absolute: a scheduler that starts with the machine has another `PATH`.
pub(crate) fn find_python(
    project: &Path,
    active: Option<&OsStr>,
    search_path: Option<&OsStr>,
) -> Option<PathBuf> {
    let own = ENVIRONMENTS.map(|name| project.join(name).join("bin/python"));
    let active = active.map(|active| Path::new(active).join("bin/python"));
    let folders = search_path.map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    let installed = folders.iter().flatten().flat_map(|folder| {
        // Where somebody made `python` another one, python3 is still Python 3.
        ["python3", "python"].map(|name| folder.join(name))
    });
    own.into_iter()
        .chain(active)
        .chain(installed)
        .filter(|python| is_executable(python))
        // Not resolved: a virtual environment is known by the path of its link.
        .find_map(|python| std::path::absolute(python).ok())
}

fn is_executable(path: &Path) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_projects_own_then_the_active_one_then_that_of_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let (project, active, bin) = (dir.path(), dir.path().join("active"), dir.path().join("bin"));
        let find = || find_python(project, Some(active.as_os_str()), Some(bin.as_os_str()));
        assert_eq!(find(), None);
        let installed = make("bin/python3");
        assert_eq!(find(), Some(installed));
        let of_active = make("active/bin/python");
        assert_eq!(find(), Some(of_active));
        let own = make("venv/bin/python");
        assert_eq!(find(), Some(own.clone()));
        fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
        assert_ne!(find(), Some(own));
    }
}
