//! A real Django project works as it is: its management commands are collectors, they have
//! their database however it is given, and nothing of ours is in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use sqlx::Connection;

use crate::both::runtime;
use crate::cluster::{cluster, name_of};
use crate::django_installed::django;
use crate::looking::catalogue;
use crate::support::{Place, Seen};

/// As projects have it: the database is what `DATABASE_URL` says, and without it nothing works.
const SETTINGS: &str = "\
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = 'test'
INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth', 'tracker']
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
USE_TZ = True

url = urlsplit(os.environ['DATABASE_URL'])
name = unquote(url.path[1:])
if url.scheme == 'sqlite':
    default = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / name}
else:
    default = {'ENGINE': 'django.db.backends.postgresql', 'NAME': name, 'USER': url.username,
               'PASSWORD': url.password, 'HOST': unquote(url.netloc.split('@')[1].rsplit(':')[0]),
               'PORT': url.port}
DATABASES = {'default': default}
";

const MANAGE: &str = "\
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')
execute_from_command_line(sys.argv)
";

/// `runs` and `tasks` are names that our tables have, too.
const MODELS: &str = "\
from django.db import models

class Library(models.Model):
    name = models.CharField(max_length=50)

class Run(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    class Meta:
        db_table = 'runs'
";

/// A management command: arguments, the ORM, and Django's own way to fail.
const COMMAND: &str = "\
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tracker.models import Library, Run

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument('--format', default='csv')
        parser.add_argument('--fail', action='store_true')

    def handle(self, *args, **options):
        if options['fail']:
            raise CommandError('the tracker is down')
        Run.objects.create()
        Library.objects.create(name='asio')
        self.stdout.write(f'format={options[\"format\"]} on {connection.vendor}: '
                          f'{Library.objects.count()} libraries, {Run.objects.count()} runs')
";

const SCHEDULE: &str = r#"
groups:
  github:
    default_time: "04:10"
    tasks:
      - {command: run_boost_library_tracker, schedule: daily, args: ["--format", "json"]}
      - {command: run_boost_library_tracker, schedule: daily, args: ["--fail"]}
      - {command: run_no_such_command, schedule: daily}
      - {command: fake, schedule: daily, args: [out, not-django]}
"#;

/// A project, and how it is told of its database.
struct Project {
    place: Place,
    python: &'static Path,
    variables: Vec<(&'static str, String)>,
}

impl Project {
    /// Whose database is made by Django. `None` without Django.
    fn new(url: &str) -> Option<Self> {
        let python = django()?;
        let place = Place::new(SCHEDULE);
        let settings = format!(
            "fallback: [\"{}\", manage.py, \"{{command}}\"]\n",
            python.display()
        );
        let commands = "tracker/management/commands";
        fs::create_dir_all(place.path(commands)).unwrap();
        for (file, text) in [
            ("config/orchestrator.yaml", settings.as_str()),
            ("settings.py", SETTINGS),
            ("manage.py", MANAGE),
            ("tracker/__init__.py", ""),
            ("tracker/models.py", MODELS),
            ("tracker/management/__init__.py", ""),
            ("tracker/management/commands/__init__.py", ""),
            (
                "tracker/management/commands/run_boost_library_tracker.py",
                COMMAND,
            ),
        ] {
            fs::write(place.path(file), text).unwrap();
        }
        let made = Command::new(python)
            .args(["manage.py", "migrate", "--run-syncdb", "--verbosity", "0"])
            .current_dir(place.dir.path())
            .env("DATABASE_URL", url)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Some(Self {
            place,
            python,
            variables: Vec::new(),
        })
    }

    fn run(&self, args: &[&str]) -> Seen {
        let mut command = self.place.command(args);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        self.place.see(self.place.start(&mut command))
    }

    /// Its night, the `nth` one: what Django's ORM sees is its own database.
    fn runs(&self, database: &str, nth: usize) {
        let seen = self.run(&["run", "--schedule", "daily"]);
        seen.exits(1)
            .says(&format!(
                "[github/run_boost_library_tracker] format=json on {database}: {nth} libraries, {nth} runs"
            ))
            .says("CommandError: the tracker is down")
            .says("Unknown command: 'run_no_such_command'")
            .says("[github/fake] not-django");
        assert_eq!(seen.last_line(), "Summary: 2 succeeded, 2 failed, 0 skipped.");
        let history = self.run(&["history", "--format", "json"]).exits(0).json();
        assert_eq!(history.as_array().unwrap().len(), nth);
    }

    /// Django itself finds everything as it was made.
    fn is_whole(&self, url: &str) {
        let checked = Command::new(self.python)
            .args(["manage.py", "migrate", "--check"])
            .current_dir(self.place.dir.path())
            .env("DATABASE_URL", url)
            .output()
            .unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}

/// Verbs that look, on the way to the first night and after it.
const LOOKS: [&[&str]; 6] = [
    &["check"],
    &["history"],
    &["status"],
    &["next"],
    &["state", "list"],
    &["db", "status"],
];

/// The relations of a SQLite file.
fn relations(file: &Path) -> Vec<String> {
    runtime().block_on(async {
        let url = format!("sqlite:{}", file.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let names = sqlx::query_as("select name from sqlite_master order by name");
        let names: Vec<(String,)> = names.fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        names.into_iter().map(|(name,)| name).collect()
    })
}

/// Its own database is a file; ours is where it is without a word.
fn works_with_a_file(tell: impl FnOnce(&mut Project, &str)) {
    // Three slashes: from the root to us, from the project to Django.
    let url = "sqlite:///app.sqlite3";
    let Some(mut project) = Project::new(url) else {
        return;
    };
    tell(&mut project, url);
    let file = project.place.path("app.sqlite3");
    let (before, tables) = (fs::read(&file).unwrap(), relations(&file));
    assert!(tables.contains(&"tracker_library".to_owned()) && tables.contains(&"runs".to_owned()));
    for verb in LOOKS {
        project.run(verb).exits(0);
        assert!(!project.place.state().exists(), "{verb:?}");
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    for nth in 1..=2 {
        project.runs("sqlite", nth);
    }
    let before = fs::read(&file).unwrap();
    for verb in LOOKS {
        project.run(verb).exits(0);
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(relations(&file), tables, "nothing of ours");
    assert!(project.place.state().join("orchestrate.db").exists());
    project.is_whole(url);
}

#[test]
fn a_database_that_only_the_environment_has_reaches_management_commands() {
    works_with_a_file(|project, url| project.variables.push(("DATABASE_URL", url.to_owned())));
}

#[test]
fn a_database_that_only_dotenv_has_reaches_management_commands() {
    works_with_a_file(|project, url| {
        let dotenv = format!("# The application's.\nDATABASE_URL={url}\n");
        fs::write(project.place.path(".env"), dotenv).unwrap();
    });
}

#[test]
fn a_server_that_is_shared_keeps_what_is_ours_apart() {
    let url = cluster().database();
    let Some(mut project) = Project::new(&url) else {
        return;
    };
    let database = name_of(&url).to_owned();
    project.variables = vec![
        ("DATABASE_URL", url.clone()),
        ("ORCHESTRATE_DATABASE_URL", url.clone()),
    ];
    let public = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains("orchestrate"));
        lines.map(str::to_owned).collect()
    };
    let before = catalogue(&database);
    assert!(
        before.contains("relation public.runs r\n") && before.contains("relation public.tracker_library r\n")
    );
    for verb in LOOKS {
        project.run(verb).exits(0);
        assert_eq!(catalogue(&database), before, "{verb:?}");
    }
    for nth in 1..=2 {
        project.runs("postgresql", nth);
    }
    let after = catalogue(&database);
    assert_eq!(public(&after), public(&before), "nothing of ours");
    assert!(after.contains("relation orchestrate.runs r\n"), "{after}");
    for verb in LOOKS {
        project.run(verb).exits(0);
        assert_eq!(catalogue(&database), after, "{verb:?}");
    }
    assert_eq!(
        cluster().psql(&database, "select count(*) from public.runs"),
        "2\n"
    );
    assert_eq!(
        cluster().psql(&database, "select count(*) from orchestrate.runs"),
        "2\n"
    );
    assert!(!project.place.state().join("orchestrate.db").exists());
    project.is_whole(&url);
}
