//! A real Django project works as it is: its management commands are collectors.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Place;

/// Django in a virtual environment below cargo's directory for tests, made once.
/// `None` where PyPI is out of reach.
fn django() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("django-venv");
    let python = venv.join("bin/python");
    let usable = || {
        let imports = Command::new(&python).args(["-c", "import django"]).output();
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
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "django",
        ];
        Command::new(&python).args(pip).output().ok()?;
    }
    usable().then_some(python)
}

const SETTINGS: &str = "\
SECRET_KEY = 'test'
INSTALLED_APPS = ['tracker']
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'django.sqlite3'}}
USE_TZ = True
";

const MANAGE: &str = "\
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')
execute_from_command_line(sys.argv)
";

/// The command of a Django app: arguments, the ORM, and Django's own way to fail.
const COMMAND: &str = "\
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument('--format', default='csv')
        parser.add_argument('--fail', action='store_true')

    def handle(self, *args, **options):
        if options['fail']:
            raise CommandError('the tracker is down')
        with connection.cursor() as cursor:
            cursor.execute('select 40 + 2')
            answer = cursor.fetchone()[0]
        self.stdout.write(f'format={options[\"format\"]} answer={answer}')
";

#[test]
fn management_commands_of_an_existing_project_are_collectors() {
    let Some(python) = django() else {
        // Loud, because a green run without this test claims less than it seems to: the
        // test harness would swallow what eprintln! says.
        let said = b"\n!!! SKIPPED: Django cannot be installed (PyPI is out of reach) !!!\n\n";
        std::io::stderr().write_all(said).unwrap();
        return;
    };
    let place = Place::new(
        r#"
groups:
  github:
    default_time: "04:10"
    tasks:
      - {command: run_boost_library_tracker, schedule: daily, args: ["--format", "json"]}
      - {command: run_boost_library_tracker, schedule: daily, args: ["--fail"]}
      - {command: run_no_such_command, schedule: daily}
      - {command: fake, schedule: daily, args: [out, not-django]}
"#,
    );
    fs::write(
        place.path("config/orchestrator.yaml"),
        format!(
            "fallback: [\"{}\", manage.py, \"{{command}}\"]\n",
            python.display()
        ),
    )
    .unwrap();
    fs::write(place.path("settings.py"), SETTINGS).unwrap();
    fs::write(place.path("manage.py"), MANAGE).unwrap();
    let commands = place.path("tracker/management/commands");
    fs::create_dir_all(&commands).unwrap();
    for package in ["tracker", "tracker/management", "tracker/management/commands"] {
        fs::write(place.path(package).join("__init__.py"), "").unwrap();
    }
    fs::write(commands.join("run_boost_library_tracker.py"), COMMAND).unwrap();

    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("[github/run_boost_library_tracker] format=json answer=42")
        .says("CommandError: the tracker is down")
        .says("Unknown command: 'run_no_such_command'")
        .says("[github/fake] not-django");
    assert_eq!(seen.last_line(), "Summary: 2 succeeded, 2 failed, 0 skipped.");
}
