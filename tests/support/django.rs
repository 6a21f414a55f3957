//! Python with Django, for tests that want a real project.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a project with PostgreSQL has installed.
const PACKAGES: [&str; 2] = ["django", "psycopg[binary]"];

/// Its interpreter, in a virtual environment below cargo's directory for tests, made once.
/// `None` where PyPI is out of reach.
pub(crate) fn django() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    PYTHON.get_or_init(install).as_deref()
}

fn install() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("django-venv");
    let python = venv.join("bin/python");
    let usable = || {
        let imports = Command::new(&python)
            .args(["-c", "import django, psycopg"])
            .output();
        imports.is_ok_and(|output| output.status.success())
    };
    if !usable() {
        let made = Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv)
            .output()
            .ok()?;
        assert!(
            made.status.success(),
            "python3 -m venv: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let pip = "-m pip install --quiet --disable-pip-version-check --retries 1";
        let mut install = Command::new(&python);
        install.args(pip.split(' ')).args(PACKAGES).output().ok()?;
    }
    if usable() {
        return Some(python);
    }
    // Loud, because a green run without these tests claims less than it seems to: the test
    // harness would swallow what eprintln! says.
    let said = format!(
        "\n!!! SKIPPED: Django cannot be installed (PyPI is out of reach): {} -m pip install {} !!!\n\n",
        python.display(),
        PACKAGES.join(" ")
    );
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    None
}
