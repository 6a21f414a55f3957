//! What the tables say besides the keys is true: each example can be written, and each default is
//! what holds where nothing is.

use crate::config::load::parse_settings;
use crate::config::parse_schedule;
use crate::config::schedule::keys::TABLES;
use crate::config::settings::keys::{DEAD_MAN, NOTIFY, RETENTION, SETTINGS};
use crate::config::table::{Key, KeyTable, Preset};

/// The tables of the settings file.
const OF_SETTINGS: [&KeyTable; 4] = [&SETTINGS, &NOTIFY, &DEAD_MAN, &RETENTION];

/// A valid file in which a key of this kind of mapping may stand at `^`.
fn home(table: &KeyTable, key: &str) -> &'static str {
    match (table.what, key) {
        ("a schedule file", "groups" | "workflow") => "{^}",
        ("a schedule file", _) => "{groups: {}, ^}",
        ("`defaults`", _) => "{groups: {}, defaults: {^}}",
        ("a group", "default_time") => "{groups: {g: {tasks: [], ^}}}",
        ("a group", "tasks") => "{groups: {g: {default_time: '04:10', ^}}}",
        ("a group", _) => "{groups: {g: {default_time: '04:10', tasks: [], ^}}}",
        ("a task", "command") => task("schedule: daily, ^"),
        ("a task", "schedule") => task("command: c, ^"),
        ("a task", "on" | "day_of_week") => task("command: c, schedule: weekly, ^"),
        ("a task", "day_of_month") => task("command: c, schedule: monthly, ^"),
        ("a task", "minutes") => task("command: c, schedule: interval, ^"),
        ("a task", "cron") => task("command: c, schedule: cron, ^"),
        ("a task", _) => task("command: c, schedule: daily, ^"),
        ("`workflow`", "commands") => "{workflow: {^}}",
        ("`workflow`", _) => "{workflow: {commands: [], ^}}",
        ("a workflow command", "command") => "{workflow: {commands: [{^}]}}",
        ("a workflow command", _) => "{workflow: {commands: [{command: c, ^}]}}",
        ("`retry`", _) => "{groups: {}, defaults: {retry: {^}}}",
        ("`limits`", _) => "{groups: {}, defaults: {limits: {^}}}",
        ("`expect`", _) => "{groups: {}, defaults: {expect: {^}}}",
        ("`catch_up`", _) => "{groups: {g: {default_time: '04:10', tasks: [], catch_up: {^}}}}",
        ("`release`", "args") => "{groups: {}, release: {command: latest_versions, ^}}",
        ("`release`", _) => "{groups: {}, release: {^}}",
        ("a settings file", _) => "{^}",
        ("a channel of `notify`", "webhook" | "webhook_env" | "command") => "{notify: [{^}]}",
        ("a channel of `notify`", "mail") => mail("from: o@example.com, server: 'smtp://host:25', ^"),
        ("a channel of `notify`", "from") => mail("mail: [o@example.com], server: 'smtp://host:25', ^"),
        ("a channel of `notify`", "server") => mail("mail: [o@example.com], from: o@example.com, ^"),
        ("a channel of `notify`", "user") => mail(
            "mail: [o@example.com], from: o@example.com, server: 'smtps://host', password_env: PASSWORD, ^",
        ),
        ("a channel of `notify`", "password_env") => {
            mail("mail: [o@example.com], from: o@example.com, server: 'smtps://host', user: u, ^")
        }
        ("a channel of `notify`", _) => "{notify: [{webhook_env: HOOK, ^}]}",
        ("`dead_man`", "url" | "url_env") => "{dead_man: {^}}",
        ("`dead_man`", "every") => "{dead_man: {url_env: ALIVE, after: tick, ^}}",
        ("`dead_man`", _) => "{dead_man: {url_env: ALIVE, ^}}",
        ("`retention`", _) => "{retention: {^}}",
        (other, key) => panic!("no file for `{key}` of {other}"),
    }
}

fn task(entry: &str) -> &'static str {
    format!("{{groups: {{g: {{default_time: '04:10', tasks: [{{{entry}}}]}}}}}}").leak()
}

fn mail(channel: &str) -> &'static str {
    format!("{{notify: [{{{channel}}}]}}").leak()
}

/// What the file means with this in place of the `^`, to be compared.
#[track_caller]
fn read(table: &KeyTable, key: &Key, entry: &str) -> String {
    let text = home(table, key.name).replace('^', entry);
    let of_settings = OF_SETTINGS.iter().any(|other| other.what == table.what);
    let read = if of_settings {
        parse_settings("f", text.as_bytes()).map(|(mut settings, _)| {
            // It shows the line, which has the entry or not.
            settings.needed.clear();
            format!("{settings:#?}")
        })
    } else {
        parse_schedule("f", text.as_bytes()).map(|(schedule, _)| format!("{schedule:#?}"))
    };
    read.unwrap_or_else(|problems| panic!("{text}: {problems:#?}"))
}

fn every_key() -> impl Iterator<Item = (&'static KeyTable, &'static Key)> {
    let tables = TABLES.into_iter().chain(OF_SETTINGS);
    tables.flat_map(|table| table.keys().map(move |key| (table, key)))
}

#[test]
fn every_key_has_an_example_that_can_be_written() {
    for (table, key) in every_key() {
        let what = format!("`{}` of {}", key.name, table.what);
        assert!(!key.example.is_empty(), "{what}: give it one with .such_as(...)");
        assert!(!key.example.contains('\n'), "{what}");
        read(table, key, &format!("{}: {}", key.name, key.example));
    }
}

#[test]
fn a_default_is_what_holds_where_nothing_is_written() {
    /// What only the command line decides, where neither flag nor variable nor file says it.
    const LATER: [&str; 7] = [
        "schedule_file",
        "collectors_dirs",
        "state_dir",
        "log_level",
        "database_schema",
        "execute",
        "lease",
    ];
    let mut compared = 0;
    for (table, key) in every_key() {
        assert!(
            !key.doc.contains("Default"),
            "`{}` of {}: say it with .by_default(...)",
            key.name,
            table.what
        );
        let Some(default) = &key.default else { continue };
        if matches!(default, Preset::Told(_)) || LATER.contains(&key.name) {
            continue;
        }
        let entry = format!("{}: {}", key.name, default.json().unwrap());
        assert_eq!(
            read(table, key, &entry),
            read(table, key, ""),
            "{entry} in {}",
            table.what
        );
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}
