//! Wrong files: every fault is found in one go, at its place, with a hint.

use std::collections::BTreeSet;

use crate::config::load::LoadError;
use crate::config::load::parse_settings;
use crate::config::settings::dotenv::parse_dotenv;
use crate::config::{Code, Diagnostic, load_settings, parse_schedule, render};
use crate::config::{load_schedule, warn_of_yaml_11};

const FAULTS: &str = include_str!("../../../../tests/fixtures/schedules/faults.yaml");

fn faults() -> Vec<Diagnostic> {
    parse_schedule("faults.yaml", FAULTS.as_bytes()).unwrap_err()
}

#[test]
fn thirty_faults_are_found_in_one_go_at_their_places() {
    let found: Vec<(usize, &str)> = faults()
        .iter()
        .map(|diagnostic| {
            let line = FAULTS.lines().nth(diagnostic.line - 1).unwrap();
            let (start, _) = line.char_indices().nth(diagnostic.column - 1).unwrap();
            (diagnostic.line, &line[start..])
        })
        .collect();
    let expected = [
        (3, "90"),
        (4, "dealy: 10s}"),
        (7, "\"4:10\""),
        (9, "comand: run_a"),
        (12, "weekley"),
        (13, "moonday}"),
        (15, "weekly"),
        (18, "32"),
        (21, "0o17"),
        (24, "on: monday"),
        (27, "yes"),
        (30, "5, 1.10, ~]"),
        (30, "1.10, ~]"),
        (30, "~]"),
        (34, "day_of_month: 4"),
        (37, "schedule: weekly"),
        (38, "\"\""),
        (40, "ORCHESTRATE_RUN_ID: x, PORT: 8080}"),
        (40, "8080}"),
        (41, "!!python/object:os.system {command: run_k}"),
        (42, "reporting:"),
        (43, "Europe/Berln"),
        (44, "parallel"),
        (48, "240"),
        (49, "512M}"),
        (51, "github:"),
        (54, "workflow:"),
        (55, "24:00"),
        (56, "none"),
        (57, "nightly: {}"),
    ];
    assert_eq!(found, expected);
}

/// A task that would stand beside the batch makes nobody ask for the batch's time, whatever
/// else is wrong with it.
#[test]
fn a_wrong_task_beside_the_batch_needs_no_default_time() {
    for task in [
        "{command: c, schedule: cron, cron: \"61 * * * *\"}",
        "{command: c, schedule: interval, minutes: 240}",
        "{command: c, schedule: interval}",
        "{schedule: interval, minutes: 5}",
    ] {
        let file = format!("groups: {{g: {{tasks: [{task}]}}}}");
        let found = parse_schedule("s.yaml", file.as_bytes()).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(!found[0].message.contains("default_time"), "{found:?}");
    }
    for task in [
        "",
        "{command: c, schedule: dialy}",
        "{command: c}",
        "{schedule: daily}",
    ] {
        let file = format!("groups: {{g: {{tasks: [{task}]}}}}");
        let found = parse_schedule("s.yaml", file.as_bytes()).unwrap_err();
        let about_time = |diagnostic: &&Diagnostic| diagnostic.message.contains("default_time");
        assert!(found.iter().any(|found| about_time(&found)), "{found:?}");
    }
}

/// What a merge would have brought is not missed besides.
#[test]
fn a_merge_is_one_fault() {
    let group = "x-b: {default_time: 04:10}\ngroups: {g: {<<: {default_time: 04:10}, tasks: []}}";
    let task = "groups: {g: {default_time: 04:10, tasks: [{<<: {schedule: daily}, command: c}]}}";
    for file in [group, task] {
        let found = parse_schedule("s.yaml", file.as_bytes()).unwrap_err();
        let codes: Vec<&str> = found.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["E008-unsupported-yaml"], "{found:?}");
    }
}

#[test]
fn faults_for_people() {
    let text: Vec<String> = faults()
        .iter()
        .map(|diagnostic| render(diagnostic, false))
        .collect();
    insta::assert_snapshot!(text.join("\n\n"));
}

#[test]
fn faults_for_programs() {
    insta::assert_json_snapshot!(faults());
}

/// A schedule with one task, whose mapping goes on with `rest`.
fn task(rest: &str) -> String {
    format!("groups: {{g: {{default_time: \"04:10\", tasks: [\n{{command: c, {rest}}}]}}}}")
}

