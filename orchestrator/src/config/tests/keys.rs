//! The tables of keys, the loader and the JSON Schema know the same keys.

use crate::config::load::parse_settings;
use crate::config::schedule::keys::TABLES;
use crate::config::settings::keys::SETTINGS;
use crate::config::table::KeyTable;
use crate::config::{Code, Diagnostic, parse_schedule, schedule_schema, settings_schema};

/// A valid file around a mapping of this kind, in which `key` holds nonsense.
fn file(table: &KeyTable, key: &str) -> String {
    let (before, required, after): (&str, &[&str], &str) = match table.what {
        "a schedule file" => ("", &["groups: {}"], ""),
        "`defaults`" => ("groups: {}, defaults: {", &[], "}"),
        "a group" => ("groups: {g: {", &["default_time: 04:10", "tasks: []"], "}}"),
        "a task" => (
            "groups: {g: {default_time: 04:10, tasks: [{",
            &["command: c", "schedule: daily"],
            "}]}}",
        ),
        "`workflow`" => ("workflow: {", &["commands: []"], "}"),
        "a workflow command" => ("workflow: {commands: [{", &["command: c"], "}]}"),
        "`retry`" => ("groups: {}, defaults: {retry: {", &[], "}}"),
        "`limits`" => ("groups: {}, defaults: {limits: {", &[], "}}"),
        "`expect`" => ("groups: {}, defaults: {expect: {", &[], "}}"),
        "`catch_up`" => (
            "groups: {g: {default_time: 04:10, tasks: [], catch_up: {",
            &[],
            "}}}",
        ),
        "`release`" => ("groups: {}, release: {", &[], "}"),
        "a settings file" => ("", &[], ""),
        other => panic!("no file for {other}"),
    };
    let others = required
        .iter()
        .filter(|other| !other.starts_with(&format!("{key}:")));
    let entries: Vec<String> = others
        .map(|other| (*other).to_owned())
        .chain([format!("\n{key}: [[[]]]")])
        .collect();
    format!("{{{before}{}{after}}}", entries.join(", "))
}

#[test]
fn the_loader_judges_every_key_of_every_table() {
    for table in TABLES {
        for key in table.keys() {
            let yaml = file(table, key.name);
            let diagnostics = parse_schedule("f", yaml.as_bytes()).expect_err(&yaml);
            assert_judged(&yaml, &diagnostics);
        }
    }
    for key in SETTINGS.keys() {
        let yaml = file(&SETTINGS, key.name);
        assert_judged(&yaml, &parse_settings("f", yaml.as_bytes()).expect_err(&yaml));
    }
}

fn assert_judged(yaml: &str, diagnostics: &[Diagnostic]) {
    let on_line_2 = |diagnostic: &Diagnostic| diagnostic.line == 2 && diagnostic.code != Code::UnknownKey;
    assert!(
        !diagnostics.is_empty() && diagnostics.iter().all(on_line_2),
        "{yaml}: {diagnostics:#?}"
    );
}

#[test]
fn schemas() {
    insta::assert_json_snapshot!(schedule_schema());
    insta::assert_json_snapshot!(settings_schema());
}
