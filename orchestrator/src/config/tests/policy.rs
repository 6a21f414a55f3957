//! Defaults, group and task: the nearest word wins, key by key.

use std::time::Duration;

use crate::config::parse_schedule;
use crate::model::{CatchUpMode, Category, Overlap, Policy, WorkspaceScope};

const YAML: &str = "
defaults:
  timeout: 30m
  idle_timeout: 5m
  retry: {limit: 2, delay: 10s, on: [network]}
  env: {A: defaults, B: defaults}
  limits: {memory: 1GiB, open_files: 64}
x-notes: anything
groups:
  g:
    default_time: \"04:10\"
    timezone: Europe/Berlin
    stop_on_failure: true
    catch_up: {mode: all, max_age: 2days}
    overlap: queue
    jitter: 90s
    grace: 1m
    workspace: task
    retry: {limit: 5}
    env: {B: group, C: group}
    tasks:
      - {command: plain, schedule: daily}
      - command: special
        schedule: daily
        timeout: none
        retry: {delay: 0s}
        env: {C: task, EMPTY: \"\"}
        working_directory: /srv
        workspace: command
        limits: {memory: none, cpu_time: 1h, output: 10MB}
        expect: {min_records: 1, max_age: 36h}
        x-ticket: 17
workflow:
  default_time: \"05:00\"
  commands:
    - first
    - {command: second, args: [a], enabled: false, timeout: 1h}
";

#[test]
fn the_nearest_level_wins_key_by_key() {
    let (schedule, warnings) = parse_schedule("s", YAML.as_bytes()).unwrap();
    assert_eq!(warnings, []);
    let group = &schedule.groups[0];
    assert_eq!(group.timezone.iana_name(), Some("Europe/Berlin"));
    assert!(group.stop_on_failure);
    assert_eq!(group.catch_up.mode, CatchUpMode::All);
    assert_eq!(group.catch_up.max_age, Some(Duration::from_secs(2 * 86_400)));
    assert_eq!(group.overlap, Overlap::Queue);
    assert_eq!(group.jitter, Duration::from_secs(90));

    let plain = &group.tasks[0].policy;
    assert_eq!(plain.timeout, Some(Duration::from_secs(1800)));
    assert_eq!(plain.idle_timeout, Some(Duration::from_secs(300)));
    assert_eq!(plain.grace, Duration::from_secs(60));
    assert_eq!(
        (plain.retry.limit, plain.retry.delay),
        (5, Duration::from_secs(10))
    );
    assert_eq!(plain.retry.on, [Category::Network]);
    let env: Vec<(&str, &str)> = plain
        .env
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(env, [("A", "defaults"), ("B", "group"), ("C", "group")]);
    assert_eq!(
        (plain.limits.memory, plain.limits.open_files),
        (Some(1 << 30), Some(64))
    );

    assert_eq!(plain.workspace, WorkspaceScope::Task);

    let special = &group.tasks[1].policy;
    assert_eq!(special.timeout, None);
    assert_eq!((special.retry.limit, special.retry.delay), (5, Duration::ZERO));
    assert_eq!(
        (&*special.env["B"], &*special.env["C"], &*special.env["EMPTY"]),
        ("group", "task", "")
    );
    assert_eq!(special.working_directory.as_deref(), Some("/srv".as_ref()));
    assert_eq!(special.workspace, WorkspaceScope::Command);
    assert_eq!(
        (special.limits.memory, special.limits.open_files),
        (None, Some(64))
    );
    assert_eq!(
        (special.limits.cpu_time, special.limits.output),
        (Some(Duration::from_secs(3600)), Some(10_000_000))
    );
    assert_eq!(
        (special.expect.min_records, special.expect.max_age),
        (Some(1), Some(Duration::from_secs(36 * 3600)))
    );

    let workflow = schedule.workflow.unwrap();
    assert_eq!(workflow.default_time.unwrap().to_string(), "05:00:00");
    let [first, second] = &workflow.tasks[..] else {
        panic!()
    };
    assert_eq!(
        (first.group.as_str(), first.command.as_str(), first.enabled),
        ("workflow", "first", true)
    );
    assert_eq!(
        (second.command.as_str(), second.enabled, &second.args[..]),
        ("second", false, &["a".to_owned()][..])
    );
    // The group's keys do not reach the fixed list, the defaults do.
    assert_eq!(
        (first.policy.retry.limit, first.policy.timeout),
        (2, Some(Duration::from_secs(1800)))
    );
    assert_eq!(second.policy.timeout, Some(Duration::from_secs(3600)));
}

#[test]
fn what_the_file_does_not_say_is_the_default() {
    let yaml = "groups: {g: {default_time: '04:10', tasks: [{command: c, schedule: daily}]}}";
    let (schedule, _) = parse_schedule("s", yaml.as_bytes()).unwrap();
    let group = &schedule.groups[0];
    assert_eq!(group.tasks[0].policy, Policy::default());
    assert_eq!(group.timezone, jiff::tz::TimeZone::UTC);
    assert!(group.tasks[0].enabled && !group.stop_on_failure && group.jitter.is_zero());
    assert_eq!(
        (group.catch_up.mode, group.overlap),
        (CatchUpMode::Last, Overlap::Skip)
    );
    assert_eq!(schedule.workflow, None);
}
