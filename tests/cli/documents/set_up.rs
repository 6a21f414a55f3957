//! The projects in which the blocks of a page run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::django_installed::django;
use crate::support::Place;

/// A project of this kind in `here`; `None` where the machine cannot have it, which was said.
pub(crate) fn set_up(words: &str) -> Option<Place> {
    let place = Place::new("groups: {}\n");
    fs::create_dir(place.path("here")).unwrap();
    // No project is above it.
    fs::remove_dir_all(place.path("config")).unwrap();
    let mut words = words.split_whitespace();
    match words.next().unwrap() {
        "empty" => {}
        "programs" => words.for_each(|name| program(&place, name, "echo \"$0 $*\"\n")),
        "package" => package(&place, words.next().unwrap(), words),
        "collectors" => {
            collectors(&place);
            timetables(&place);
        }
        "releases" => {
            collectors(&place);
            let waits = "groups: {g: {default_time: '04:10', \
                tasks: [{command: run_on_release_sync, schedule: on_release}]}}\n";
            write(&place, "config/boost_collector_schedule.yaml", waits);
            boost_repository(&place);
        }
        "collectors-that-ran" => {
            collectors(&place);
            timetables(&place);
            place.run(&["-C", "here", "run", "--schedule", "daily"]).exits(0);
        }
        "boost-data-collector" => boost_data_collector(&place)?,
        other => panic!("there is no set-up {other}"),
    }
    Some(place)
}

fn write(place: &Place, name: &str, text: &str) {
    let path = place.path("here").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn program(place: &Place, name: &str, text: &str) {
    write(place, name, &format!("#!/bin/sh\n{text}"));
    let path = place.path("here").join(name);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A Python module with functions that print what they were called with.
fn package<'a>(place: &Place, module: &str, functions: impl Iterator<Item = &'a str>) {
    let path = module.replace('.', "/");
    let text: String = functions
        .map(|name| format!("def {name}(*args):\n    print('{name}', *args)\n"))
        .collect();
    write(place, &format!("{path}.py"), &text);
    let (package, _) = path.rsplit_once('/').unwrap();
    write(place, &format!("{package}/__init__.py"), "");
}

/// The collectors that the pages speak of, each with something to show.
fn collectors(place: &Place) {
    const EVENTS: &str = "\
case \"$0\" in
*library*) echo '{\"type\":\"record\",\"collection\":\"boost_library\",\"key\":\"asio\",\"data\":{\"release\":\"boost-1.90.0\"}}' ;;
*) echo '{\"type\":\"state\",\"data\":{\"since\":\"2026-11-01\"}}' ;;
esac >> \"$ORCHESTRATE_EVENTS\"
";
    for name in [
        "run_boost_library_tracker",
        "run_boost_usage_tracker",
        "run_github_activity_tracker",
        "run_monthly_report",
        "run_on_release_sync",
        "run_export",
        "run_poll",
        "run_rollup",
        "run_x",
    ] {
        program(place, &format!("collectors/{name}"), EVENTS);
    }
}

/// A timetable for the collectors, one that is to take its place, and one with the two mistakes
/// that the README shows.
fn timetables(place: &Place) {
    const OURS: &str = "\
groups:
  github:
    default_time: '04:10'
    tasks:
      - {command: run_boost_library_tracker, schedule: daily}
      - {command: run_github_activity_tracker, schedule: daily}
      - {command: run_x, schedule: daily}
";
    write(place, "config/boost_collector_schedule.yaml", OURS);
    write(place, "new.yaml", &OURS.replace("04:10", "05:10"));
    write(
        place,
        "draft.yaml",
        "groups:\n  github:\n    default_time: 4:10\n    tasks:\n      - command: run_export\n        schedule: dayly\n",
    );
}

const MANAGE: &str = "\
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')
execute_from_command_line(sys.argv)
";

const SETTINGS: &str = "\
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = 'test'
INSTALLED_APPS = ['django.contrib.contenttypes', 'tracker']
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
BOOST_COLLECTOR_SCHEDULE_YAML = BASE_DIR / 'config' / 'boost_collector_schedule.yaml'
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'app.sqlite3'}}
";

const MODELS: &str = "\
from django.db import models

class Library(models.Model):
    name = models.CharField(max_length=50)
";

const COMMAND: &str = "\
from django.core.management.base import BaseCommand
from tracker.models import Library

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument('--format', default='csv')

    def handle(self, *args, **options):
        Library.objects.create(name='asio')
        self.stdout.write(f'format={options[\"format\"]}: {Library.objects.count()} libraries')
";

/// A Django project as the original one is: its timetable, its commands, a release or two of a
/// repository on this machine.
fn boost_data_collector(place: &Place) -> Option<()> {
    let python = django()?;
    let here = place.path("here");
    for (name, text) in [
        ("manage.py", MANAGE),
        ("config/__init__.py", ""),
        ("config/settings.py", SETTINGS),
        (
            "config/boost_collector_schedule.yaml",
            include_str!("../../fixtures/schedules/original.yaml"),
        ),
        ("tracker/__init__.py", ""),
        ("tracker/models.py", MODELS),
        ("tracker/management/__init__.py", ""),
        ("tracker/management/commands/__init__.py", ""),
    ] {
        write(place, name, text);
    }
    for name in [
        "run_boost_library_tracker",
        "run_boost_usage_tracker",
        "run_monthly_report",
        "run_on_release_sync",
        "run_export",
    ] {
        write(place, &format!("tracker/management/commands/{name}.py"), COMMAND);
    }
    // Of a virtual environment the path decides, not what it leads to.
    symlink(python.parent().unwrap().parent().unwrap(), here.join(".venv")).unwrap();
    succeeds(
        place,
        ".venv/bin/python",
        &["manage.py", "migrate", "--run-syncdb", "--verbosity", "0"],
    );
    boost_repository(place);
    Some(())
}

/// A repository with a release or two in place of Boost's: nobody on the network is asked.
fn boost_repository(place: &Place) {
    let boost = place.path("boost");
    let at = ["-C", boost.to_str().unwrap()];
    let commit = "-c user.name=n -c user.email=e@example.com commit --quiet --allow-empty -m x";
    let commit: Vec<&str> = commit.split(' ').collect();
    let instead = format!("url.{}.insteadOf", boost.display());
    let boosts = "https://github.com/boostorg/boost.git";
    succeeds(place, "git", &["init", "--quiet", boost.to_str().unwrap()]);
    succeeds(place, "git", &[&at[..], &commit].concat());
    succeeds(place, "git", &[&at[..], &["tag", "boost-1.89.0"]].concat());
    succeeds(place, "git", &[&at[..], &["tag", "boost-1.90.0"]].concat());
    succeeds(place, "git", &["config", "--global", &instead, boosts]);
}

fn succeeds(place: &Place, program: &str, args: &[&str]) {
    let output = Command::new(program)
        .args(args)
        .current_dir(place.path("here"))
        .env("HOME", place.dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
}