/// Code, place, message and hint of every diagnostic, a line each.
fn said(yaml: &str) -> String {
    let (Ok((_, diagnostics)) | Err(diagnostics)) = parse_schedule("f", yaml.as_bytes());
    assert!(!diagnostics.is_empty(), "{yaml}");
    let lines = diagnostics.iter().map(|diagnostic| {
        let Diagnostic {
            code,
            line,
            column,
            message,
            hint,
            ..
        } = diagnostic;
        format!(
            "    {} {line}:{column} {message}\n        {}",
            code.as_str(),
            hint.as_deref().unwrap_or("-")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_said_of_single_faults() {
    let tasks = [
        "schedule: Daily",
        "schedule: 5",
        "schedule: weekly, on: tues",
        "schedule: weekly, on: 3",
        "schedule: weekly, on: [mon, tue]",
        "schedule: weekly, day_of_month: 3",
        "schedule: weekly, onn: monday",
        "schedule: monthly, on: 010",
        "schedule: monthly, on: 3.0",
        "schedule: monthly, on: \"32\"",
        "schedule: monthly, on: last",
        "schedule: monthly",
        "schedule: interval",
        "schedule: interval, minutes: 0",
        "schedule: interval, minutes: \"15\"",
        "schedule: interval, minutes: 015",
        "schedule: interval, minutes: 15.0",
        "schedule: interval, minutes: 0x0f",
        "schedule: interval, minutes: +15",
        "schedule: interval, minutes: 15m",
        "schedule: interval, minutes: 99999999999999999999999999999999999999999999",
        "schedule: interval, minutes: 5, on: monday",
        "schedule: on_release, minutes: 5",
        "schedule: daily, enabled: \"true\"",
        "schedule: daily, enabled: 0",
        "schedule: daily, args: --all",
        "schedule: daily, args: [0755, [x]]",
        "schedule: daily, args: [\"a\\0b\"]",
        "schedule: daily, timeout: 0s",
        "schedule: daily, timeout: 30M",
        "schedule: daily, timeout: 10years",
        "schedule: daily, timeout: soon",
        "schedule: daily, grace: 5",
        "schedule: daily, limits: {memory: 512}",
        "schedule: daily, limits: {memory: 1.5GiB}",
        "schedule: daily, limits: {cpu_time: 10ms}",
        "schedule: daily, limits: {open_files: 1}",
        "schedule: daily, retry: {on: [network, tiemout]}",
        "schedule: daily, retry: 3",
        "schedule: daily, env: [A=1]",
        "schedule: daily, env: {\"A=B\": x}",
        "schedule: daily, working_directory: \"\"",
        "schedule: daily, expect: {min_records: -1}",
        "schedule: daily, timezone: UTC",
        "schedule: cron",
        "schedule: cron, cron: \"0 0 L * *\"",
        "schedule: cron, cron: \"0 0 0 5 * *\"",
        "schedule: cron, cron: \"0 0 30 2 *\"",
        "schedule: cron, cron: \"@nightly\"",
        "schedule: cron, cron: 5",
        "schedule: daily, cron: \"@daily\"",
    ];
    let groups = [
        "default_time: 410, tasks: []",
        "default_time: 04:10:00, tasks: []",
        "default_time: 4pm, tasks: []",
        "default_time: [4, 10], tasks: []",
        "default_time: 04:10, task: []",
        "default_time: 04:10, tasks: [run_x]",
        "default_time: 04:10, tasks: [{}]",
        "default_time: 04:10, timezone: berlin, tasks: []",
        "default_time: 04:10, catch_up: {mode: none, max_age: 1h}, tasks: [{command: c, schedule: daily}]",
        "default_time: 04:10, catch_up: yes, tasks: []",
        "default_time: 04:10, tasks: [{command: a b, schedule: daily}]",
        "default_time: 04:10, tasks: [{command: --help, schedule: daily}]",
        "default_time: 04:10, tasks: [{command: collectors/, schedule: daily}]",
        "default_time: 04:10, tasks: [{command: \"a\\x1b[2J\", schedule: daily}]",
        "default_time: 04:10, tasks: [{command: c, schedule: daily}, {command: c, schedule: daily}]",
        "default_time: 04:10, tasks: [{command: c, schedule: daily}, {command: c, args: [x], schedule: daily}]",
        "default_time: 04:10, tasks: [{command: c, name: n, schedule: daily}, {command: c, name: n, schedule: daily}]",
        "default_time: 04:10, tasks: [{command: c, schedule: daily}, {command: d, name: c, schedule: daily}]",
        "default_time: 04:10, tasks: [{command: c, name: \"a b\", schedule: daily}]",
    ];
    let files = [
        "",
        "# only a comment\n",
        "---\n",
        "[]",
        "hello",
        "defaults: {timeout: 5m}",
        "groups:",
        "groups: []",
        "gruops: {}",
        "groups: {x-a: {default_time: 04:10, tasks: []}}",
        "groups: {\"\": {default_time: 04:10, tasks: []}}",
        "groups: {a: }",
        "workflow: {commands: [a, 5]}",
        "workflow: {commands: [{command: a, schedule: daily}]}",
        "workflow: []",
        "workflow: {default_time: 04:10}",
    ];
    let tasks = tasks.iter().map(|rest| (rest.to_string(), task(rest)));
    let groups = groups
        .iter()
        .map(|group| (group.to_string(), format!("groups:\n  g: {{{group}}}")));
    let files = files.iter().map(|file| (format!("{file:?}"), (*file).to_owned()));
    let said: Vec<String> = tasks
        .chain(groups)
        .chain(files)
        .map(|(what, yaml)| format!("{what}\n{}", said(&yaml)))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn every_code_is_in_use() {
    let mut seen: BTreeSet<Code> = faults().iter().map(|diagnostic| diagnostic.code).collect();
    let many = "a: 1\n".repeat(200);
    let long = format!(
        "x-a: &a \"{}\"\n{}",
        "x".repeat(200_000),
        task("schedule: daily, args: [*a]")
    );
    let deep = "[".repeat(1000);
    let twice = format!(
        "groups: {{g: {{default_time: 04:10, tasks: [{}]}}}}",
        "{command: c, schedule: daily}, ".repeat(200)
    );
    let files: [&[u8]; 20] = [
        b"groups: {}\nrelease: {tag_pattern: 'v'}",
        twice.as_bytes(),
        &vec![b' '; 2 << 20],
        b"\xff",
        b"\0",
        b"a: b: c",
        b"a: 1\n---\nb: 1",
        deep.as_bytes(),
        b"",
        many.as_bytes(),
        long.as_bytes(),
        b"groups: {}",
        b"groups: {g: {default_time: 04:10, catch_up: {mode: none, max_age: 1h}, tasks: [{command: c, schedule: daily}]}}",
        b"groups: {g: {default_time: 04:10, tasks: [{command: a b, schedule: daily}]}}",
        b"groups: {g: {default_time: 04:10, tasks: [{command: c, schedule: daily}, {command: c, schedule: daily}]}}",
        b"groups: {g: {default_time: 04:10, tasks: [{command: c, schedule: daily}, {command: c, args: [x], schedule: daily}]}}",
        b"groups: {g: {default_time: 04:10, tasks: [{command: c, schedule: daily}, {command: d, name: c, schedule: daily}]}}",
        b"groups: {g: {tasks: [{command: c, schedule: cron, cron: '0 0 L * *'}]}}",
        b"groups: {g: {default_time: 04:10, timeout: 5, tasks: []}}",
        b"groups: {g: {default_time: 04:10, limits: {memory: 5K}, tasks: []}}",
    ];
    for file in files {
        let (Ok((_, diagnostics)) | Err(diagnostics)) = parse_schedule("f", file);
        seen.extend(diagnostics.iter().map(|diagnostic| diagnostic.code));
    }
    let unset = |_: &str| None;
    for file in [&b"x"[..], b"A = 1", b"\xff\xfe"] {
        let found = parse_dotenv(".env", file, &unset);
        seen.extend(found.warnings.iter().map(|warning| warning.code));
    }
    let missing = load_schedule("/nonexistent/schedule.yaml".as_ref()).unwrap_err();
    seen.extend(missing.diagnostics().iter().map(|diagnostic| diagnostic.code));
    let (settings, _) = parse_settings("o.yaml", b"notify: [{webhook_env: HOOK}]").unwrap();
    seen.extend(settings.needed.iter().map(|needed| needed.if_unset.code));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("schedule.yaml");
    std::fs::write(&file, "groups: {g: {tasks: [{on: 1}, {\"on\": 1}, {on: 1}]}}").unwrap();
    let truths = warn_of_yaml_11(&file);
    assert!(truths[0].message.contains("(and 1 more)"), "{truths:?}");
    seen.extend(truths.iter().map(|diagnostic| diagnostic.code));
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), Code::ALL);
}

#[test]
fn settings_are_judged_alike() {
    let yaml = "\
schedule_file: config/s.yaml
collectors_dirs: [collectors, /opt/collectors]
fallback: [python3, manage.py, \"{command}\"]
state_dir: /var/lib/orchestrate
database_url: postgres://localhost/x
env_allow: [PATH, HOME]
strip_env: [AWS_SECRET]
secrets: [GITHUB_TOKEN, ORCHESTRATE_TOKEN]
log_level: debug
";
    let (settings, warnings) = parse_settings("o.yaml", yaml.as_bytes()).unwrap();
    assert!(warnings.is_empty());
    insta::assert_debug_snapshot!(settings);
    assert_eq!(
        parse_settings("o.yaml", b"# nothing\n").unwrap().0,
        crate::config::Settings::default()
    );

    let yaml = "\
schedule_fil: x
collectors_dirs: collectors
fallback: [python3, manage.py]
state_dir: ''
env_allow: [A=B]
secrets: [5]
log_level: verbose
secrets: []
";
    let text: Vec<String> = parse_settings("o.yaml", yaml.as_bytes())
        .unwrap_err()
        .iter()
        .map(|d| format!("{d} | {}", d.hint.as_deref().unwrap_or("")))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
    assert!(matches!(
        load_settings("/nonexistent.yaml".as_ref()),
        Err(LoadError::NotFound(_))
    ));
}

#[test]
fn colour_and_long_lines() {
    let yaml = format!("groups: {{}} # {}\nx: \u{2028}", "x".repeat(400));
    let diagnostics = parse_schedule("f", yaml.as_bytes()).unwrap_err();
    assert!(render(&diagnostics[0], true).contains("\u{1b}["));
    let yaml = format!(
        "groups: {{g: {{default_time: '04:10', args: [{}\"end\"], tasks: []}}}}",
        "\"x\", ".repeat(100)
    );
    insta::assert_snapshot!(render(
        &parse_schedule("f", yaml.replace("tasks", "taks").as_bytes()).unwrap_err()[1],
        false
    ));
}
