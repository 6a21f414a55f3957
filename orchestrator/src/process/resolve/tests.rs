//! Which file each name means, and what is said when it means none.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn collectors(&self, directories: &[&str]) -> Collectors {
        let directories = directories
            .iter()
            .map(|name| self.directory.path().join(name))
            .collect();
        Collectors {
            directories,
            beside: Some(self.directory.path().join("bin")),
            fallback: Vec::new(),
        }
    }

    fn message(&self, error: &NotFound) -> String {
        error
            .message
            .replace(self.directory.path().to_str().unwrap(), "DIR")
    }
}

fn found(collectors: &Collectors, command: &str) -> PathBuf {
    collectors.resolve(command, None).unwrap().program
}

#[test]
fn each_form_is_found_and_the_first_directory_wins() {
    let place = Place::new();
    let collectors = place.collectors(&["one", "two"]);
    let beside = place.file("bin/run_x", 0o755);
    assert_eq!(found(&collectors, "run_x"), beside);
    let nested = place.file("two/run_x/run_x", 0o755);
    assert_eq!(found(&collectors, "run_x"), nested);
    let script = place.file("two/run_x.py", 0o755);
    assert_eq!(found(&collectors, "run_x"), script);
    let first = place.file("one/run_x", 0o755);
    assert_eq!(found(&collectors, "run_x"), first);
    assert_eq!(found(&collectors, nested.to_str().unwrap()), nested);
}

#[test]
fn the_directory_of_a_crate_is_not_a_match_but_the_binary_beside_us_is() {
    let place = Place::new();
    place.file("collectors/run_x/src/main.rs", 0o644);
    place.file("collectors/run_x/Cargo.toml", 0o644);
    let collectors = place.collectors(&["collectors"]);
    assert!(collectors.resolve("run_x", None).is_err());
    let binary = place.file("bin/run_x", 0o755);
    assert_eq!(found(&collectors, "run_x"), binary);
}

#[test]
fn several_are_named() {
    let place = Place::new();
    place.file("c/run_x.py", 0o755);
    place.file("c/run_x.sh", 0o755);
    place.file("c/run_x.md", 0o644);
    let error = place.collectors(&["c"]).resolve("run_x", None).unwrap_err();
    assert_eq!(
        place.message(&error),
        "run_x could be any of DIR/c/run_x.py, DIR/c/run_x.sh"
    );
}

#[test]
fn a_backup_beside_a_collector_is_left_out() {
    let place = Place::new();
    let collectors = place.collectors(&["c"]);
    let only_backup = place.file("c/run_x.py.bak", 0o755);
    let error = collectors.resolve("run_x", None).unwrap_err();
    assert_eq!(
        place.message(&error),
        "there is no collector \"run_x\" in DIR/c, DIR/bin"
    );
    assert_eq!(
        error.hint.unwrap(),
        format!(
            "{} is left out as a backup; rename it if it is the collector",
            only_backup.display()
        )
    );
    let script = place.file("c/run_x.py", 0o755);
    for name in [
        "run_x.py~",
        "run_x.bak",
        "run_x.py.orig",
        "run_x.py.dpkg-old",
        "run_x.py.rpmsave",
    ] {
        place.file(&format!("c/{name}"), 0o755);
    }
    assert_eq!(found(&collectors, "run_x"), script);
    let meant = collectors.resolve("run_x", None).unwrap();
    assert_eq!(collectors.passed_over("run_x", &meant), Vec::<PathBuf>::new());
    let near = collectors.resolve("run_xx", None).unwrap_err();
    assert_eq!(near.hint.as_deref(), Some("did you mean run_x?"));
}

#[test]
fn what_is_beside_us_never_stands_before_the_fallback_and_is_told() {
    let place = Place::new();
    let beside = place.file("bin/run_x", 0o755);
    let mut collectors = place.collectors(&["one", "two"]);
    collectors.fallback = vec!["/bin/sh".to_owned(), "{command}".to_owned()];
    let path = beside.parent().unwrap().as_os_str();
    let meant = collectors.resolve("run_x", Some(path)).unwrap();
    assert_eq!(meant.display(), "/bin/sh run_x");
    assert_eq!(
        collectors.passed_over("run_x", &meant),
        std::slice::from_ref(&beside)
    );
    assert!(collectors.without_fallback().resolve("run_x", None).is_err());
    let second = place.file("two/run_x/run_x", 0o755);
    let first = place.file("one/run_x.py", 0o755);
    let meant = collectors.resolve("run_x", Some(path)).unwrap();
    assert_eq!(meant.program, first);
    assert_eq!(collectors.passed_over("run_x", &meant), [second, beside]);
}

#[test]
fn a_script_without_the_executable_bit_is_told_and_not_passed_over() {
    let place = Place::new();
    place.file("c/run_x.py", 0o644);
    let mut collectors = place.collectors(&["c"]);
    collectors.fallback = vec!["/bin/sh".to_owned(), "{command}".to_owned()];
    let error = collectors.resolve("run_x", None).unwrap_err();
    assert_eq!(
        place.message(&error),
        "run_x cannot be executed: DIR/c/run_x.py: it is not executable"
    );
    assert!(error.hint.unwrap().starts_with("chmod +x "));
}

#[test]
fn a_near_name_is_suggested_and_a_far_one_is_not() {
    let place = Place::new();
    place.file("c/run_boost_tracker.py", 0o755);
    place.file("c/nested/nested", 0o755);
    let collectors = place.collectors(&["c"]);
    let error = collectors.resolve("run_bost_tracker", None).unwrap_err();
    assert_eq!(
        place.message(&error),
        "there is no collector \"run_bost_tracker\" in DIR/c, DIR/bin"
    );
    assert_eq!(error.hint.as_deref(), Some("did you mean run_boost_tracker?"));
    let error = collectors.resolve("nestde", None).unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean nested?"));
    assert_eq!(collectors.resolve("something_else", None).unwrap_err().hint, None);
}

#[test]
fn the_fallback_is_found_in_the_collectors_path_only() {
    let place = Place::new();
    let python = place.file("venv/python3", 0o755);
    let mut collectors = place.collectors(&["c"]);
    collectors.fallback = ["python3", "manage.py", "{command}", "--name={command}"]
        .map(str::to_owned)
        .to_vec();
    let path =
        std::env::join_paths([Path::new(""), Path::new("relative"), python.parent().unwrap()]).unwrap();
    let resolved = collectors.resolve("run_x", Some(&path)).unwrap();
    assert_eq!(resolved.program, python);
    assert_eq!(resolved.leading_args, ["manage.py", "run_x", "--name=run_x"]);
    assert!(
        resolved
            .display()
            .ends_with("python3 manage.py run_x --name=run_x")
    );
    let error = collectors.resolve("run_x", None).unwrap_err();
    assert_eq!(
        error.message,
        "there is no collector \"run_x\", and the fallback's python3 is not in PATH"
    );
}

#[test]
fn nothing_strange_is_a_collector() {
    let place = Place::new();
    place.file("c/run_x", 0o755);
    let collectors = place.collectors(&["c"]);
    for name in ["", ".", "..", "run_", "run_x "] {
        assert!(collectors.resolve(name, None).is_err(), "{name:?}");
    }
}
